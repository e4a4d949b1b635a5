// SPDX-License-Identifier: BSL-1.0

// Threads count the words of a text in parts, each in maps of its own; the sum is made at the end.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;

struct word_counts {
  frame_resource memory;  // of the words and the map: nothing is freed one by one
  std::pmr::map<std::pmr::string, std::size_t, std::less<>> counts{&memory};

  void count(std::string_view text) {
    while (!text.empty()) {
      auto const end = text.find(' ');
      auto const word = text.substr(0, end);
      auto const place = counts.find(word);
      place != counts.end() ? ++place->second : ++counts[std::pmr::string{word, &memory}];
      text = end == std::string_view::npos ? "" : text.substr(end + 1);
    }
  }
};

int main() {
  static constexpr std::string_view line = "the water leaves a line that the water falls back to";
  constexpr std::size_t round_count = 50, lines_each = 100;

  per_thread<word_counts> counts;
  for (std::size_t round = 0; round < round_count; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&counts] {
        for (std::size_t i = 0; i < lines_each; ++i) counts.local().count(line);
      });
    }
    for (auto& thread : threads) thread.join();
  }

  std::map<std::string, std::size_t, std::less<>> sum;
  counts.for_each([&](word_counts const& part) {
    for (auto const& [word, count] : part.counts) sum[std::string{word}] += count;
  });
  std::size_t const lines = 4 * lines_each * round_count;
  std::printf("%zu times 'water' by 200 threads in %zu maps\n", sum["water"], counts.size());
  bool const right = sum["water"] == 2 * lines && sum["tide"] == 0 && sum["falls"] == lines;
  return right && counts.size() <= 4 ? EXIT_SUCCESS : EXIT_FAILURE;
}
