// SPDX-License-Identifier: BSL-1.0
#include <tidemark/allocator.hpp>
#include <vector>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  memory_scope scope{frame};
  std::vector<int, allocator<int, frame_scope>> v{scope};
#else
  memory_scope scope{frame};
  std::vector<int, allocator<int, frame_resource>> v{scope};
#endif
}
