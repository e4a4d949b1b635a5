// SPDX-License-Identifier: BSL-1.0
#include <regex>
#include <string>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, [](frame_scope& scope) {
    std::cmatch found;
    std::regex_search(scope.make<std::pmr::string>("text")->c_str(), found, std::regex{"x"});
    return found.str();
  });
#else
  (void)with_scope(frame, [](frame_scope& scope) {
    std::cmatch found;
    std::regex_search(scope.make<std::pmr::string>("text")->c_str(), found, std::regex{"x"});
    return found;
  });
#endif
}
