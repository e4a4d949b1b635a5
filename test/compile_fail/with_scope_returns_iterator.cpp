// SPDX-License-Identifier: BSL-1.0
#include <tidemark/with_scope.hpp>
#include <vector>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, [](frame_scope& scope) {
    std::pmr::vector<int> v{{1, 2}, scope};
    return *v.begin();
  });
#else
  (void)with_scope(frame, [](frame_scope& scope) {
    std::pmr::vector<int> v{{1, 2}, scope};
    return v.begin();
  });
#endif
}
