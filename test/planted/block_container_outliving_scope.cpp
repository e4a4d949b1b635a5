// SPDX-License-Identifier: BSL-1.0

// Planted: a container ends after the scope of a fixed-block pool that it was made with.
// With an argument it ends before.

#include <memory_resource>
#include <optional>
#include <tidemark/tidemark.hpp>
#include <vector>

int main(int argc, char**) {
  bool const planted = argc == 1;
  tidemark::fixed_block_resource pool{{.name = "planted", .block_bytes = 64}};
  std::optional<std::pmr::vector<int>> numbers;
  {
    tidemark::memory_scope scope{pool};
    numbers.emplace(10U, 1, scope);
    if (!planted) numbers.reset();
  }
  numbers.reset();
}
