// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <kernels.hpp>

namespace typed_stack_solver {
namespace {

// Returns: the number at that place; 0 if the matrix has none there.
double at(sparse_matrix const& a, std::size_t row, std::size_t column) noexcept {
  auto const first = a.column.begin() + static_cast<std::ptrdiff_t>(a.row_begin[row]);
  auto const last = a.column.begin() + static_cast<std::ptrdiff_t>(a.row_begin[row + 1]);
  auto const found = std::lower_bound(first, last, column);
  if (found == last || *found != column) return 0;
  return a.value[static_cast<std::size_t>(found - a.column.begin())];
}

}  // namespace

void multiply(sparse_matrix const& a, view x, output product) noexcept {
  for (std::size_t row = 0; row < a.size(); ++row) {
    double sum = 0;
    for (std::size_t i = a.row_begin[row]; i < a.row_begin[row + 1]; ++i) {
      sum += a.value[i] * x[a.column[i]];
    }
    product[row] = sum;
  }
}

void sum_blocks(view a, view b, output sums) noexcept {
  for (std::size_t block = 0; block < sums.size(); ++block) {
    double sum = 0;
    std::size_t const end = std::min(a.size(), (block + 1) * block_size);
    for (std::size_t i = block * block_size; i < end; ++i) sum += a[i] * b[i];
    sums[block] = sum;
  }
}

double sum_by_halves(output sums) noexcept {
  if (sums.empty()) return 0;
  for (std::size_t count = sums.size(); count > 1; count = (count + 1) / 2) {
    for (std::size_t i = 0; i < count / 2; ++i) sums[i] = sums[2 * i] + sums[2 * i + 1];
    if (count % 2 != 0) sums[count / 2] = sums[count - 1];
  }
  return sums[0];
}

void add_scaled(double factor, view x, output y) noexcept {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += factor * x[i];
}

void scale_and_add(view x, double factor, output y) noexcept {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i] + factor * y[i];
}

double largest_magnitude(view x) noexcept {
  double largest = 0;
  for (double const each : x) largest = std::max(largest, std::abs(each));
  return largest;
}

void copy_diagonal(sparse_matrix const& a, output diagonal) noexcept {
  for (std::size_t row = 0; row < a.size(); ++row) diagonal[row] = at(a, row, row);
}

void sweep_down(sparse_matrix const& a, view diagonal, view r, output y) noexcept {
  for (std::size_t row = 0; row < a.size(); ++row) {
    double rest = r[row];
    for (std::size_t i = a.row_begin[row]; a.column[i] < row; ++i) {
      rest -= a.value[i] * y[a.column[i]];
    }
    y[row] = rest / diagonal[row];
  }
}

void sweep_up(sparse_matrix const& a, view diagonal, view y, output z) noexcept {
  for (std::size_t row = a.size(); row-- > 0;) {
    double rest = 0;
    for (std::size_t i = a.row_begin[row + 1] - 1; a.column[i] > row; --i) {
      rest += a.value[i] * z[a.column[i]];
    }
    z[row] = y[row] - rest / diagonal[row];
  }
}

void mark_above(view x, double bound, tidemark::bit_span rows) noexcept {
  std::size_t first = 0;  // row of a word's lowest bit
  for (std::uint64_t& word : rows.words()) {
    std::size_t const count = std::min(x.size() - first, tidemark::bit_span::bits_per_word);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      bool const is_above = !(std::abs(x[first + i]) <= bound);  // a NaN is, too
      bits |= std::uint64_t{is_above} << i;
    }
    word = bits;
    first += count;
  }
}

void mark_sound(sparse_matrix const& a, tidemark::bit_span rows) noexcept {
  for (std::size_t row = 0; row < a.size(); ++row) {
    bool sound = at(a, row, row) > 0;
    for (std::size_t i = a.row_begin[row]; sound && i < a.row_begin[row + 1]; ++i) {
      sound = at(a, a.column[i], row) == a.value[i];
    }
    if (sound) rows.set(row);
  }
}

}  // namespace typed_stack_solver
