// SPDX-License-Identifier: BSL-1.0

// Planted: a container grows after the scope that it was made with has closed.
// With an argument it is gone before.

#include <memory_resource>
#include <optional>
#include <tidemark/tidemark.hpp>
#include <vector>

#include "quarantined.hpp"

int main(int argc, char**) {
  bool const planted = argc == 1;
  tidemark::frame_resource frame{planted::options(), planted::upstream()};
  std::optional<std::pmr::vector<int>> numbers;
  {
    tidemark::memory_scope scope{frame};
    numbers.emplace(scope);
    numbers->push_back(1);
    if (!planted) numbers.reset();
  }
  if (planted) numbers->resize(100);
}
