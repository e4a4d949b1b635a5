// SPDX-License-Identifier: BSL-1.0

// Planted: a block of a fixed-block pool is freed twice. With an argument it is freed once.

#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  tidemark::fixed_block_resource pool{{.name = "planted", .block_bytes = 32}};
  void* const block = pool.allocate(32);
  pool.deallocate(block, 32);
  if (argc == 1) pool.deallocate(block, 32);
}
