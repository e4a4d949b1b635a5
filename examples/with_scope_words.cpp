// SPDX-License-Identifier: BSL-1.0

// A result built in scratch memory leaves it: as a plain value, or remade, with all that it holds,
// in a resource of the caller. Returning `words` itself from the first call would not compile.

#include <algorithm>
#include <cstdlib>
#include <memory_resource>
#include <string>
#include <string_view>
#include <tidemark/tidemark.hpp>
#include <vector>

using text_list = std::pmr::vector<std::pmr::string>;

static text_list split(std::string_view line, std::pmr::memory_resource* memory) {
  text_list words{memory};
  for (std::size_t end; !line.empty(); line.remove_prefix(end)) {
    end = std::min(line.find(' '), line.size() - 1) + 1;
    words.emplace_back(line.substr(0, end));
  }
  return words;
}

int main() {
  constexpr std::string_view line = "many words that are taken apart for no more than a number";
  tidemark::frame_resource frame;

  auto const count = tidemark::with_scope(
      frame, [&](tidemark::frame_scope& scope) { return split(line, scope).size(); });

  std::pmr::monotonic_buffer_resource results;
  auto const words = tidemark::with_scope(frame, &results, [&](tidemark::frame_scope& scope) {
    auto all = split(line, scope);
    all.resize(3);
    return all;
  });

  frame.release();  // nothing of the results is in here
  bool const right = count == 12 && words.size() == 3 && words[2] == "that " &&
                     words[2].get_allocator().resource() == &results;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
