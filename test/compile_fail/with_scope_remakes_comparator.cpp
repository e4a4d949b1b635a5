// SPDX-License-Identifier: BSL-1.0
#include <functional>
#include <memory_resource>
#include <set>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

struct below {
  int const* limit;
  bool operator()(int a, int b) const { return a < b && a < *limit; }
};

int main() {
  frame_resource frame;
  std::pmr::monotonic_buffer_resource results;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, &results,
                   [](frame_scope& scope) { return std::pmr::set<int, std::less<>>{scope}; });
#else
  (void)with_scope(frame, &results, [](frame_scope& scope) {
    return std::pmr::set<int, below>{below{scope.make<int>(1)}, scope};
  });
#endif
}
