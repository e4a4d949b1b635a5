// SPDX-License-Identifier: BSL-1.0
#include <future>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  (void)with_scope(frame, [](frame_scope& scope) {
    return std::async(std::launch::deferred, [&] { return scope.is_open(); }).get();
  });
#else
  (void)with_scope(frame, [](frame_scope& scope) {
    return std::async(std::launch::deferred, [&] { return scope.is_open(); });
  });
#endif
}
