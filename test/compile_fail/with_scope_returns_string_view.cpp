// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <string_view>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(
      frame, [](frame_scope& scope) { return std::string{*scope.make<std::pmr::string>("text")}; });
#else
  (void)with_scope(frame, [](frame_scope& scope) {
    return std::string_view{*scope.make<std::pmr::string>("text")};
  });
#endif
}
