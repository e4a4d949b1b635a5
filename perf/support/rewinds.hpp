// SPDX-License-Identifier: BSL-1.0
#pragma once

// The work of the rows about many blocks that are given back together: by one rewind, or one by one
// from a heap.
//
//   dense     |ssssssssss|                  s: the blocks of the scope, alone in the pool
//   sparse    |k.sk..ks.k.k.sk.kk.s|        k: blocks that stay alive; a dot: free
//
// Thread rule: one thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <random>
#include <string>
#include <tidemark/marker.hpp>
#include <utility>
#include <vector>

#include "program.hpp"
#include "rows.hpp"

namespace perf {

/// Blocks that stay alive all over a resource, between as many that were freed in random order.
class scattered {
 public:
  /// `from` outlives this object.
  explicit scattered(std::pmr::memory_resource& from) : from_(&from) {
    std::vector<void*> all(rows::sparse_block_count);
    for (auto& each : all) each = take();
    std::shuffle(all.begin(), all.end(), std::mt19937(1));
    auto const middle = all.begin() + rows::sparse_block_count / 2;
    for (auto each = all.begin(); each != middle; ++each) give_back(*each);
    kept_.assign(middle, all.end());
    for (std::size_t i = 0; i < kept_.size(); ++i) *static_cast<std::uint64_t*>(kept_[i]) = i;
  }
  scattered(scattered const&) = delete;
  scattered& operator=(scattered const&) = delete;
  ~scattered() {
    for (void* const each : kept_) give_back(each);
  }

  /// Whether nobody has written into the blocks that stay alive.
  bool unharmed() const {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (*static_cast<std::uint64_t const*>(kept_[i]) != i) return false;
    }
    return true;
  }

 private:
  void* take() { return from_->allocate(rows::churn_block_bytes, rows::churn_alignment); }
  void give_back(void* block) {
    from_->deallocate(block, rows::churn_block_bytes, rows::churn_alignment);
  }

  std::pmr::memory_resource* from_;
  std::vector<void*> kept_;
};

/// The blocks of one round.
class given_back {
 public:
  explicit given_back(std::size_t count) : blocks_(count) {}

  [[gnu::noinline]] void take(std::pmr::memory_resource* from) {
    for (void*& each : blocks_) {
      each = from->allocate(rows::churn_block_bytes, rows::churn_alignment);
      *static_cast<std::uint64_t*>(each) = 0;
    }
  }
  [[gnu::noinline]] void give_back(std::pmr::memory_resource* to) {
    std::pmr::memory_resource* const any = launder(to);
    for (void* const each : blocks_) {
      any->deallocate(each, rows::churn_block_bytes, rows::churn_alignment);
    }
  }
  /// Writes into every block, then reads them all.
  std::uint64_t sum() {
    std::uint64_t sum = 1;
    for (std::size_t i = 0; i < blocks_.size(); ++i) *static_cast<std::uint64_t*>(blocks_[i]) = i;
    for (void const* each : blocks_) sum = sum * 31 + *static_cast<std::uint64_t const*>(each);
    return sum;
  }
  std::size_t count() const noexcept { return blocks_.size(); }

 private:
  std::vector<void*> blocks_;
};

/// The rows `prefix + n` for each number of blocks.
class rewind_rows {
 public:
  rewind_rows(program& to, std::string prefix) : to_(to), prefix_(std::move(prefix)) {}
  rewind_rows(rewind_rows const&) = delete;
  rewind_rows& operator=(rewind_rows const&) = delete;

  /// `pool` and `others` outlive the program's run; no `others`: nothing else is in the pool.
  template <class Pool>
  void add_ours(Pool& pool, scattered const* others = nullptr) {
    for (std::size_t const count : rows::rewind_counts) {
      auto& work = works_.emplace_back(count);
      auto& mark = marks_.emplace_back();
      auto const prepare = [&pool, &work, &mark] {
        mark = pool.checkpoint();
        work.take(pool.resource_of(mark));
      };
      auto const round = [&pool, &mark] { pool.rewind(mark); };
      auto const in_use = [&pool] { return pool.stats().bytes_in_use; };
      add("ours", work, prepare, round, in_use, others);
    }
  }

  void add_heap(std::string const& name, std::pmr::memory_resource& heap,
                scattered const* others = nullptr) {
    for (std::size_t const count : rows::rewind_counts) {
      auto& work = works_.emplace_back(count);
      auto const prepare = [&heap, &work] { work.take(&heap); };
      auto const round = [&heap, &work] { work.give_back(&heap); };
      add(name, work, prepare, round, [] { return std::size_t{0}; }, others);
    }
  }

 private:
  // `in_use()`: bytes that the resource says it has handed out, as after every round.
  template <class Prepare, class Round, class InUse>
  void add(std::string const& name, given_back& work, Prepare prepare, Round round, InUse in_use,
           scattered const* others) {
    auto const check = [&work, prepare, round, in_use, others] {
      std::size_t const before = in_use();
      prepare();
      std::uint64_t const sum = work.sum();
      round();
      bool const all_given_back = in_use() == before;
      return all_given_back && (others == nullptr || others->unharmed()) ? sum : 0;
    };
    std::string const row = prefix_ + std::to_string(work.count());
    to_.add_prepared(row, name, work.count(), prepare, round, check);
  }

  program& to_;
  std::string prefix_;
  std::deque<given_back> works_;
  std::deque<tidemark::marker> marks_;
};

}  // namespace perf
