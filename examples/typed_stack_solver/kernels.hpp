// SPDX-License-Identifier: BSL-1.0
#pragma once

// The arithmetic, on views: one compiled function serves arrays from anywhere, so that results are
// the same to the last bit. None of it takes memory.
//
// Thread rule: any thread.

#include <cstddef>
#include <span>
#include <sparse_matrix.hpp>
#include <tidemark/bit_span.hpp>

namespace typed_stack_solver {

using view = std::span<double const>;
using output = std::span<double>;

// Preconditions of all: views of rows are as long as the matrix; outputs overlap nothing.

void multiply(sparse_matrix const& a, view x, output product) noexcept;

inline constexpr std::size_t block_size = 128;  // products summed one after another
constexpr std::size_t block_count(std::size_t size) noexcept {
  return (size + block_size - 1) / block_size;
}
/// One sum of products for each block.
void sum_blocks(view a, view b, output sums) noexcept;
/// The sum by halves, whose rounding error grows with the logarithm of the count. Overwrites.
double sum_by_halves(output sums) noexcept;

/// y += factor * x
void add_scaled(double factor, view x, output y) noexcept;
/// y = x + factor * y
void scale_and_add(view x, double factor, output y) noexcept;
double largest_magnitude(view x) noexcept;

void copy_diagonal(sparse_matrix const& a, output diagonal) noexcept;
/// Solves (D + L) y = r, with D the diagonal of `a` and L what is left of it.
void sweep_down(sparse_matrix const& a, view diagonal, view r, output y) noexcept;
/// Solves (D + U) z = D y, with U what is right of the diagonal.
void sweep_up(sparse_matrix const& a, view diagonal, view y, output z) noexcept;

/// Each row's bit tells whether its magnitude is above `bound`.
void mark_above(view x, double bound, tidemark::bit_span rows) noexcept;
/// Sets the bits of the rows that have a positive diagonal and mirror their column.
/// Preconditions: No bit is set.
void mark_sound(sparse_matrix const& a, tidemark::bit_span rows) noexcept;

}  // namespace typed_stack_solver
