// SPDX-License-Identifier: BSL-1.0
#pragma once

// Solves the same systems with temporaries from each memory, and compares.
//
// Thread rule: one thread.

#include <conjugate_gradient.hpp>
#include <cstddef>
#include <iosfwd>
#include <span>
#include <sparse_matrix.hpp>
#include <string_view>
#include <vector>

namespace typed_stack_solver {

struct job {
  system_of_entries const& system;
  std::size_t solves;  // count of right sides
  stop_rule stop{};
};

struct result {
  std::string_view name{};
  bool is_absent = false;       // there is no such memory here
  double seconds = 0;           // of the processor; of the fastest round
  std::size_t heap_calls = 0;   // allocations of temporaries that reach a heap
  std::size_t peak_bytes = 0;   // the most that temporaries had from it at a time
  std::size_t iterations = 0;   // of all solves
  std::size_t nonzeros = 0;     // of the matrix
  std::vector<double> found{};  // the solutions, one after another
};

/// What is to be found, so that the error is known.
std::vector<double> solutions(job const& work);

/// Returns: a result for each memory; that of `std::vector` first.
/// Throws:  `std::runtime_error` if a system cannot be solved.
std::vector<result> compare(job const& work, std::size_t rounds);

/// Returns: whether all found the same, to the last bit.
bool are_identical(std::span<result const> results) noexcept;

void print_table(std::ostream& out, std::span<result const> results);

}  // namespace typed_stack_solver
