// SPDX-License-Identifier: BSL-1.0
#include <tidemark/memory_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
  memory_scope scope{frame};
#ifdef TIDEMARK_CONTROL
  auto copy = scope.nested();
#else
  auto copy = scope;
#endif
}
