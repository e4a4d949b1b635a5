// SPDX-License-Identifier: BSL-1.0

// A user's program, built against an installed tidemark: it reaches headers and library, and what
// the library throws.

#include <cstdlib>
#include <iostream>
#include <tidemark/testing/testing.hpp>
#include <tidemark/tidemark.hpp>
#include <vector>

namespace {

bool exhaustion_is_caught_as_what_it_is() {
  tidemark::frame_resource frame{tidemark::frame_options{.name = "consumer", .limit_bytes = 4096}};
  try {
    frame.deallocate(frame.allocate(8192), 8192);
  } catch (tidemark::resource_exhausted const& error) {
    return std::string_view{error.resource} == "consumer" && error.requested_bytes >= 8192;
  }
  return false;
}

bool a_scope_falls_back() {
  tidemark::frame_resource frame;
  std::pmr::vector<int> outer(100, 1, &frame);
  auto const before = frame.stats().bytes_in_use;
  {
    tidemark::memory_scope scope{frame};
    std::pmr::vector<int> inner(1000, 2, scope);
  }
  return frame.stats().bytes_in_use == before && outer.back() == 1;
}

bool misuse_reaches_the_recorder() {
  tidemark::testing::misuse_recorder recorder;
  tidemark::frame_resource frame;
  frame.rewind(tidemark::marker{});
  return recorder.seen.size() == 1;
}

}  // namespace

int main() {
  bool const works =
      exhaustion_is_caught_as_what_it_is() && a_scope_falls_back() && misuse_reaches_the_recorder();
  std::cout << (works ? "consumer: tidemark works\n" : "consumer: tidemark does not work\n");
  return works ? EXIT_SUCCESS : EXIT_FAILURE;
}
