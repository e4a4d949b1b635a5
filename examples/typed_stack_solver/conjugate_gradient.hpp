// SPDX-License-Identifier: BSL-1.0
#pragma once

// Conjugate gradients with symmetric Gauss-Seidel as preconditioner. Each function takes its
// temporaries in a scope of its own; results go to the caller's arrays or leave as values.
//
// Thread rule: that of the memory.
//
// Source: M. R. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems",
// 1952; the preconditioned form as in Y. Saad, "Iterative methods for sparse linear systems",
// 2nd edition, algorithm 9.1.

#include <algorithm>
#include <cstddef>
#include <kernels.hpp>
#include <sparse_matrix.hpp>
#include <stdexcept>
#include <temporaries.hpp>
#include <tidemark/bit_span.hpp>

namespace typed_stack_solver {

struct stop_rule {
  double tolerance = 1e-10;  // of each row's residual, to the largest number on the right
  std::size_t iterations = 10'000;
};

template <temporaries Memory>
double dot(Memory& memory, view a, view b) {
  auto s = memory.scope();
  auto sums = s.template acquire<double>(block_count(a.size()));
  sum_blocks(a, b, sums);
  return sum_by_halves(sums);
}

template <temporaries Memory>
void precondition(Memory& memory, sparse_matrix const& a, view diagonal, view r, output z) {
  auto s = memory.scope();
  auto half = s.template acquire<double>(a.size());
  sweep_down(a, diagonal, r, half);
  sweep_up(a, diagonal, half, z);
}

/// Returns: how many rows are not solved yet.
template <temporaries Memory>
std::size_t rows_above(Memory& memory, view r, double bound) {
  auto s = memory.scope();
  auto bits = s.bits(r.size());
  tidemark::bit_span const rows = bits;
  mark_above(r, bound, rows);
  return rows.count();
}

struct iteration {
  output x, r, z, p;
  double rz;  // product of r and z
};

/// One step along `p`.
template <temporaries Memory>
void advance(Memory& memory, sparse_matrix const& a, view diagonal, iteration& now) {
  auto s = memory.scope();
  auto q = s.template acquire<double>(a.size());
  multiply(a, now.p, q);
  double const curvature = dot(memory, now.p, q);
  if (!(curvature > 0)) throw std::runtime_error("the matrix is not positive definite");
  double const length = now.rz / curvature;
  add_scaled(length, now.p, now.x);
  add_scaled(-length, q, now.r);
  precondition(memory, a, diagonal, now.r, now.z);
  double const rz = dot(memory, now.r, now.z);
  scale_and_add(now.z, rz / now.rz, now.p);
  now.rz = rz;
}

/// Solves a x = b, from x = 0.
/// Returns: the count of iterations.
/// Throws:  `std::runtime_error` if that takes more than `stop.iterations`, or cannot be.
template <temporaries Memory>
std::size_t solve(Memory& memory, sparse_matrix const& a, view b, output x, stop_rule stop) {
  auto s = memory.scope();
  auto diagonal = s.template acquire<double>(a.size());
  auto r = s.template acquire<double>(a.size());
  auto z = s.template acquire<double>(a.size());
  auto p = s.template acquire<double>(a.size());
  copy_diagonal(a, diagonal);
  std::ranges::fill(x, 0.0);
  std::ranges::copy(b, r.begin());
  precondition(memory, a, diagonal, r, z);
  std::ranges::copy(z, p.begin());

  iteration now{x, r, z, p, dot(memory, r, z)};
  double const bound = stop.tolerance * largest_magnitude(b);
  for (std::size_t count = 0;; ++count) {
    if (rows_above(memory, now.r, bound) == 0) return count;
    if (count == stop.iterations) throw std::runtime_error("too many iterations");
    advance(memory, a, diagonal, now);
  }
}

}  // namespace typed_stack_solver
