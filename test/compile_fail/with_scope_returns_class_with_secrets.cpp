// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

class word {
 public:
  explicit word(std::pmr::string const& text) : text_(text.c_str()) {}
  std::string copy() const { return text_; }

 private:
  char const* text_;
};

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(
      frame, [](frame_scope& scope) { return word{*scope.make<std::pmr::string>("text")}.copy(); });
#else
  (void)with_scope(frame,
                   [](frame_scope& scope) { return word{*scope.make<std::pmr::string>("text")}; });
#endif
}
