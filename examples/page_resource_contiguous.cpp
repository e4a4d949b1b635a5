// SPDX-License-Identifier: BSL-1.0

// A frame that grows by 256 MiB in one piece of address space, and gives the pages back.

#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark::literals;

int main() {
  if (!tidemark::page_resource::is_supported()) return EXIT_SUCCESS;
  tidemark::page_resource pages{{.reserve_bytes = 1_GiB, .guard_pages = true}};
  tidemark::frame_resource frame{{.name = "import"}, &pages};
  {
    tidemark::memory_scope scope{frame};
    std::pmr::vector<std::pmr::vector<char>> columns{scope};
    for (int i = 0; i < 256; ++i) columns.emplace_back(1_MiB, 'x');
  }
  tidemark::resource_stats const before = frame.stats();
  std::size_t const given_back = frame.trim();  // the frame stays, its pages go to the system
  std::printf("%zu chunk held %zu MiB, trim returned %zu MiB\n", before.chunk_count,
              before.bytes_reserved / 1_MiB, given_back / 1_MiB);
  return before.chunk_count == 1 && given_back > 250_MiB ? EXIT_SUCCESS : EXIT_FAILURE;
}
