// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <tidemark/memory_scope.hpp>

using namespace tidemark;

int main() {
  typed_stack_resource stack;
  stack_scope scope{stack};
#ifdef TIDEMARK_CONTROL
  (void)scope.acquire_objects<std::string>(3);
#else
  (void)scope.acquire<std::string>(3);
#endif
}
