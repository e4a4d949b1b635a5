// SPDX-License-Identifier: BSL-1.0

// The checkpoints of a frame: who may close what, and what is reported instead.

#include <algorithm>
#include <new>
#include <tidemark/frame_resource.hpp>

#include "frame_resource_checks.hpp"
#include "frame_resource_quarantine.hpp"

namespace tidemark {

using detail::frame_checks;
using detail::frame_engine;
using detail::frame_quarantine;
using detail::frame_scope_resource;
using detail::marker_access;
using detail::scope_binding;
using detail::scope_record;
using window = frame_engine::window;

marker frame_resource::checkpoint_slow(bool scoped, source_location where) {
  frame_checks::visit const visit{*this, __builtin_return_address(0), where};
  if (visit.is_refused()) return {};
  if (engine_.depth() == frame_engine::max_depth) {
    throw resource_exhausted(name_, sizeof(scope_record), available_bytes());
  }
  if (engine_.is_checked()) frame_checks::before_opening(*this);
  window const open{engine_};
  if (quarantine_count_ != 0 && engine_.depth() == 0) frame_quarantine::before_outermost(*this);
  if (engine_.needs_records()) grow_records();
  if (engine_.needs_binding()) grow_bindings();
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
  std::uint32_t const count = std::min(2 * engine_.record_count() + 6, frame_engine::max_depth + 1);
  engine_.use_records(obtain_bookkeeping(count * sizeof(scope_record)), count);
}

void frame_resource::grow_bindings() {
  if (engine_.spare_deeper_bindings()) return;
  std::size_t const count = std::clamp<std::size_t>(engine_.record_count(), 16, 1024);
  auto* const fresh =
      static_cast<frame_scope_resource*>(obtain_bookkeeping(count * sizeof(frame_scope_resource)));
  for (std::size_t i = 0; i < count; ++i)
    engine_.add_spare(*::new (fresh + i) frame_scope_resource(*this, &bound_[0].pool()));
}

std::uint32_t frame_resource::checked_depth(marker mark, source_location where,
                                            void const* caller) noexcept {
  std::uint64_t const serial = marker_access::serial(mark);
  if (engine_.is_open(serial, marker_access::depth(mark))) return marker_access::depth(mark);
  bool const foreign = serial != 0 && marker_access::origin(mark) != engine_.origin();
  misuse bug{.kind = foreign ? misuse_kind::foreign_marker : misuse_kind::stale_marker,
             .used = where};
  if (checks_ != nullptr) checks_->tell_of(serial, bug);
  report(bug, caller);
  return 0;
}

bool frame_resource::closable(std::uint32_t depth, source_location where,
                              void const* caller) noexcept {
  frame_engine::obstacle const found = engine_.blocker(depth);
  if (!found) return true;
  scope_record const& named = found.in_finalizer ? engine_.record(depth) : *found.scope;
  report({.kind = found.in_finalizer ? misuse_kind::rewind_in_finalizer : misuse_kind::out_of_order,
          .opened = named.where,
          .used = where},
         caller);
  return false;
}

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

void frame_resource::close_ended(void const* caller) noexcept {
  while (frame_engine::ended_scope const ended = engine_.next_ended()) {
    if (ended.how == detail::scope_end::keep) {
      keep_to(ended.depth);
    } else {
      rewind_to(ended.depth, {}, caller);
    }
  }
}

void frame_resource::rewind_slow(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  std::uint32_t const depth = checked_depth(mark, where, caller);
  if (depth == 0 || !closable(depth, where, caller)) return;
  rewind_to(depth, where, caller);
  close_ended(caller);
}

void frame_resource::do_keep(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  std::uint32_t const depth = checked_depth(mark, where, caller);
  if (depth == 0 || !closable(depth, where, caller)) return;
  keep_to(depth);
  close_ended(caller);
}

void frame_resource::end_scope_slow(marker mark, bool keep) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller};
  if (visit.is_refused()) return;
  if (!do_is_open(mark)) return;  // a reset of the pool closed it, which is no error
  std::uint32_t const depth = marker_access::depth(mark);
  if (!closable(depth, {}, caller)) {
    engine_.end_later(depth, keep ? detail::scope_end::keep : detail::scope_end::rewind);
    return;
  }
  if (keep) {
    keep_to(depth);
  } else {
    rewind_to(depth, {}, caller);
  }
  close_ended(caller);
}

void frame_resource::do_empty(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  std::uint32_t const depth = marker_access::depth(mark);
  if (!do_is_open(mark)) {
    return report_closed(mark, where, caller);
  }
  if (!closable(depth, where, caller)) return;
  if (engine_.is_checked() && !frame_checks::before_closing(*this, depth, where, caller)) return;
  {
    window const open{engine_};
    frame_quarantine::retirement const retiring{*this, depth, where, caller};
    engine_.empty(depth);
  }
  if (engine_.is_checked()) frame_checks::after_closing(*this, depth);
  give_back_apart();
  close_ended(caller);
}

bool frame_resource::do_is_open(marker mark) const noexcept {
  return engine_.is_open(marker_access::serial(mark), marker_access::depth(mark));
}

std::pmr::memory_resource* frame_resource::do_resource_of(marker mark) noexcept {
  std::uint32_t const depth = checked_depth(mark, {}, __builtin_return_address(0));
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

void frame_resource::report_closed(marker mark, source_location where,
                                   void const* caller) const noexcept {
  std::uint64_t const serial = marker_access::serial(mark);
  std::uint32_t const depth = marker_access::depth(mark);
  misuse bug{.kind = misuse_kind::scope_closed, .used = where};
  // A closed record keeps its place, and its binding the serial, until the next one at its depth.
  scope_binding const* const last =
      depth < engine_.record_count() ? engine_.record(depth).binding : nullptr;
  if (last != nullptr && last->serial == serial) bug.opened = engine_.record(depth).where;
  if (checks_ != nullptr) checks_->tell_of(serial, bug);
  report(bug, caller);
}

void frame_resource::refuse_closed(std::uint64_t serial, std::uint32_t depth,
                                   void const* caller) const {
  report_closed(marker_access::make(serial, depth, engine_.origin()), {}, caller);
  throw std::bad_alloc();
}

void frame_resource::require_open(marker mark) const {
  if (do_is_open(mark)) return;
  refuse_closed(marker_access::serial(mark), marker_access::depth(mark),
                __builtin_return_address(0));
}

void frame_resource::require_lasting(frame_engine::tenure const& then) const {
  // A constructor may have closed the scope it was called in, or emptied it.
  if (!engine_.lasts(then)) refuse_closed(then.serial, then.depth, __builtin_return_address(0));
}

}  // namespace tidemark
