// SPDX-License-Identifier: BSL-1.0
#pragma once

// Level 1 of a fixed-block pool: who may use it, and what a checked block goes through.
//
// Thread rule: `visit` is what enforces one.
//
// Invariant: a handler is asked when the pool is done with the block it is about, and may use the
// pool.

#include <tidemark/fixed_block_resource.hpp>

#include "block_ledger.hpp"
#include "pool_visit.hpp"

namespace tidemark::detail {

class block_checks : public thread_guard {
 public:
  using visit = pool_visit<fixed_block_resource, block_checks>;

  explicit block_checks(block_engine const& engine) : ledger_(engine) {}
  static void destroy(block_checks* checks) noexcept { destroy_checks(checks); }

  // What the pool does at level 1 instead.
  static void* allocate(fixed_block_resource& pool, std::uint32_t depth, std::size_t bytes,
                        std::size_t alignment, void const* caller);
  static void free(fixed_block_resource& pool, void* block, std::size_t bytes,
                   std::size_t alignment, void const* caller) noexcept;
  static bool expand(fixed_block_resource& pool, void* block, std::size_t old_bytes,
                     std::size_t new_bytes, void const* caller) noexcept;

  // What it tells the ledger.
  static void before_opening(fixed_block_resource& pool);
  /// Returns: False if a misuse handler has closed `depth` itself.
  static bool before_closing(fixed_block_resource& pool, std::uint32_t depth, source_location where,
                             void const* caller) noexcept;
  static void after_closing(fixed_block_resource& pool, std::uint32_t depth) noexcept;
  static void before_keeping(fixed_block_resource& pool, std::uint32_t depth) noexcept;

  bool is_live(void const* block) noexcept { return ledger_.is_live(block); }
  /// Adds to a report what is known of the checkpoint `serial`, if it is closed.
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept { ledger_.tell_of(serial, bug); }

  // What pool_visit asks for.
  static block_engine& marks(fixed_block_resource& pool) noexcept { return pool.heap_.engine; }
  static bool is_checked(fixed_block_resource& pool) noexcept {
    return pool.heap_.engine.is_checked();
  }
  static bool is_leased(fixed_block_resource&) noexcept { return false; }
  static block_checks* made(fixed_block_resource& pool) noexcept {
    return made_checks(pool.checks_, pool.heap_.engine);
  }
  static void report(fixed_block_resource& pool, misuse const& bug, void const* caller) noexcept {
    pool.report(bug, caller);
  }

 private:
  block_ledger ledger_;
};

}  // namespace tidemark::detail
