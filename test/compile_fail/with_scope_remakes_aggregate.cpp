// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <tidemark/with_scope.hpp>

using namespace tidemark;

template <class Text>
struct answer {
  int number;
  Text text;
};

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  std::pmr::monotonic_buffer_resource results;
  (void)with_scope(frame, &results, [](frame_scope& scope) {
    return answer<std::string>{1, std::string(scope.is_open(), 0)};
  });
#else
  std::pmr::monotonic_buffer_resource results;
  (void)with_scope(frame, &results,
                   [](frame_scope& scope) { return answer<std::pmr::string>{1, {"text", scope}}; });
#endif
}
