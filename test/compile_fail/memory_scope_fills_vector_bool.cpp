// SPDX-License-Identifier: BSL-1.0
#include <memory_resource>
#include <tidemark/memory_scope.hpp>
#include <vector>

using namespace tidemark;

int main() {
  frame_resource frame;
  memory_scope scope{frame};
#ifdef TIDEMARK_CONTROL
  std::pmr::vector<bool> v{scope};
#else
  std::vector<bool> v{scope};
#endif
}
