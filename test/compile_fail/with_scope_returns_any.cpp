// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <tidemark/with_scope.hpp>
#include <variant>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame,
                   [](frame_scope& scope) { return std::variant<int, char>{*scope.make<int>(1)}; });
#else
  (void)with_scope(frame, [](frame_scope& scope) { return std::any{scope.make<int>(1)}; });
#endif
}
