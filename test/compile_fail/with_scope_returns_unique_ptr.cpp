// SPDX-License-Identifier: BSL-1.0
#include <memory>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

struct leave_it {
  void operator()(int*) const {}
};

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame,
                   [](frame_scope& scope) { return std::make_unique<int>(*scope.make<int>(1)); });
#else
  (void)with_scope(
      frame, [](frame_scope& scope) { return std::unique_ptr<int, leave_it>{scope.make<int>(1)}; });
#endif
}
