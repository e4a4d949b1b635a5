// SPDX-License-Identifier: BSL-1.0

// The checkpoints of a frame: who may close what, and what is reported instead.

#include <algorithm>
#include <new>
#include <tidemark/frame_resource.hpp>

namespace tidemark {

using detail::frame_engine;
using detail::frame_scope_resource;
using detail::marker_access;
using detail::scope_binding;
using detail::scope_record;
using window = frame_engine::window;

marker frame_resource::checkpoint_slow(bool scoped, source_location where) {
  if (engine_.depth() == frame_engine::max_depth) {
    throw resource_exhausted(name_, sizeof(scope_record), available_bytes());
  }
  window const open{engine_};
  if (engine_.needs_records()) grow_records();
  if (engine_.needs_binding()) grow_bindings();
  engine_.make_ready();
  std::uint64_t const serial = engine_.open(scoped, where);
  if (engine_.is_checked()) engine_.top().eventful = true;
  return marker_access::make(serial, engine_.depth(), engine_.origin());
}

void frame_resource::grow_records() {
  std::uint32_t const count = std::min(2 * engine_.record_count() + 6, frame_engine::max_depth + 1);
  engine_.use_records(obtain_bookkeeping(count * sizeof(scope_record)), count);
}

void frame_resource::grow_bindings() {
  std::size_t const count = std::clamp<std::size_t>(engine_.record_count(), 16, 1024);
  auto* const fresh =
      static_cast<frame_scope_resource*>(obtain_bookkeeping(count * sizeof(frame_scope_resource)));
  for (std::size_t i = 0; i < count; ++i)
    engine_.add_spare(*::new (fresh + i) frame_scope_resource(*this));
}

std::uint32_t frame_resource::checked_depth(marker mark, source_location where) noexcept {
  std::uint64_t const serial = marker_access::serial(mark);
  if (engine_.is_open(serial, marker_access::depth(mark))) return marker_access::depth(mark);
  bool const foreign = serial != 0 && marker_access::origin(mark) != engine_.origin();
  report(foreign ? misuse_kind::foreign_marker : misuse_kind::stale_marker, {}, where);
  return 0;
}

bool frame_resource::closable(std::uint32_t depth, source_location where) noexcept {
  frame_engine::obstacle const found = engine_.blocker(depth);
  if (!found) return true;
  if (found.in_finalizer) {
    report(misuse_kind::rewind_in_finalizer, engine_.record(depth).where, where);
  } else {
    report(misuse_kind::out_of_order, found.scope->where, where);
  }
  return false;
}

void frame_resource::rewind_slow(marker mark, source_location where) noexcept {
  std::uint32_t const depth = checked_depth(mark, where);
  if (depth == 0 || !closable(depth, where)) return;
  window const open{engine_};
  engine_.rewind_to(depth);
  engine_.close_ended();
}

void frame_resource::do_keep(marker mark, source_location where) noexcept {
  std::uint32_t const depth = checked_depth(mark, where);
  if (depth == 0 || !closable(depth, where)) return;
  window const open{engine_};
  engine_.keep_to(depth);
  engine_.close_ended();
}

void frame_resource::end_scope_slow(marker mark, bool keep) noexcept {
  if (!do_is_open(mark)) return;  // a reset of the pool closed it, which is no error
  std::uint32_t const depth = marker_access::depth(mark);
  if (!closable(depth, {})) {
    engine_.end_later(depth, keep ? detail::scope_end::keep : detail::scope_end::rewind);
    return;
  }
  window const open{engine_};
  if (keep) {
    engine_.keep_to(depth);
  } else {
    engine_.rewind_to(depth);
  }
  engine_.close_ended();
}

void frame_resource::do_empty(marker mark, source_location where) noexcept {
  std::uint32_t const depth = marker_access::depth(mark);
  if (!do_is_open(mark)) {
    return report(misuse_kind::scope_closed, opened_at(marker_access::serial(mark), depth), where);
  }
  if (!closable(depth, where)) return;
  window const open{engine_};
  engine_.empty(depth);
  engine_.close_ended();
}

bool frame_resource::do_is_open(marker mark) const noexcept {
  return engine_.is_open(marker_access::serial(mark), marker_access::depth(mark));
}

std::pmr::memory_resource* frame_resource::do_resource_of(marker mark) noexcept {
  std::uint32_t const depth = checked_depth(mark, {});
  if (depth == 0) return std::pmr::null_memory_resource();
  scope_binding& binding = *engine_.record(depth).binding;
  binding.handed_out = true;
  return &static_cast<frame_scope_resource&>(binding);
}

void frame_resource::report(misuse_kind kind, source_location opened, source_location used,
                            void const* address) const noexcept {
  report_misuse(
      {.kind = kind, .resource = name_, .opened = opened, .used = used, .address = address});
}

source_location frame_resource::opened_at(std::uint64_t serial,
                                          std::uint32_t depth) const noexcept {
  // A closed record keeps its place, and its binding the serial, until the next one at its depth.
  scope_binding const* const last =
      depth < engine_.record_count() ? engine_.record(depth).binding : nullptr;
  bool const known = last != nullptr && last->serial == serial;
  return known ? engine_.record(depth).where : source_location{};
}

void frame_resource::refuse_closed(std::uint64_t serial, std::uint32_t depth) const {
  report(misuse_kind::scope_closed, opened_at(serial, depth), {});
  throw std::bad_alloc();
}

void frame_resource::link_at(std::uint64_t serial, std::uint32_t depth, detail::finalizer& node) {
  if (!engine_.is_open(serial, depth)) {  // the constructor closed the scope it was made in
    refuse_closed(serial, depth);
  }
  engine_.link(depth, node);
}

}  // namespace tidemark
