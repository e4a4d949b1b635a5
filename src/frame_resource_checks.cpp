// SPDX-License-Identifier: BSL-1.0
#include "frame_resource_checks.hpp"

#include <algorithm>
#include <new>
#include <tidemark/detail/poison.hpp>

namespace tidemark::detail {

using window = frame_engine::window;

frame_checks::frame_checks() {
  pool_begins(this, red_zone_bytes);
  pool_begins(&headers_, 0);
}

frame_checks::~frame_checks() {
  pool_ends(&headers_);
  pool_ends(this);
}

void frame_checks::before_chunk(frame_resource& frame, void* memory) noexcept {
  if (frame.checks_ != nullptr) block_begins(&frame.checks_->headers_, memory, sizeof(chunk));
}

void frame_checks::after_chunk(frame_resource& frame, void* memory) noexcept {
  if (frame.checks_ == nullptr) return;
  block_ends(&frame.checks_->headers_, memory);
  make_accessible(memory, sizeof(chunk));
}

// Blocks.

std::byte* frame_checks::take(frame_resource& frame, std::uint32_t depth, std::size_t bytes,
                              std::size_t alignment) {
  void* block;
  bool const on_top = depth == frame.engine_.depth();
  if (on_top && frame.engine_.space.main.take_small(bytes, alignment, block)) [[likely]] {
    return static_cast<std::byte*>(block);
  }
  block = frame.take_at(depth, bytes, alignment);
  try {
    book_.prepare(depth);  // upstream may have called back, and used what was prepared
  } catch (...) {
    frame.engine_.free(depth, static_cast<std::byte*>(block), bytes);
    throw;
  }
  return static_cast<std::byte*>(block);
}

void* frame_checks::allocate(frame_resource& frame, std::uint32_t depth, std::size_t bytes,
                             std::size_t alignment, void const* caller) {
  visit const visit{frame, caller};
  frame_checks* const checks = visit.checks();
  if (visit.is_refused() || checks == nullptr) throw std::bad_alloc();
  checks->book_.prepare(depth);
  std::size_t const live = std::max<std::size_t>(bytes, 1);
  // Sizes near SIZE_MAX go on as they are, to be refused as they are.
  std::size_t const whole = live <= SIZE_MAX / 4 ? live + red_zone_bytes : bytes;
  window const open{frame.engine_};
  std::byte* block = nullptr;
  try {
    block = checks->take(frame, depth, whole, alignment);
  } catch (resource_exhausted& refused) {
    refused.requested_bytes = bytes;  // the red zone is none of the caller's
    throw;
  }
  make_block(block, live);
  if (checks->on_valgrind_) {
    // A finalizer may be given what lay above it, before the book has closed that.
    known_block const* const former = checks->book_.find(block);
    if (former != nullptr && former->state == block_state::live) block_ends(checks, block);
    block_begins(checks, block, live);
  }
  checks->book_.add(block, live, depth, frame.engine_.record(depth).serial);
  return block;
}

void frame_checks::free(frame_resource& frame, std::uint32_t depth, std::byte* block,
                        std::size_t bytes, void const* caller) noexcept {
  visit const visit{frame, caller};
  frame_checks* const checks = visit.checks();
  if (visit.is_refused() || checks == nullptr) return;
  known_block* const known = checks->book_.find(block);
  bool const other = known == nullptr || (known->state == block_state::live &&
                                          known->bytes != std::max<std::size_t>(bytes, 1));
  if (other) {  // another size is another block
    return frame.report({.kind = misuse_kind::foreign_block, .address = block}, caller);
  }
  if (known->state != block_state::live) {
    bool const closed = known->state == block_state::closed;
    if (closed) ++frame.late_frees_;
    misuse bug{.kind = closed ? misuse_kind::outlived : misuse_kind::double_free, .address = block};
    checks->tell_of(*known, bug);
    return frame.report(bug, caller);
  }
  check_red_zone(frame, *known, caller);
  known->state = block_state::freed;
  std::size_t const whole = known->bytes + red_zone_bytes;
  {
    window const open{frame.engine_};
    // A block that is not its scope's newest waits, but nobody may touch it any more.
    if (!frame.engine_.free(depth, block, whole)) {
      make_dead(block, whole);
      if (known->bytes >= large_block_bytes) ++frame.late_frees_;  // as it is without checks
    }
  }
  block_ends(checks, block);
}

void frame_checks::free_late(frame_resource& frame, std::uint64_t serial, std::byte* block,
                             void const* caller) noexcept {
  visit const visit{frame, caller};
  frame_checks* const checks = visit.checks();
  if (visit.is_refused() || checks == nullptr) return;
  known_block const* const known = checks->book_.find(block);
  misuse bug{.kind = misuse_kind::foreign_block, .address = block};
  if (known != nullptr) {
    bool const freed = known->state == block_state::freed;
    if (!freed) ++frame.late_frees_;
    bug.kind = freed ? misuse_kind::double_free : misuse_kind::outlived;
    // A live one is somebody else's, who was handed its address.
    if (known->state == block_state::live) {
      checks->tell_of(serial, bug);
    } else {
      checks->tell_of(*known, bug);
    }
  }
  frame.report(bug, caller);
}

bool frame_checks::expand(frame_resource& frame, std::uint32_t depth, std::byte* block,
                          std::size_t old_bytes, std::size_t new_bytes,
                          void const* caller) noexcept {
  visit const visit{frame, caller};
  frame_checks* const checks = visit.checks();
  if (visit.is_refused() || checks == nullptr) return false;
  known_block* const known = checks->book_.find(block);
  std::size_t const from = std::max<std::size_t>(old_bytes, 1);
  std::size_t const to = std::max<std::size_t>(new_bytes, 1);
  bool const live = known != nullptr && known->state == block_state::live && known->bytes == from;
  // A block of 0 bytes has one already, which is no news to whoever may not expand it.
  bool const gains_nothing = to == from && new_bytes > old_bytes;
  if (!live || to > SIZE_MAX / 4 || gains_nothing) return false;
  check_red_zone(frame, *known, caller);
  window const open{frame.engine_};
  if (!frame.engine_.resize(depth, block, from + red_zone_bytes, to + red_zone_bytes)) return false;
  if (to > from) {
    make_live(block + from, to - from);
  } else {
    make_dead(block + to, from + red_zone_bytes - to);
  }
  make_red_zone(block + to);
  block_resized(checks, block, to);
  known->bytes = to;
  return true;
}

// Each overrun is reported once: the zone is whole again afterwards.
bool frame_checks::check_red_zone(frame_resource& frame, known_block const& block,
                                  void const* caller) noexcept {
  std::byte* const zone = block.address + block.bytes;
  if (is_red_zone_intact(zone)) return true;
  make_red_zone(zone);
  misuse bug{.kind = misuse_kind::overrun, .address = block.address};
  for (std::uint32_t d = 1; d <= frame.engine_.depth(); ++d) {
    if (frame.engine_.record(d).serial == block.serial) bug.opened = frame.engine_.record(d).where;
  }
  frame.report(bug, caller);
  return false;
}

// Checkpoints.

void frame_checks::before_opening(frame_resource& frame) {
  frame_checks* const checks = made(frame);
  if (checks == nullptr) throw std::bad_alloc();
  checks->book_.prepare(frame.engine_.depth() + 1);
  if (frame.engine_.depth() == 0) checks->own();
}

bool frame_checks::before_closing(frame_resource& frame, std::uint32_t depth, source_location where,
                                  void const* caller) noexcept {
  frame_checks* const checks = frame.checks_;
  if (checks == nullptr) return true;
  block_book& book = checks->book_;
  std::uint64_t const serial = frame.engine_.record(depth).serial;
  code_trace const trace = where ? code_trace{} : code_trace::from(caller);
  for (std::uint32_t d = frame.engine_.depth() + 1; d-- > depth;) {
    scope_record const& r = frame.engine_.record(d);
    std::uint64_t const closing =
        book.remember({.serial = r.serial, .opened = r.where, .closed = where, .closed_by = trace});
    if (d >= book.depth_count()) continue;
    auto& blocks = book.at(d);
    for (auto block = blocks.begin(); block != blocks.end();) {
      block->closing = closing;
      if (block->state != block_state::live || check_red_zone(frame, *block, caller)) {
        ++block;
        continue;
      }
      // The handler may have used the frame: what it changed is looked at afresh.
      if (!frame.engine_.is_open(serial, depth)) return false;
      block = blocks.begin();
    }
  }
  return true;
}

void frame_checks::after_closing(frame_resource& frame, std::uint32_t depth) noexcept {
  if (frame.checks_ == nullptr) return;
  block_book& book = frame.checks_->book_;
  for (std::uint32_t d = depth; frame.checks_->on_valgrind_ && d < book.depth_count(); ++d) {
    for (known_block const& block : book.at(d)) {
      if (block.state == block_state::live) block_ends(frame.checks_, block.address);
    }
  }
  book.close(depth);
}

void frame_checks::before_keeping(frame_resource& frame, std::uint32_t depth) noexcept {
  if (frame.checks_ == nullptr) return;
  for (std::uint32_t d = frame.engine_.depth(); d >= depth; --d) frame.checks_->book_.keep(d);
}

void frame_checks::tell(closed_scope const* scope, misuse& bug) noexcept {
  if (scope == nullptr) return;
  bug.opened = scope->opened;
  bug.closed = scope->closed;
  if (!scope->closed) bug.closed_at = scope->closed_by.culprit();
}

void frame_checks::tell_of(std::uint64_t serial, misuse& bug) const noexcept {
  tell(book_.find_scope(serial), bug);
}

void frame_checks::tell_of(known_block const& block, misuse& bug) const noexcept {
  // What a finalizer took while its scope was closing has no closing of its own.
  tell(block.closing != 0 ? book_.find_closing(block.closing) : book_.find_scope(block.serial),
       bug);
}

}  // namespace tidemark::detail
