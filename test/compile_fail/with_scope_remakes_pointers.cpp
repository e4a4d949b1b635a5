// SPDX-License-Identifier: BSL-1.0
#include <tidemark/with_scope.hpp>
#include <vector>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  std::pmr::monotonic_buffer_resource results;
  (void)with_scope(frame, &results, [](frame_scope& scope) {
    return std::pmr::vector<int>(2, *scope.make<int>(1), scope);
  });
#else
  std::pmr::monotonic_buffer_resource results;
  (void)with_scope(frame, &results, [](frame_scope& scope) {
    return std::pmr::vector<int*>(2, scope.make<int>(1), scope);
  });
#endif
}
