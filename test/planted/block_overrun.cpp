// SPDX-License-Identifier: BSL-1.0

// Planted: one byte is written behind the end of a block of a fixed-block pool.
// With an argument it is the last one.

#include <cstddef>
#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  std::size_t const last = argc == 1 ? 32 : 31;
  tidemark::fixed_block_resource pool{{.name = "planted", .block_bytes = 32}};
  tidemark::memory_scope scope{pool};
  auto volatile* const text = static_cast<char*>(scope.allocate(32));
  for (std::size_t i = 0; i <= last; ++i) text[i] = 'x';
}
