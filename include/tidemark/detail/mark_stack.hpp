// SPDX-License-Identifier: BSL-1.0
#pragma once

// The open checkpoints of one pool, whatever memory they stand for.
//
//   depth_ = 2    record[0]   record[1]   record[2] = top     record[3] ... ready, or not there yet
//
// The stack validates nothing: its owner asks `is_open` and `blocker` first, and reports.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. record[1..depth_] are open, serials strictly rise; record[0] is the pool itself.
//     A closed record has serial 0; its binding keeps the serial until the next one.
//  2. top_serial_ and top_ are those of record[depth_].
//  3. `push` may be called while depth_ < ready_depth_: the record and its binding are there.
//  4. Of a pool that holds all its checkpoints ready_depth_ is 0: every inline half then ends in
//     its slow one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <tidemark/detail/mark_record.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <tidemark/detail/serial_source.hpp>
#include <utility>

namespace tidemark::detail {

template <class Record>
class mark_stack {
 public:
  using record_type = Record;
  static constexpr std::uint32_t max_depth = 32767;
  static constexpr std::uint32_t inline_records = 5;  // depth 4 asks upstream for nothing

  /// `held`: every checkpoint is opened and closed by the slow halves, always.
  explicit mark_stack(bool held) noexcept : held_(held) {}
  mark_stack(mark_stack const&) = delete;
  mark_stack& operator=(mark_stack const&) = delete;

  std::uint32_t depth() const noexcept { return depth_; }
  std::uint64_t top_serial() const noexcept { return top_serial_; }
  std::uint32_t origin() const noexcept { return serials_.origin(); }
  Record& top() const noexcept { return *top_; }
  Record& record(std::uint32_t depth) const noexcept { return records_[depth]; }
  bool is_open(std::uint64_t serial, std::uint32_t depth) const noexcept {
    return depth <= depth_ && records_[depth].serial == serial;
  }
  bool is_open(scope_binding const& binding) const noexcept {
    return records_[binding.depth].serial == binding.serial;
  }
  /// Thread safety: Any thread.
  std::size_t closed_from_below() const noexcept { return closed_from_below_.get(); }

  bool can_open() const noexcept { return depth_ < ready_depth_; }
  /// Opens a checkpoint. Preconditions: can_open(), or make_ready() was called.
  Record& push(bool scoped, source_location where) noexcept {
    Record& r = records_[++depth_];
    r.serial = top_serial_ = serials_.take();
    r.where = where;
    r.scoped = scoped;
    r.eventful = false;
    r.binding->serial = r.serial;
    r.binding->handed_out = false;  // by an earlier checkpoint at this depth
    top_ = &r;
    return r;
  }
  /// Closes the top record. Preconditions: it is not eventful.
  void pop_plain() noexcept {
    top_->serial = 0;
    top_ = &records_[--depth_];
    top_serial_ = top_->serial;
  }

  /// Whether every checkpoint, the open ones included, is opened and closed by the slow halves.
  void hold_all(bool held) noexcept {
    held_ = held;
    for (std::uint32_t d = 0; held && d <= depth_; ++d) records_[d].eventful = true;
    update_ready();
  }
  bool holds_all() const noexcept { return held_; }
  /// From now on the outermost checkpoint is.
  void hold_outermost() noexcept {
    outermost_is_slow_ = records_[0].eventful = true;
    update_ready();
  }

  // The bookkeeping that `push` needs; memory for it comes from the owner.
  bool needs_records() const noexcept { return depth_ + 1 >= record_count_; }
  bool needs_binding() const noexcept {
    return records_[depth_ + 1].binding == nullptr && spare_.first == nullptr;
  }
  std::uint32_t record_count() const noexcept { return record_count_; }
  /// What `use_records` wants next.
  std::uint32_t next_record_count() const noexcept {
    return std::min(2 * record_count_ + 6, max_depth + 1);
  }
  std::size_t next_binding_count() const noexcept {
    return std::clamp<std::size_t>(record_count_, 16, 1024);
  }
  /// Preconditions: count > record_count(); `memory` is uninitialised and outlives the stack.
  void use_records(void* memory, std::uint32_t count) noexcept;
  void add_spare(scope_binding& spare) noexcept { spare_.push(spare); }
  /// Makes spare what records above the next one have, which serves nobody. Without it a frame that
  /// follows a deeper one could lack what that one did not.
  /// Returns:       Whether there is a spare one now.
  bool spare_deeper_bindings() noexcept;
  /// Gives record `depth` its first binding; that of record 0 means "no checkpoint".
  void bind(std::uint32_t depth, scope_binding& binding) noexcept;
  /// Gives the next record a binding. Preconditions: needs_records() and needs_binding() are false.
  void make_ready() noexcept;

  /// What forbids closing `depth` and all above it; null if nothing does. A scope that is open
  /// above it does, and a finalizer of it or of what it encloses that is running.
  struct obstacle {
    bool in_finalizer = false;
    Record const* scope = nullptr;
    explicit operator bool() const noexcept { return in_finalizer || scope != nullptr; }
  };
  obstacle blocker(std::uint32_t depth) const noexcept;
  bool in_finalizer() const noexcept { return finalizing_ != 0; }

  /// The scope object of an open record is gone, but another scope is open above it.
  void end_later(std::uint32_t depth, scope_end how) noexcept;
  /// The next record that `end_later` left and nothing holds open any more; depth 0: none.
  struct ended_scope {
    std::uint32_t depth = 0;
    scope_end how = scope_end::none;
    explicit operator bool() const noexcept { return depth != 0; }
  };
  ended_scope next_ended() const noexcept;

  /// Where a resource points now: itself, or what the checkpoint it served was kept into.
  void resolve(scope_binding& binding) const noexcept;

 protected:
  /// The first thing that an engine calls, when those members of its own exist. They lie there and
  /// not here because they are large, and what is hot shall lie together.
  void begin(Record (&first)[inline_records]) noexcept {
    records_ = top_ = first;
    first[0].serial = scope_binding::base;
    first[0].eventful = held_;
  }
  /// Closes the top record, whose memory is dealt with.
  void step_down() noexcept;
  /// Nobody may use those resources any more.
  void retire(binding_list& kept) noexcept;
  /// The resources of the top record mean the enclosing one from now on.
  void pass_bindings() noexcept;
  /// The top record was emptied and stays open.
  void settle_top() noexcept {
    top_->eventful = held_ || ended_count_ != 0 || (outermost_is_slow_ && depth_ <= 1);
  }
  void count_closed_from_below(std::size_t count) noexcept { closed_from_below_.add(count); }

  std::uint32_t finalizing_ = 0;  // depth + 1 of the record whose finalizers run; 0: none

 private:
  void update_ready() noexcept;

  Record* records_ = nullptr;
  Record* top_ = nullptr;
  std::uint64_t top_serial_ = scope_binding::base;
  std::uint32_t depth_ = 0;
  std::uint32_t ready_depth_ = 0;
  serial_source serials_;
  std::uint32_t record_count_ = inline_records;
  std::uint32_t ended_count_ = 0;  // records that `end_later` left
  bool held_;
  bool outermost_is_slow_ = false;
  owned_count closed_from_below_;
  binding_list spare_;
};

template <class Record>
void mark_stack<Record>::bind(std::uint32_t depth, scope_binding& binding) noexcept {
  binding.depth = depth;
  if (depth == 0) {
    binding.serial = scope_binding::base;
    binding.handed_out = true;
  }
  records_[depth].binding = &binding;
  update_ready();
}

template <class Record>
void mark_stack<Record>::use_records(void* memory, std::uint32_t count) noexcept {
  auto* const fresh = static_cast<Record*>(memory);
  for (std::uint32_t i = 0; i < count; ++i) {
    ::new (fresh + i) Record(i < record_count_ ? records_[i] : Record{});
  }
  records_ = fresh;
  record_count_ = count;
  top_ = &records_[depth_];
}

template <class Record>
void mark_stack<Record>::make_ready() noexcept {
  Record& next = records_[depth_ + 1];
  if (next.binding == nullptr) {
    next.binding = spare_.pop();
    next.binding->next = nullptr;
    next.binding->forward = nullptr;
    next.binding->handed_out = false;
    next.binding->depth = depth_ + 1;
  }
  update_ready();
}

template <class Record>
bool mark_stack<Record>::spare_deeper_bindings() noexcept {
  for (std::uint32_t d = depth_ + 2; d < record_count_; ++d) {
    if (records_[d].binding != nullptr) spare_.push(*std::exchange(records_[d].binding, nullptr));
  }
  ready_depth_ = std::min(ready_depth_, depth_ + 1);
  return spare_.first != nullptr;
}

template <class Record>
void mark_stack<Record>::update_ready() noexcept {
  ready_depth_ = held_ ? 0 : depth_;
  if (held_ || (outermost_is_slow_ && depth_ == 0)) return;
  while (ready_depth_ + 1 < record_count_ && ready_depth_ < max_depth &&
         records_[ready_depth_ + 1].binding != nullptr) {
    ++ready_depth_;
  }
}

template <class Record>
auto mark_stack<Record>::blocker(std::uint32_t depth) const noexcept -> obstacle {
  if (finalizing_ > depth) return {.in_finalizer = true, .scope = nullptr};
  for (std::uint32_t d = depth_; d > depth; --d) {
    if (records_[d].scoped) return {.in_finalizer = false, .scope = &records_[d]};
  }
  return {};
}

template <class Record>
void mark_stack<Record>::end_later(std::uint32_t depth, scope_end how) noexcept {
  records_[depth].ended = how;
  ++ended_count_;
  for (std::uint32_t d = depth; d <= depth_; ++d) records_[d].eventful = true;
}

template <class Record>
auto mark_stack<Record>::next_ended() const noexcept -> ended_scope {
  if (ended_count_ == 0) return {};
  std::uint32_t d = depth_;
  while (d > 0 && !records_[d].scoped) --d;
  if (d == 0 || records_[d].ended == scope_end::none || finalizing_ > d) return {};
  return {.depth = d, .how = records_[d].ended};
}

template <class Record>
void mark_stack<Record>::resolve(scope_binding& binding) const noexcept {
  // A binding follows only one that was itself kept since; path compression keeps chains short.
  while (binding.forward != nullptr && binding.forward->forward != nullptr) {
    binding.serial = binding.forward->serial;
    binding.depth = binding.forward->depth;
    binding.forward = binding.forward->forward;
  }
}

template <class Record>
void mark_stack<Record>::step_down() noexcept {
  Record& r = *top_;
  if (r.ended != scope_end::none) {
    r.ended = scope_end::none;
    --ended_count_;
  }
  r.scoped = false;
  r.serial = 0;
  if (outermost_is_slow_ && depth_ == 1) ready_depth_ = 0;
  top_ = &records_[--depth_];
  top_serial_ = top_->serial;
}

template <class Record>
void mark_stack<Record>::retire(binding_list& kept) noexcept {
  for (scope_binding* b = kept.first; b != nullptr; b = b->next) {
    b->serial = scope_binding::closed;
    b->forward = nullptr;
  }
  spare_.splice(kept);
}

template <class Record>
void mark_stack<Record>::pass_bindings() noexcept {
  Record& inner = *top_;
  Record& outer = records_[depth_ - 1];
  outer.eventful = outer.eventful || inner.eventful || inner.binding->handed_out;
  outer.kept.splice(inner.kept);
  if (!inner.binding->handed_out) return;
  scope_binding& handed = *std::exchange(inner.binding, nullptr);
  handed.serial = outer.serial;
  handed.depth = depth_ - 1;
  handed.forward = outer.binding;
  outer.binding->handed_out = true;
  outer.kept.push(handed);
  ready_depth_ = std::min(ready_depth_, depth_ - 1);
}

}  // namespace tidemark::detail
