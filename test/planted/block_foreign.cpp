// SPDX-License-Identifier: BSL-1.0

// Planted: a block is freed through a fixed-block pool that it does not come from.
// With an argument it is freed through its own.

#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  tidemark::fixed_block_resource pool{{.name = "planted", .block_bytes = 32}};
  tidemark::fixed_block_resource another{{.name = "another", .block_bytes = 32}};
  pool.deallocate(pool.allocate(32), 32);
  void* const block = another.allocate(32);
  (argc == 1 ? pool : another).deallocate(block, 32);
}
