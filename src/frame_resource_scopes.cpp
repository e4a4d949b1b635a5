// SPDX-License-Identifier: BSL-1.0

// The checkpoints of a frame.

#include <new>
#include <tidemark/frame_resource.hpp>

#include "frame_resource_checks.hpp"
#include "frame_resource_quarantine.hpp"
#include "scope_rules.hpp"

namespace tidemark {

using detail::frame_checks;
using detail::frame_engine;
using detail::frame_quarantine;
using detail::frame_scope_resource;
using detail::marker_access;
using detail::scope_binding;
using detail::scope_record;
using detail::scope_rules;
using window = frame_engine::window;

marker frame_resource::checkpoint_slow(bool scoped, source_location where) {
  frame_checks::visit const visit{*this, __builtin_return_address(0), where};
  if (visit.is_refused()) return {};
  if (engine_.depth() == frame_engine::max_depth) {
    throw resource_exhausted(name_, sizeof(scope_record), available_bytes());
  }
  window const open{engine_};
  if (quarantine_count_ != 0 && engine_.depth() == 0) frame_quarantine::before_outermost(*this);
  // Upstream may call back, and open checkpoints: all is looked at again after each request.
  while (engine_.needs_records() || engine_.needs_binding()) {
    if (engine_.depth() == frame_engine::max_depth) {
      throw resource_exhausted(name_, sizeof(scope_record), available_bytes());
    }
    engine_.needs_records() ? grow_records() : grow_bindings();
  }
  if (engine_.is_checked()) frame_checks::before_opening(*this);
  engine_.make_ready();
  std::uint64_t const serial = engine_.open(scoped, where);
  if (engine_.holds_all()) engine_.top().eventful = true;
  if (quarantine_count_ != 0 && engine_.depth() == 1) {
    engine_.top().eventful = true;
    engine_.space.fence();
  }
  return marker_access::make(serial, engine_.depth(), engine_.origin());
}

void frame_resource::grow_records() {
  std::uint32_t const count = engine_.next_record_count();
  void* const memory = obtain_bookkeeping(count * sizeof(scope_record));
  if (count > engine_.record_count()) engine_.use_records(memory, count);
}

void frame_resource::grow_bindings() {
  if (engine_.spare_deeper_bindings()) return;
  std::size_t const count = engine_.next_binding_count();
  auto* const fresh =
      static_cast<frame_scope_resource*>(obtain_bookkeeping(count * sizeof(frame_scope_resource)));
  for (std::size_t i = 0; i < count; ++i)
    engine_.add_spare(*::new (fresh + i) frame_scope_resource(*this, &bound_[0].pool()));
}

/// The frame as `scope_rules` sees it.
class frame_resource::ruled {
 public:
  explicit ruled(frame_resource& frame) noexcept : frame_(frame) {}
  detail::frame_engine& marks() const noexcept { return frame_.engine_; }
  void close(std::uint32_t depth, source_location where, void const* caller) const noexcept {
    frame_.rewind_to(depth, where, caller);
  }
  void keep(std::uint32_t depth) const noexcept { frame_.keep_to(depth); }
  void empty(std::uint32_t depth, source_location where, void const* caller) const noexcept {
    frame_.empty_to(depth, where, caller);
  }
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept {
    if (frame_.checks_ != nullptr) frame_.checks_->tell_of(serial, bug);
  }
  void report(misuse const& bug, void const* caller) const noexcept { frame_.report(bug, caller); }

 private:
  frame_resource& frame_;
};

void frame_resource::rewind_to(std::uint32_t depth, source_location where,
                               void const* caller) noexcept {
  if (engine_.is_checked() && !frame_checks::before_closing(*this, depth, where, caller)) return;
  {
    window const open{engine_};
    frame_quarantine::retirement const retiring{*this, depth, where, caller};
    engine_.rewind_to(depth);
  }
  if (engine_.is_checked()) frame_checks::after_closing(*this, depth);
  give_back_apart();
}

void frame_resource::keep_to(std::uint32_t depth) noexcept {
  if (engine_.is_checked()) frame_checks::before_keeping(*this, depth);
  window const open{engine_};
  engine_.keep_to(depth);
  if (depth == 1) engine_.space.lift_fence();
}

void frame_resource::empty_to(std::uint32_t depth, source_location where,
                              void const* caller) noexcept {
  if (engine_.is_checked() && !frame_checks::before_closing(*this, depth, where, caller)) return;
  {
    window const open{engine_};
    frame_quarantine::retirement const retiring{*this, depth, where, caller};
    engine_.empty(depth);
  }
  if (engine_.is_checked()) frame_checks::after_closing(*this, depth);
  give_back_apart();
}

void frame_resource::rewind_slow(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::rewind(pool, mark, where, caller);
}

void frame_resource::do_keep(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::keep(pool, mark, where, caller);
}

void frame_resource::end_scope_slow(marker mark, bool keep) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::end_scope(pool, mark, keep, caller);
}

void frame_resource::do_empty(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::empty(pool, mark, where, caller);
}

std::uint32_t frame_resource::do_depth_of(void const* block, std::size_t,
                                          std::size_t) const noexcept {
  if (engine_.space.main.holds(static_cast<std::byte const*>(block))) return engine_.depth();
  if (checks_ != nullptr && !checks_->is_live(block)) return freed_depth;
  auto const depth = engine_.depth_of(static_cast<std::byte const*>(block));
  return depth.value_or(freed_depth);
}

std::pmr::memory_resource* frame_resource::do_resource_of(marker mark) noexcept {
  ruled pool{*this};
  std::uint32_t const depth =
      scope_rules::checked_depth(pool, mark, {}, __builtin_return_address(0));
  if (depth == 0) return std::pmr::null_memory_resource();
  scope_binding& binding = *engine_.record(depth).binding;
  binding.handed_out = true;
  return &static_cast<frame_scope_resource&>(binding);
}

void frame_resource::report(misuse bug, void const* caller) const noexcept {
  bug.resource = name_;
  if (engine_.is_checked() && !bug.used) bug.used_at = detail::code_trace::from(caller).culprit();
  report_misuse(bug);
}

void frame_resource::refuse_closed(std::uint64_t serial, std::uint32_t depth, void const* caller) {
  ruled pool{*this};
  scope_rules::refuse_closed(pool, serial, depth, caller);
}

void frame_resource::require_open(marker mark) {
  if (do_is_open(mark)) return;
  refuse_closed(marker_access::serial(mark), marker_access::depth(mark),
                __builtin_return_address(0));
}

void frame_resource::require_lasting(frame_engine::tenure const& then) {
  // A constructor may have closed the scope it was called in, or emptied it.
  if (!engine_.lasts(then)) refuse_closed(then.serial, then.depth, __builtin_return_address(0));
}

}  // namespace tidemark
