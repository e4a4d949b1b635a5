// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <bit>
#include <new>
#include <tidemark/typed_stack_resource.hpp>

#include "frame_resource_checks.hpp"

namespace tidemark {

using detail::chunk;
using detail::chunk_request;
using detail::frame_checks;
using detail::lane;
using detail::lane_set;
using detail::lane_type;
using detail::marker_access;

namespace {

frame_options frame_part(typed_stack_options const& options) noexcept {
  return {.name = options.name,
          .initial_bytes = options.initial_bytes,
          .max_chunk_bytes = options.max_chunk_bytes,
          .limit_bytes = options.limit_bytes,
          .recycle_outgrown = options.recycle_outgrown,
          .quarantine_count = options.quarantine_count,
          .owner = options.owner,
          .check = options.check};
}

bool is_reserved(page_resource const* pages) noexcept {
  return pages != nullptr && pages->options().reserve_bytes != 0;
}

}  // namespace

typed_stack_options typed_stack_resource::as_stack_options(frame_options const& options) noexcept {
  return {.name = options.name,
          .initial_bytes = options.initial_bytes,
          .max_chunk_bytes = options.max_chunk_bytes,
          .limit_bytes = options.limit_bytes,
          .recycle_outgrown = options.recycle_outgrown,
          .quarantine_count = options.quarantine_count,
          .owner = options.owner,
          .check = options.check};
}

typed_stack_resource::typed_stack_resource(typed_stack_options const& options,
                                           std::pmr::memory_resource* upstream) noexcept
    : lanes_(options.initial_bytes, options.max_chunk_bytes),
      bytes_(frame_part(options), upstream, this),
      // A frame knows how to check, to retire and to grow where it is; a lane does not.
      arrays_beside_(engine().is_checked() || !options.pooled || bytes_.quarantine_count_ != 0 ||
                     is_reserved(bytes_.pages_)),
      require_scope_(options.require_scope) {
  engine().use_lanes(lanes_);
  if (!options.pooled) engine().space.keep_apart();
  if (arrays_beside_) lanes_.hold(true);
}

typed_stack_resource::typed_stack_resource(void* buffer, std::size_t bytes,
                                           std::pmr::memory_resource* upstream) noexcept
    : typed_stack_resource(typed_stack_options{}, upstream) {
  if (buffer == nullptr) return;
  bytes_.adopt_buffer(buffer, bytes);
  arrays_beside_ = true;
  lanes_.hold(true);
}

// A trace would be told of checkpoints that nobody closed.
typed_stack_resource::~typed_stack_resource() { trace_ = nullptr; }

void* typed_stack_resource::try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  try {
    return allocate(bytes, alignment);
  } catch (...) {  // whatever upstream throws: there is no memory
    return nullptr;
  }
}

// Arrays.

void* typed_stack_resource::take_slow(lane_type& type, std::size_t count) {
  // The first touch of a lane is the common case.
  lane& l = lanes_.find(type.number.load(std::memory_order_relaxed));
  std::size_t const left = static_cast<std::size_t>(l.end - l.cursor) / type.element_bytes;
  bool const plain = depth() != 0 && !engine().holds_all() && !arrays_beside_;
  if (plain && count - 1 < left && !lanes_.needs_journal()) [[likely]] {
    lanes_.touch(l, engine().top_serial(), depth());
    return std::exchange(l.cursor, l.cursor + detail::array_bytes(count, type.element_bytes));
  }
  return take_unprepared(type, count, __builtin_return_address(0));
}

void* typed_stack_resource::take_unprepared(lane_type& type, std::size_t count,
                                            void const* caller) {
  frame_checks::visit const visit{bytes_, caller};
  if (visit.is_refused()) throw std::bad_alloc();
  if (require_scope_) require_open_scope();
  std::size_t const least = std::max<std::size_t>(count, 1);  // of none has an address, too
  if (least > SIZE_MAX / type.element_bytes) throw std::bad_array_new_length();
  lane& l = lane_of(type);
  if (depth() != 0) {
    reserve_journal(1);
    lanes_.touch(l, engine().top_serial(), depth());
  }
  std::size_t const bytes = least * type.element_bytes;
  void* const array = take_from(l, bytes, caller);
  if (depth() == 0) note_unscoped(l);
  if (trace_ != nullptr) {
    tell({.what = stack_event::action::acquire,
          .depth = depth(),
          .lane = type.name,
          .bytes = bytes});
  }
  return array;
}

void* typed_stack_resource::take_from(lane& l, std::size_t bytes, void const* caller) {
  bool const has_lane = !arrays_beside_ && l.type->alignment() <= detail::chunk_alignment;
  chunk_request wanted;
  while (has_lane) {
    if (std::byte* const array = lanes_.take(l, bytes, wanted)) return array;
    if (wanted.payload_bytes == 0) break;
    chunk& fresh = *bytes_.obtain_fitting(wanted, bytes);
    lanes_.give(l, fresh, wanted);
  }
  void* const array = bytes_.allocate_at(depth(), bytes, l.type->alignment(), caller);
  l.note_peak();
  l.beside_bytes += bytes;
  return array;
}

void* typed_stack_resource::take_below(marker mark, lane_type& type, std::size_t count) {
  std::size_t const least = std::max<std::size_t>(count, 1);
  if (least > SIZE_MAX / type.element_bytes) throw std::bad_array_new_length();
  std::size_t const bytes = least * type.element_bytes;
  void* const array = bytes_.allocate_below(mark, bytes, type.alignment());
  if (trace_ != nullptr) {
    tell({.what = stack_event::action::acquire,
          .depth = marker_access::depth(mark),
          .lane = type.name,
          .bytes = bytes});
  }
  return array;
}

void typed_stack_resource::note_unscoped(lane& l) noexcept {
  std::size_t const count = ++l.unscoped_arrays;
  if (growth_ == nullptr || count < stack_growth::first_count || !std::has_single_bit(count))
    return;
  growth_({.resource = name(),
           .lane = l.type->name,
           .array_count = count,
           .bytes_in_use = l.used_bytes()},
          growth_context_);
}

void typed_stack_resource::require_open_scope() const {
  if (depth() != 0) return;
  bytes_.report({.kind = misuse_kind::no_scope}, __builtin_return_address(0));
  throw std::bad_alloc();
}

lane& typed_stack_resource::lane_of(lane_type& type) {
  std::uint32_t const number = detail::number_of(type);
  // Upstream may use the stack that asks it: after each call everything is looked at afresh.
  if (lanes_.is_missing(number)) {
    if (lanes_.needs_table(number)) {
      std::size_t const size = lane_set::table_size_for(number);
      void* const memory = bytes_.obtain_bookkeeping(size * sizeof(lane*));
      if (lanes_.needs_table(number)) lanes_.use_table(memory, size);
    }
    void* const memory = bytes_.obtain_bookkeeping(sizeof(lane));
    if (lanes_.is_missing(number)) lanes_.add(memory, number);
  }
  lane& l = lanes_.find(number);
  l.type = &type;
  return l;
}

void typed_stack_resource::reserve_journal(std::size_t more) {
  while (lanes_.needs_journal(more)) {
    std::size_t const size = lanes_.journal_size_for(more);
    void* const memory = bytes_.obtain_bookkeeping(size * sizeof(detail::lane_save));
    if (lanes_.journal_size_for(more) <= size) lanes_.use_journal(memory, size);
  }
}

// Checkpoints.

// Asked before lanes are made for a thread that a checked stack will refuse.
bool typed_stack_resource::may_enter(source_location where) noexcept {
  return !frame_checks::visit{bytes_, __builtin_return_address(0), where}.is_refused();
}

marker typed_stack_resource::checkpoint_all(source_location where) {
  if (engine().is_checked() && !may_enter(where)) return {};
  std::size_t count = 0;
  lanes_.for_each([&](lane const&) { ++count; });
  reserve_journal(count);
  marker const mark = do_checkpoint(false, where);
  // Refused; or upstream, asked for the record, has used the room: lanes are saved when touched.
  count = 0;
  lanes_.for_each([&](lane const&) { ++count; });
  if (mark == marker{} || lanes_.needs_journal(count)) return mark;
  lanes_.for_each([&](lane& l) { lanes_.touch(l, engine().top_serial(), depth()); });
  return mark;
}

marker typed_stack_resource::checkpoint_slow(bool scoped, source_location where) {
  if (depth() == 0 && trim_requested_.exchange(false, std::memory_order_relaxed)) {
    trim_to_recent();
  }
  marker const mark = bytes_.do_checkpoint(scoped, where);
  if (trace_ != nullptr && mark != marker{}) {
    tell({.what = stack_event::action::open, .depth = depth(), .where = where});
  }
  return mark;
}

void typed_stack_resource::rewind_slow(marker mark, source_location where) noexcept {
  std::uint32_t const former = depth();
  bytes_.rewind_slow(mark, where);
  tell_closed(former);
}

void typed_stack_resource::end_scope_slow(marker mark, bool keep) noexcept {
  std::uint32_t const former = depth();
  bytes_.end_scope_slow(mark, keep);
  tell_closed(former);
}

void typed_stack_resource::do_keep(marker mark, source_location where) noexcept {
  std::uint32_t const former = depth();
  bytes_.do_keep(mark, where);
  tell_closed(former);
}

void typed_stack_resource::do_empty(marker mark, source_location where) noexcept {
  std::uint32_t const former = depth();
  bytes_.do_empty(mark, where);
  tell_closed(former);
}

// Memory as a whole.

void typed_stack_resource::reset() noexcept {
  std::uint32_t const former = depth();
  bytes_.reset_slow();
  tell_closed(former);
}

void typed_stack_resource::release() noexcept {
  std::uint32_t const former = depth();
  bytes_.release();
  tell_closed(former);
}

std::size_t typed_stack_resource::trim_lane(lane_type& type) noexcept {
  frame_checks::visit const visit{bytes_, __builtin_return_address(0)};
  std::uint32_t const number = type.number.load(std::memory_order_relaxed);
  if (visit.is_refused() || lanes_.is_missing(number)) return 0;
  std::size_t const before = bytes_.reserved_bytes_;
  bytes_.give_back_all(lanes_.find(number).take_idle());
  return before - bytes_.reserved_bytes_;
}

void typed_stack_resource::trim_to_recent() noexcept {
  frame_checks::visit const visit{bytes_, __builtin_return_address(0)};
  if (visit.is_refused()) return;
  bytes_.give_back_all(lanes_.take_idle_since_last());
  bytes_.trim_to_recent();
}

resource_stats typed_stack_resource::stats() const noexcept {
  resource_stats sum = bytes_.stats();
  lanes_.for_each([&](lane const& l) {
    sum.bytes_in_use += l.chain_bytes();
    sum.bytes_peak += l.chain_peak();
  });
  return sum;
}

typed_stack_stats typed_stack_resource::stats_by_lane() const {
  typed_stack_stats all{.total = stats()};
  resource_stats const blocks = bytes_.stats();
  lane_stats const bytes{.element = "bytes",
                         .bytes_in_use = blocks.bytes_in_use,
                         .bytes_peak = blocks.bytes_peak,
                         .bytes_reserved = blocks.bytes_reserved,
                         .chunk_count = blocks.chunk_count};
  all.lanes.push_back(bytes);
  lanes_.for_each([&](lane const& l) {
    lane_stats const one{.element = l.type->name,
                         .bytes_in_use = l.used_bytes(),
                         .bytes_peak = l.peak(),
                         .bytes_reserved = l.reserved_bytes(),
                         .chunk_count = l.chunk_count()};
    all.lanes.front().bytes_reserved -= one.bytes_reserved;
    all.lanes.front().chunk_count -= one.chunk_count;
    all.lanes.push_back(one);
  });
  return all;
}

// Who listens.

void typed_stack_resource::set_trace_handler(stack_trace_handler handler, void* context) noexcept {
  trace_ = handler;
  trace_context_ = context;
  engine().hold_all(handler != nullptr);
  lanes_.hold(handler != nullptr || arrays_beside_);
}

void typed_stack_resource::set_growth_handler(stack_growth_handler handler,
                                              void* context) noexcept {
  growth_ = handler;
  growth_context_ = context;
}

void typed_stack_resource::tell(stack_event event) const noexcept {
  event.bytes_in_use = stats().bytes_in_use;
  trace_(event, trace_context_);
}

void typed_stack_resource::tell_closed(std::uint32_t former_depth) const noexcept {
  if (trace_ == nullptr) return;
  for (std::uint32_t d = former_depth; d > depth(); --d) {
    tell({.what = stack_event::action::close, .depth = d});
  }
}

}  // namespace tidemark
