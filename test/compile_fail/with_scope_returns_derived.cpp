// SPDX-License-Identifier: BSL-1.0
#include <tidemark/with_scope.hpp>
#include <utility>

using namespace tidemark;

struct entry : std::pair<int const*, int> {
  using pair::pair;
};

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(
      frame, [](frame_scope& scope) { return std::pair{scope.is_open(), *scope.make<int>(1)}; });
#else
  (void)with_scope(frame, [](frame_scope& scope) { return entry{scope.make<int>(1), 1}; });
#endif
}
