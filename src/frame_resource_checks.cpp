// SPDX-License-Identifier: BSL-1.0
#include "frame_resource_checks.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <tidemark/detail/poison.hpp>

namespace tidemark::detail {

using window = frame_engine::window;

frame_checks* frame_checks::made(frame_resource& frame) noexcept {
  if (frame.checks_ == nullptr) {
    if (void* const memory = std::malloc(sizeof(frame_checks))) {
      frame.checks_ = ::new (memory) frame_checks;
    }
  }
  return frame.checks_;
}

void frame_checks::destroy(frame_checks* checks) noexcept {
  if (checks == nullptr) return;
  checks->~frame_checks();
  std::free(checks);
}

// Who may come in.

void frame_checks::visit::enter(frame_resource& frame, void const* caller,
                                source_location used) noexcept {
  frame_checks* const checks = made(frame);
  if (checks == nullptr) return;  // without memory to check with, the call goes on unchecked
  std::thread::id const self = std::this_thread::get_id();
  // Acquire pairs with the release of the former visitor: a leased frame changes threads this way.
  std::thread::id nobody{};
  bool const entered =
      checks->inside_.compare_exchange_strong(nobody, self, std::memory_order_acquire);
  bool const nested = !entered && nobody == self;
  bool const owned =
      frame.owner_ == frame_owner::lease || frame.engine_.depth() == 0 || checks->owner_ == self;
  if (entered) entered_ = checks;
  if ((entered || nested) && owned) return;
  refused_ = true;
  // At depth 0 nobody owns the frame, but two at once is wrong there, too.
  bool const two_at_once = !entered && !nested;
  frame.report({.kind = two_at_once ? misuse_kind::concurrent_use : misuse_kind::wrong_thread,
                .opened = two_at_once ? source_location{} : frame.engine_.record(1).where,
                .used = used},
               caller);
}

// Blocks.

void* frame_checks::allocate(frame_resource& frame, std::uint32_t depth, std::size_t bytes,
                             std::size_t alignment, void const* caller) {
  visit const visit{frame, caller};
  if (visit.is_refused()) throw std::bad_alloc();
  frame_checks* const checks = made(frame);
  if (checks == nullptr) throw std::bad_alloc();
  checks->book_.prepare(depth);
  std::size_t const live = std::max<std::size_t>(bytes, 1);
  // Sizes near SIZE_MAX go on as they are, to be refused as they are.
  bool const roomy = live <= SIZE_MAX / 4;
  window const open{frame.engine_};
  void* const block = frame.take_at(depth, roomy ? live + red_zone_bytes : bytes, alignment);
  make_live(block, live);
  make_red_zone(static_cast<std::byte*>(block) + live);
  checks->book_.add(static_cast<std::byte*>(block), live, depth,
                    frame.engine_.record(depth).serial);
  return block;
}

void frame_checks::free(frame_resource& frame, std::uint32_t depth, std::byte* block,
                        std::size_t bytes, void const* caller) noexcept {
  visit const visit{frame, caller};
  if (visit.is_refused()) return;
  frame_checks* const checks = made(frame);
  known_block* const known = checks != nullptr ? checks->book_.find(block) : nullptr;
  misuse bug{.address = block};
  if (known == nullptr) {
    bug.kind = misuse_kind::foreign_block;
    return frame.report(bug, caller);
  }
  if (known->state != block_state::live) {
    if (known->state == block_state::closed) ++frame.late_frees_;
    bug.kind =
        known->state == block_state::closed ? misuse_kind::outlived : misuse_kind::double_free;
    checks->tell_of(known->serial, bug);
    return frame.report(bug, caller);
  }
  if (std::max<std::size_t>(bytes, 1) != known->bytes) {  // another size is another block
    bug.kind = misuse_kind::foreign_block;
    return frame.report(bug, caller);
  }
  check_red_zone(frame, *known, caller);
  known->state = block_state::freed;
  std::size_t const whole = known->bytes + red_zone_bytes;
  window const open{frame.engine_};
  // A block that is not its scope's newest waits, but nobody may touch it any more.
  if (!frame.engine_.free(depth, block, whole)) make_dead(block, whole);
}

bool frame_checks::expand(frame_resource& frame, std::uint32_t depth, std::byte* block,
                          std::size_t old_bytes, std::size_t new_bytes,
                          void const* caller) noexcept {
  visit const visit{frame, caller};
  if (visit.is_refused()) return false;
  frame_checks* const checks = made(frame);
  known_block* const known = checks != nullptr ? checks->book_.find(block) : nullptr;
  std::size_t const from = std::max<std::size_t>(old_bytes, 1);
  std::size_t const to = std::max<std::size_t>(new_bytes, 1);
  bool const live = known != nullptr && known->state == block_state::live && known->bytes == from;
  if (!live || to > SIZE_MAX / 4) return false;
  check_red_zone(frame, *known, caller);
  window const open{frame.engine_};
  if (!frame.engine_.resize(depth, block, from + red_zone_bytes, to + red_zone_bytes)) return false;
  if (to > from) {
    make_live(block + from, to - from);
  } else {
    make_dead(block + to, from + red_zone_bytes - to);
  }
  make_red_zone(block + to);
  known->bytes = to;
  return true;
}

void frame_checks::check_red_zone(frame_resource& frame, known_block const& block,
                                  void const* caller) noexcept {
  std::byte* const zone = block.address + block.bytes;
  if (is_red_zone_intact(zone)) return;
  misuse bug{.kind = misuse_kind::overrun, .address = block.address};
  for (std::uint32_t d = 1; d <= frame.engine_.depth(); ++d) {
    if (frame.engine_.record(d).serial == block.serial) bug.opened = frame.engine_.record(d).where;
  }
  frame.report(bug, caller);
}

// Checkpoints.

void frame_checks::before_opening(frame_resource& frame) {
  frame_checks* const checks = made(frame);
  if (checks == nullptr) throw std::bad_alloc();
  checks->book_.prepare(frame.engine_.depth() + 1);
  if (frame.engine_.depth() == 0) checks->owner_ = std::this_thread::get_id();
}

void frame_checks::before_closing(frame_resource& frame, std::uint32_t depth, source_location where,
                                  void const* caller) noexcept {
  frame_checks* const checks = frame.checks_;
  if (checks == nullptr) return;
  code_trace const trace = code_trace::from(caller);
  for (std::uint32_t d = frame.engine_.depth() + 1; d-- > depth;) {
    scope_record const& r = frame.engine_.record(d);
    checks->book_.remember(
        {.serial = r.serial, .opened = r.where, .closed = where, .closed_by = trace});
    if (d >= checks->book_.depth_count()) continue;
    for (known_block const& block : checks->book_.at(d)) {
      if (block.state == block_state::live) check_red_zone(frame, block, caller);
    }
  }
}

void frame_checks::after_closing(frame_resource& frame, std::uint32_t depth) noexcept {
  if (frame.checks_ != nullptr) frame.checks_->book_.close(depth);
}

void frame_checks::before_keeping(frame_resource& frame, std::uint32_t depth) noexcept {
  if (frame.checks_ == nullptr) return;
  for (std::uint32_t d = frame.engine_.depth(); d >= depth; --d) frame.checks_->book_.keep(d);
}

void frame_checks::tell_of(std::uint64_t serial, misuse& bug) const noexcept {
  closed_scope const* const scope = book_.find_scope(serial);
  if (scope == nullptr) return;
  bug.opened = scope->opened;
  bug.closed = scope->closed;
  if (!scope->closed) bug.closed_at = scope->closed_by.culprit();
}

}  // namespace tidemark::detail
