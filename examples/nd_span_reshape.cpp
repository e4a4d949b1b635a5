// SPDX-License-Identifier: BSL-1.0

// Arrays of several dimensions: a picture is halved, and the same bytes are seen as rows, as a
// plain range and as blocks.

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

static nd_span<float, 2> halve(stack_scope& memory, nd_span<float const, 2> picture) {
  auto half = memory.similar<float>(picture, picture.extent(0) / 2, picture.extent(1) / 2);
  for (std::size_t y = 0; y < half.extent(0); ++y) {
    for (std::size_t x = 0; x < half.extent(1); ++x) {
      half(y, x) = (picture(2 * y, 2 * x) + picture(2 * y, 2 * x + 1) + picture(2 * y + 1, 2 * x) +
                    picture(2 * y + 1, 2 * x + 1)) /
                   4;
    }
  }
  return half;
}

static bool is_wrong_shape_refused(stack_scope& memory, nd_span<float, 2> picture) {
  auto const before = memory.pool().stats();
  try {
    (void)memory.reshape(picture, 7, 7);
  } catch (std::invalid_argument const&) {
    return memory.pool().stats() == before;  // and nothing was taken
  }
  return false;
}

int main() {
  stack_scope s;
  auto picture = s.zeros<float>(8, 6);
  std::iota(picture.begin(), picture.end(), 0.0F);
  auto half = halve(s, picture);
  bool right = half(0, 0) == 3.5F && half(3, 2) == 43.5F;

  std::ranges::fill(picture[7], -1.0F);  // a row is a view, too
  right = right && picture.at(7, 5) == -1 && picture.span().back() == -1;

  // A reshape is another view of the same elements: no memory, no copy.
  auto const cubes = s.reshape(picture, 2, 4, 6);
  auto const line = s.reshape(cubes, 48);
  right = right && &cubes(1, 3, 5) == &picture(7, 5) && line.size() == 48 && line[42] == -1;
  return right && is_wrong_shape_refused(s, picture) ? EXIT_SUCCESS : EXIT_FAILURE;
}
