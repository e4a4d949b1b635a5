// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <string_view>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  std::pmr::monotonic_buffer_resource results;
  (void)with_scope(frame, &results, [](frame_scope& scope) {
    return std::pmr::string{*scope.make<std::pmr::string>("text"), scope};
  });
#else
  std::pmr::monotonic_buffer_resource results;
  (void)with_scope(frame, &results, [](frame_scope& scope) {
    return std::string_view{*scope.make<std::pmr::string>("text")};
  });
#endif
}
