// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where the systems come from: a file in the Matrix Market exchange format, or a model problem.
//
// Thread rule: any thread.

#include <cstddef>
#include <iosfwd>
#include <sparse_matrix.hpp>
#include <string>

namespace typed_stack_solver {

/// Reads a square matrix in coordinate format, its numbers real or integer, general or symmetric.
/// Of a symmetric one both halves are returned.
/// Throws:        `std::runtime_error` that begins with `name:line:`.
system_of_entries read_matrix_market(std::istream& text, std::string const& name);

/// Returns:       The five-point Laplacian of a square grid of `side` * `side` unknowns.
/// Preconditions: The square of `side` fits a std::size_t.
system_of_entries poisson(std::size_t side);

}  // namespace typed_stack_solver
