// SPDX-License-Identifier: BSL-1.0
#pragma once

// The work of the rows about churn: one loop for every contestant.
//
// The loops stand in a source of their own: beside the contestants a compiler might guess which of
// them is called, and one would be favoured.
//
// Thread rule: all calls from one thread, which the blocks belong to; a row is one thread's too.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"
#include "rows.hpp"

namespace perf {

class churn {
 public:
  /// Allocates the first blocks. `plan` and `from` outlive this object.
  churn(rows::churn_plan const& plan, std::pmr::memory_resource& from);
  churn(churn const&) = delete;
  churn& operator=(churn const&) = delete;
  ~churn();

  /// Takes every step of the plan.
  void round();
  /// Takes every step of both plans, in turn.
  friend void round_in_turn(churn& one, churn& other);

  /// The same work, with every byte of every block written, and read before the block is freed.
  /// Returns:        A sum over what was read; 0 if a block was not aligned.
  std::uint64_t check();

  std::size_t operations() const noexcept { return plan_.steps.size(); }

 private:
  struct block {
    void* address;
    std::uint32_t bytes;
  };
  static void replace(std::pmr::memory_resource* from, block& replaced, std::uint32_t bytes);
  void fill(std::size_t index);

  rows::churn_plan const& plan_;
  std::pmr::memory_resource* from_;
  std::vector<block> live_;
};

void round_in_turn(churn& one, churn& other);

/// A row of churn: every contestant has blocks of its own.
class churn_row {
 public:
  churn_row(program& to, std::string name, rows::churn_sizes sizes)
      : to_(to), name_(std::move(name)), plan_(rows::churn(sizes)) {}
  churn_row(churn_row const&) = delete;
  churn_row& operator=(churn_row const&) = delete;

  /// `from` outlives this object.
  void add(std::string const& contestant, std::pmr::memory_resource& from) {
    churn& work = works_.emplace_back(plan_, from);
    to_.add(
        name_, contestant, work.operations(), [&work] { work.round(); },
        [&work] { return work.check(); });
  }

 private:
  program& to_;
  std::string name_;
  rows::churn_plan plan_;
  std::deque<churn> works_;
};

}  // namespace perf
