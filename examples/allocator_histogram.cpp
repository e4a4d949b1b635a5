// SPDX-License-Identifier: BSL-1.0

// A hash map in an inner loop: bound to the type of its pool, it allocates without a virtual call.

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <tidemark/tidemark.hpp>
#include <unordered_map>

using tidemark::frame_resource;
using tidemark::frame_scope;

template <class Key, class Value>
using scope_map = std::unordered_map<Key, Value, std::hash<Key>, std::equal_to<>,
                                     tidemark::allocator<std::pair<Key const, Value>, frame_scope>>;

static std::size_t most_frequent_count(std::string_view text, frame_resource& frame) {
  frame_scope scope{frame};
  scope_map<char, std::size_t> histogram{scope};
  std::size_t most = 0;
  for (char letter : text) most = std::max(most, ++histogram[letter]);
  return most;
}

int main() {
  frame_resource frame;
  std::size_t sum = 0;
  for (int i = 0; i < 1000; ++i) sum += most_frequent_count("she sells sea shells", frame);
  bool const steady = frame.stats().bytes_in_use == 0 && frame.stats().upstream_calls == 1;
  return sum == 6000 && steady ? EXIT_SUCCESS : EXIT_FAILURE;
}
