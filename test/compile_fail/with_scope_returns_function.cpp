// SPDX-License-Identifier: BSL-1.0
#include <functional>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, [](frame_scope& scope) {
    return std::function{[number = scope.make<int>(1)] { return *number; }}();
  });
#else
  (void)with_scope(frame, [](frame_scope& scope) {
    return std::function{[number = scope.make<int>(1)] { return *number; }};
  });
#endif
}
