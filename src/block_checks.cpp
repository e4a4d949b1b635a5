// SPDX-License-Identifier: BSL-1.0
#include "block_checks.hpp"

#include <new>

namespace tidemark::detail {

// Blocks.

void* block_checks::allocate(fixed_block_resource& pool, std::uint32_t depth, std::size_t bytes,
                             std::size_t alignment, void const* caller) {
  visit const visit{pool, caller};
  block_checks* const checks = visit.checks();
  if (visit.is_refused() || checks == nullptr) throw std::bad_alloc();
  checks->ledger_.prepare(depth);
  void* const block = pool.take_at(depth, bytes, alignment, caller);
  try {
    checks->ledger_.prepare(depth);  // upstream may have called back, and used what was prepared
  } catch (...) {
    pool.free_at(block, bytes, alignment);
    throw;
  }
  checks->ledger_.hand_out(block, bytes, alignment, depth);
  return block;
}

void block_checks::free(fixed_block_resource& pool, void* block, std::size_t bytes,
                        std::size_t alignment, void const* caller) noexcept {
  visit const visit{pool, caller};
  block_checks* const checks = visit.checks();
  if (visit.is_refused() || checks == nullptr) return;
  auto const answer = checks->ledger_.take_back(block, bytes, alignment);
  if (answer.granted) pool.free_at(block, bytes, alignment);
  if (answer.bug) pool.report(*answer.bug, caller);
}

bool block_checks::expand(fixed_block_resource& pool, void* block, std::size_t old_bytes,
                          std::size_t new_bytes, void const* caller) noexcept {
  visit const visit{pool, caller};
  block_checks* const checks = visit.checks();
  if (visit.is_refused() || checks == nullptr) return false;
  auto const answer = checks->ledger_.may_resize(block, old_bytes);
  bool const done = answer.granted && pool.resize(block, old_bytes, new_bytes);
  if (done) checks->ledger_.resize(block, new_bytes);
  if (answer.bug) pool.report(*answer.bug, caller);
  return done;
}

// Checkpoints.

void block_checks::before_opening(fixed_block_resource& pool) {
  block_checks* const checks = made(pool);
  if (checks == nullptr) throw std::bad_alloc();
  std::uint32_t const depth = marks(pool).depth();
  checks->ledger_.prepare(depth + 1);
  if (depth == 0) checks->own();
}

bool block_checks::before_closing(fixed_block_resource& pool, std::uint32_t depth,
                                  source_location where, void const* caller) noexcept {
  block_checks* const checks = pool.checks_;
  if (checks == nullptr) return true;
  block_engine const& engine = marks(pool);
  std::uint64_t const serial = engine.record(depth).serial;
  code_trace const by = where ? code_trace{} : code_trace::from(caller);
  checks->ledger_.before_closing(depth, where, by);
  while (auto const bug = checks->ledger_.next_overrun(depth)) {
    pool.report(*bug, caller);
    if (!engine.is_open(serial, depth)) return false;
  }
  return true;
}

void block_checks::after_closing(fixed_block_resource& pool, std::uint32_t depth) noexcept {
  if (pool.checks_ != nullptr) pool.checks_->ledger_.after_closing(depth);
}

void block_checks::before_keeping(fixed_block_resource& pool, std::uint32_t depth) noexcept {
  if (pool.checks_ != nullptr) pool.checks_->ledger_.before_keeping(depth);
}

}  // namespace tidemark::detail
