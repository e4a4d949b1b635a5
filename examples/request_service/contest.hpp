// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs the rows, each in a process of its own, and tells what they took.
//
// Thread rule: the process that runs them has one thread.

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <rows.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace request_service {

struct result {
  std::string_view name{};
  row_report report{};       // of the fastest round
  bool is_measured = false;  // without it the numbers mean nothing
  bool is_right = false;     // or not on this machine
  std::string verdict{};
};

struct contest_rules {
  std::chrono::seconds limit;  // of each row
  std::size_t rounds;          // the fastest counts
};

/// Returns: a result for each contestant, in their order.
std::vector<result> run_rows(std::span<row const> contestants, job const& work,
                             contest_rules rules);

/// The first row is what ratios are to; where it has no time, there are none.
void print_table(std::ostream& out, std::span<result const> results);
/// What was asked and found, of one row.
void print_counts(std::ostream& out, service_counts const& counts);
void write_json(std::ostream& out, std::span<result const> results);

}  // namespace request_service
