// SPDX-License-Identifier: BSL-1.0

// A library function that takes any resource for its scratch: a frame is marked, anything else is
// given back at the end.

#include <algorithm>
#include <cstdlib>
#include <memory_resource>
#include <span>
#include <string>
#include <tidemark/tidemark.hpp>
#include <vector>

// The position that each value would have in the sorted sequence.
static std::pmr::vector<std::size_t> ranks(std::span<double const> values,
                                           std::pmr::memory_resource* out,
                                           std::pmr::memory_resource* scratch) {
  tidemark::scratch_scope local{scratch};
  std::pmr::vector<std::size_t> order(values.size(), local);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });

  std::pmr::vector<std::size_t> result(values.size(), out);
  for (std::size_t place = 0; place < order.size(); ++place) result[order[place]] = place;
  return result;
}

int main() {
  double const values[] = {2.5, 0.5, 9.0, 1.5};
  tidemark::frame_resource frame;
  tidemark::memory_scope request{frame};
  auto const in_request = ranks(values, request, &frame);
  auto const in_frame = frame.stats().bytes_in_use;

  auto* const heap = std::pmr::new_delete_resource();
  auto const on_heap = ranks(values, heap, heap);

  bool const right = on_heap == in_request && on_heap[2] == 3 && on_heap[1] == 0;
  // What is left in the frame is the result, and not the scratch.
  return right && in_frame < 128 ? EXIT_SUCCESS : EXIT_FAILURE;
}
