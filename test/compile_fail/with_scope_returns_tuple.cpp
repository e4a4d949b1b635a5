// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <tidemark/with_scope.hpp>
#include <tuple>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, [](frame_scope& scope) {
    return std::tuple{1, std::pmr::string{"text", scope}.size()};
  });
#else
  (void)with_scope(
      frame, [](frame_scope& scope) { return std::tuple{1, std::pmr::string{"text", scope}}; });
#endif
}
