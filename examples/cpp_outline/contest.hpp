// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs the rows, each in a process of its own, and prints them as one table.
//
// Thread rule: the process that runs them has one thread.

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <progress_bar.hpp>
#include <rows/row.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cpp_outline {

struct result {
  std::string_view name;
  double seconds;
  std::size_t heap_calls;
  std::size_t peak_bytes;
  bool is_measured;     // without it the numbers mean nothing
  bool is_as_expected;  // right, where the row is there to be right
  std::string verdict;
};

struct contest_rules {
  std::chrono::seconds limit;  // of each row
  std::size_t rounds;          // the fastest counts
};

/// Returns: a result for each contestant, in their order.
std::vector<result> run_rows(std::span<row const> contestants, job const& work, contest_rules rules,
                             progress_bar& bar);

/// The first row is what ratios are to; where it has no time, there are none.
void print_table(std::ostream& out, std::vector<result> const& results);

}  // namespace cpp_outline
