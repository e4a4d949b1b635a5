// SPDX-License-Identifier: BSL-1.0
#include <tidemark/scratch_scope.hpp>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, [](frame_scope& scope) { return scratch_scope{scope}.is_open(); });
#else
  (void)with_scope(frame, [](frame_scope& scope) { return scratch_scope{scope}; });
#endif
}
