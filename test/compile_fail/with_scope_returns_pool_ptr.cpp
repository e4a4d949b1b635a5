// SPDX-License-Identifier: BSL-1.0
#include <tidemark/objects/pool_ptr.hpp>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, [](frame_scope& scope) { return *make_pooled<int>(scope, 1); });
#else
  (void)with_scope(frame, [](frame_scope& scope) { return make_pooled<int>(scope, 1); });
#endif
}
