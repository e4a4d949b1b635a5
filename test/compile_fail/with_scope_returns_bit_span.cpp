// SPDX-License-Identifier: BSL-1.0
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  typed_stack_resource stack;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(stack, [](stack_scope& scope) { return scope.trues(9).count(); });
#else
  (void)with_scope(stack, [](stack_scope& scope) { return scope.trues(9); });
#endif
}
