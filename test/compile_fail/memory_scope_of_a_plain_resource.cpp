// SPDX-License-Identifier: BSL-1.0
#include <memory_resource>
#include <tidemark/memory_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  memory_scope scope{frame};
#else
  std::pmr::monotonic_buffer_resource plain;
  memory_scope scope{plain};
#endif
}
