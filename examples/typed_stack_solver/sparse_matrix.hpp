// SPDX-License-Identifier: BSL-1.0
#pragma once

// A square sparse matrix by rows.
//
//   | 4 1 . |     row_begin  0   2   4   5
//   | 1 5 . |     column     0 1 0 1 2
//   | . . 6 |     value      4 1 1 5 6
//
// Thread rule: a value.

#include <cstddef>
#include <vector>

namespace typed_stack_solver {

/// One number of a matrix as it is given: in any order, and perhaps in several parts.
struct entry {
  std::size_t row;
  std::size_t column;
  double value;
};

struct system_of_entries {
  std::size_t size = 0;  // of rows, and of columns
  std::vector<entry> entries{};
};

struct sparse_matrix {
  std::vector<std::size_t> row_begin{};  // index into the others; one more than there are rows
  std::vector<std::size_t> column{};     // ascending in each row
  std::vector<double> value{};

  std::size_t size() const noexcept { return row_begin.size() - 1; }
};

}  // namespace typed_stack_solver
