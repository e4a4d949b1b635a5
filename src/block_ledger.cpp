// SPDX-License-Identifier: BSL-1.0
#include "block_ledger.hpp"

#include <bit>
#include <tidemark/detail/poison.hpp>

namespace tidemark::detail {

namespace {

std::uint8_t exponent_of(std::size_t alignment) noexcept {
  return static_cast<std::uint8_t>(std::countr_zero(alignment));
}

}  // namespace

block_ledger::block_ledger(block_engine const& engine)
    : engine_(engine), on_valgrind_(valgrind_present()) {
  pool_begins(this, red_zone_bytes);
}

block_ledger::~block_ledger() { pool_ends(this); }

// Blocks.

void block_ledger::hand_out(void* block, std::size_t bytes, std::size_t alignment,
                            std::uint32_t depth) noexcept {
  std::size_t const live = least_bytes(bytes);
  make_block(block, live);
  block_begins(this, block, live);
  known_block& known =
      book_.add(static_cast<std::byte*>(block), live, depth, engine_.record(depth).serial);
  known.alignment_exponent = exponent_of(alignment);
}

block_ledger::answer block_ledger::take_back(void* block, std::size_t bytes,
                                             std::size_t alignment) noexcept {
  known_block* const known = book_.find(block);
  misuse bug{.kind = misuse_kind::foreign_block, .address = block};
  if (known == nullptr) return {.granted = false, .bug = bug};
  if (known->state == block_state::live) {
    // Another size is another block, and so is another alignment: where the engine looks for a
    // block depends on both.
    bool const same =
        known->bytes == least_bytes(bytes) && known->alignment_exponent == exponent_of(alignment);
    if (!same) return {.granted = false, .bug = bug};
    auto const overrun = mend(*known);
    known->state = block_state::freed;
    block_ends(this, block);  // first of all, because large ones go upstream
    return {.granted = true, .bug = overrun};
  }
  bool const closed = known->state == block_state::closed;
  bug.kind = closed ? misuse_kind::outlived : misuse_kind::double_free;
  tell(book_.find_closing(known->closing), bug);
  return {.granted = false, .bug = bug};
}

block_ledger::answer block_ledger::may_resize(void* block, std::size_t old_bytes) noexcept {
  known_block const* const known = book_.find(block);
  bool const live = known != nullptr && known->state == block_state::live &&
                    known->bytes == least_bytes(old_bytes);
  if (!live) return {};
  return {.granted = true, .bug = mend(*known)};
}

void block_ledger::resize(void* block, std::size_t new_bytes) noexcept {
  known_block& known = *book_.find(block);
  std::size_t const from = known.bytes;
  std::size_t const to = least_bytes(new_bytes);
  if (to > from) {
    make_live(known.address + from, to - from);
  } else {
    make_dead(known.address + to, from + red_zone_bytes - to);
  }
  make_red_zone(known.address + to);
  block_resized(this, block, to);
  known.bytes = to;
}

// Each overrun is told once: the zone is whole again afterwards.
std::optional<misuse> block_ledger::mend(known_block const& block) const noexcept {
  std::byte* const zone = block.address + block.bytes;
  if (is_red_zone_intact(zone)) return std::nullopt;
  make_red_zone(zone);
  misuse bug{.kind = misuse_kind::overrun, .address = block.address};
  for (std::uint32_t d = 1; d <= engine_.depth(); ++d) {
    if (engine_.record(d).serial == block.serial) bug.opened = engine_.record(d).where;
  }
  return bug;
}

// Checkpoints.

void block_ledger::before_closing(std::uint32_t depth, source_location where,
                                  code_trace const& by) noexcept {
  for (std::uint32_t d = engine_.depth() + 1; d-- > depth;) {
    auto const& record = engine_.record(d);
    std::uint64_t const closing = book_.remember(
        {.serial = record.serial, .opened = record.where, .closed = where, .closed_by = by});
    if (d >= book_.depth_count()) continue;
    for (known_block& block : book_.at(d)) block.closing = closing;
  }
}

std::optional<misuse> block_ledger::next_overrun(std::uint32_t depth) noexcept {
  for (std::uint32_t d = book_.depth_count(); d-- > depth;) {
    for (known_block const& block : book_.at(d)) {
      if (block.state != block_state::live) continue;
      if (auto const found = mend(block)) return found;
    }
  }
  return std::nullopt;
}

void block_ledger::after_closing(std::uint32_t depth) noexcept {
  for (std::uint32_t d = depth; on_valgrind_ && d < book_.depth_count(); ++d) {
    for (known_block const& block : book_.at(d)) {
      if (block.state == block_state::live) block_ends(this, block.address);
    }
  }
  book_.close(depth);
}

void block_ledger::before_keeping(std::uint32_t depth) noexcept {
  for (std::uint32_t d = engine_.depth(); d >= depth; --d) book_.keep(d);
}

void block_ledger::tell(closed_scope const* scope, misuse& bug) noexcept {
  if (scope == nullptr) return;
  bug.opened = scope->opened;
  bug.closed = scope->closed;
  if (!scope->closed) bug.closed_at = scope->closed_by.culprit();
}

void block_ledger::tell_of(std::uint64_t serial, misuse& bug) const noexcept {
  tell(book_.find_scope(serial), bug);
}

}  // namespace tidemark::detail
