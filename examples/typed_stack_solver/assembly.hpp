// SPDX-License-Identifier: BSL-1.0
#pragma once

// From entries in any order to a matrix by rows.
//
// Thread rule: that of the memory.

#include <cstddef>
#include <kernels.hpp>
#include <numeric>
#include <span>
#include <sparse_matrix.hpp>
#include <stdexcept>
#include <string>
#include <temporaries.hpp>
#include <tidemark/bit_span.hpp>

namespace typed_stack_solver {

/// Sorts the indices `in` by one member of their entries; equal ones stay in order.
template <temporaries Memory>
void sort_by(Memory& memory, system_of_entries const& system, std::size_t entry::* member,
             std::span<std::size_t const> in, std::span<std::size_t> out) {
  auto s = memory.scope();
  auto next = s.template zeros<std::size_t>(system.size + 1);
  for (std::size_t const i : in) ++next[system.entries[i].*member + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  for (std::size_t const i : in) out[next[system.entries[i].*member]++] = i;
}

/// Throws: `std::runtime_error` if the matrix is none that conjugate gradients solve.
template <temporaries Memory>
void require_sound(Memory& memory, sparse_matrix const& a) {
  auto s = memory.scope();
  auto bits = s.bits(a.size());
  tidemark::bit_span const rows = bits;
  mark_sound(a, rows);
  if (rows.all()) return;
  rows.flip();
  throw std::runtime_error("row " + std::to_string(rows.find_first() + 1) +
                           " has no positive diagonal, or is not symmetric");
}

/// Entries of one place are added up.
/// Throws: as `require_sound`.
template <temporaries Memory>
sparse_matrix assemble(Memory& memory, system_of_entries const& system) {
  sparse_matrix a;
  {
    auto s = memory.scope();
    auto given = s.template acquire<std::size_t>(system.entries.size());
    auto order = s.template acquire<std::size_t>(system.entries.size());
    std::iota(given.begin(), given.end(), std::size_t{0});
    sort_by(memory, system, &entry::column, given, order);
    sort_by(memory, system, &entry::row, order, given);

    a.row_begin.reserve(system.size + 1);
    a.column.reserve(system.entries.size());
    a.value.reserve(system.entries.size());
    a.row_begin.push_back(0);
    for (std::size_t const i : given) {
      auto const& [row, column, value] = system.entries[i];
      while (a.row_begin.size() <= row) a.row_begin.push_back(a.column.size());
      if (a.column.size() > a.row_begin[row] && a.column.back() == column) {
        a.value.back() += value;
      } else {
        a.column.push_back(column);
        a.value.push_back(value);
      }
    }
    while (a.row_begin.size() <= system.size) a.row_begin.push_back(a.column.size());
  }
  require_sound(memory, a);
  return a;
}

}  // namespace typed_stack_solver
