// SPDX-License-Identifier: BSL-1.0

// Planted: a block of a fixed-block pool is read after it was freed. With an argument it is read
// before.

#include <cstdio>
#include <cstring>
#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  bool const planted = argc == 1;
  tidemark::fixed_block_resource pool{{.name = "planted", .block_bytes = 32}};
  void* const block = pool.allocate(32);
  char volatile* const text = static_cast<char*>(std::memset(block, 'a', 32));
  if (!planted) std::printf("read %c\n", text[16]);
  pool.deallocate(block, 32);
  if (planted) std::printf("read %02x\n", static_cast<unsigned>(text[16]) & 0xFFU);
}
