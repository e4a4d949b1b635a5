// SPDX-License-Identifier: BSL-1.0
#include <tidemark/memory_scope.hpp>

using namespace tidemark;

int main() {
  typed_stack_resource stack;
#ifdef TIDEMARK_CONTROL
  (void)stack.acquire<int>(3);
#else
  (void)stack.acquire<int>(3.5);
#endif
}
