// SPDX-License-Identifier: BSL-1.0

// The README's first screen: one request, a mark for it, and a second mark for the scratch of each
// line. The first request warms the memory; later ones never reach malloc.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <string>
#include <string_view>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark::literals;

static void split(std::string_view line, std::pmr::vector<std::string_view>& cells) {
  for (;;) {
    auto const comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return;
    line.remove_prefix(comma + 1);
  }
}
static std::string_view longest(std::pmr::vector<std::string_view> const& cells) {
  return *std::ranges::max_element(cells, {}, &std::string_view::size);
}
static std::size_t replied_bytes = 0;
static void reply(std::pmr::vector<std::pmr::string> const& rows) {
  for (auto const& row : rows) replied_bytes += row.size();
}

int main() {
  std::vector<std::string> const lines(1000, "key,a cell too long for the small string buffer,7");
  tidemark::frame_resource memory{1_MiB};  // a std::pmr::memory_resource
  std::size_t calls_of_first = 0;
  for (int n = 0; n < 3; ++n) {
    tidemark::memory_scope request{memory};  // a mark
    std::pmr::vector<std::pmr::string> rows{request};
    for (std::string_view line : lines) {
      tidemark::memory_scope scratch{memory};  // a second mark on the same memory
      std::pmr::vector<std::string_view> cells{scratch};
      split(line, cells);
      rows.emplace_back(longest(cells));  // grows under the open mark, and stays
    }  // scratch falls back, rows does not
    reply(rows);  // request falls back at the brace
    if (n == 0) calls_of_first = memory.stats().upstream_calls;
  }
  std::size_t const later = memory.stats().upstream_calls - calls_of_first;
  std::printf("requests 2 and 3: %zu calls to malloc\n", later);
  return later == 0 && replied_bytes == 3 * 1000 * 43 ? EXIT_SUCCESS : EXIT_FAILURE;
}
