// SPDX-License-Identifier: BSL-1.0
#include <functional>
#include <set>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

struct below {
  int const* limit;
  bool operator()(int a, int b) const { return a < b && a < *limit; }
};

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(
      frame, [](frame_scope& scope) { return std::set<int, std::less<>>{*scope.make<int>(1)}; });
#else
  (void)with_scope(frame, [](frame_scope& scope) {
    return std::set<int, below>{{1}, below{scope.make<int>(1)}};
  });
#endif
}
