// SPDX-License-Identifier: BSL-1.0

// A text read in two ways, with raw marks: the reading that fails is undone, the other one stays.

#include <cstdlib>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <tidemark/tidemark.hpp>
#include <utility>
#include <vector>

using numbers = std::pmr::vector<int>;

static std::optional<numbers> read(std::string_view text, char separator,
                                   std::pmr::memory_resource* memory) {
  numbers result{memory};
  int value = 0;
  for (char letter : text) {
    if (letter == separator) {
      result.push_back(std::exchange(value, 0));
    } else if (letter < '0' || letter > '9') {
      return std::nullopt;
    } else {
      value = value * 10 + (letter - '0');
    }
  }
  result.push_back(value);
  return result;
}

int main() {
  tidemark::frame_resource frame;
  std::optional<numbers> winner;
  for (char separator : {';', ' ', ','}) {
    tidemark::marker const mark = frame.checkpoint();
    if (auto reading = read("10,20,30,40", separator, frame.resource_of(mark))) {
      winner = std::move(reading);
      frame.keep(mark);  // its memory passes to the frame itself
    } else {
      frame.rewind(mark);
    }
  }
  bool const read_all = winner && winner->size() == 4 && winner->back() == 40;
  return read_all && frame.depth() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
