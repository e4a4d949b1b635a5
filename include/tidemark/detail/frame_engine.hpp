// SPDX-License-Identifier: BSL-1.0
#pragma once

// Checkpoints over the bytes of a frame.
//
//   depth_ = 2    record[0]          record[1]          record[2] = top
//                 |aaaa|             |bbbbbbb|          |ccc|        <- main.cursor
//
// The engine validates nothing: its owner asks `is_open`, `is_top` and `blocker` first, and
// reports.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. record[1..depth_] are open, serials strictly rise; record[0] is the pool itself.
//     A closed record has serial 0; its binding keeps the serial until the next one.
//  2. top_serial_ and top_ are those of record[depth_].
//  3. `open` may be called while depth_ < ready_depth_: the record and its binding are there.
//  4. A record that is not eventful and is on top has nothing but bytes between its cursor and
//     main.cursor in the same chunk.
//  5. What a checkpoint took from lanes falls back and passes on together with its bytes.
//  6. Of a checked pool the main region is parked while its owner is not in a slow half, and
//     ready_depth_ is 0: every inline half then ends in its slow one.

#include <cstddef>
#include <cstdint>
#include <tidemark/detail/frame_space.hpp>
#include <tidemark/detail/lane_set.hpp>
#include <tidemark/detail/scope_record.hpp>
#include <tidemark/detail/serial_source.hpp>

namespace tidemark::detail {

class frame_engine {
 public:
  static constexpr std::uint32_t max_depth = 32767;
  static constexpr std::uint32_t inline_records = 5;  // depth 4 asks upstream for nothing

  explicit frame_engine(frame_sizes sizes) noexcept;
  frame_engine(frame_engine const&) = delete;
  frame_engine& operator=(frame_engine const&) = delete;

  frame_space space;

  std::uint32_t depth() const noexcept { return depth_; }
  std::uint64_t top_serial() const noexcept { return top_serial_; }
  std::uint32_t origin() const noexcept { return serials_.origin(); }
  bool is_checked() const noexcept { return checked_; }
  scope_record& top() const noexcept { return *top_; }
  scope_record& record(std::uint32_t depth) const noexcept { return records_[depth]; }
  bool is_open(std::uint64_t serial, std::uint32_t depth) const noexcept {
    return depth <= depth_ && records_[depth].serial == serial;
  }
  bool is_open(scope_binding const& binding) const noexcept {
    return records_[binding.depth].serial == binding.serial;
  }
  /// Whose blocks a constructor may let fall back: it may close the checkpoint, or empty it.
  struct tenure {
    std::uint64_t serial;
    std::uint32_t depth;
    std::uint32_t emptied_count;
  };
  /// `calls_out`: the constructor does something. A reset is then not a plain one, which counts
  /// nothing.
  tenure tenure_of(std::uint32_t depth, bool calls_out) noexcept {
    if (calls_out && depth == 0) records_[0].eventful = true;
    return {records_[depth].serial, depth, records_[depth].emptied_count};
  }
  /// Whether the blocks of then are still there.
  bool lasts(tenure const& then) const noexcept {
    return is_open(then.serial, then.depth) &&
           records_[then.depth].emptied_count == then.emptied_count;
  }
  std::size_t closed_from_below() const noexcept { return closed_from_below_; }

  bool can_open() const noexcept { return depth_ < ready_depth_; }
  std::uint64_t open(bool scoped, source_location where) noexcept {
    scope_record& r = records_[++depth_];
    r.serial = top_serial_ = serials_.take();
    r.at = space.current();
    r.cursor = space.main.cursor;
    r.outer_floor = space.main.floor;
    r.where = where;
    r.scoped = scoped;
    r.eventful = false;
    r.binding->serial = r.serial;
    r.binding->handed_out = false;  // by an earlier checkpoint at this depth
    space.main.floor = space.main.cursor;
    top_ = &r;
    return r.serial;
  }

  /// Typed lanes beside the bytes. Preconditions: no checkpoint is open; `lanes` outlives this.
  void use_lanes(lane_set& lanes) noexcept { lanes_ = &lanes; }
  lane_set* lanes() const noexcept { return lanes_; }

  /// Whether every checkpoint, the open ones included, is opened and closed by the slow halves.
  void hold_all(bool held) noexcept;
  bool holds_all() const noexcept { return checked_ || held_; }
  /// From now on the outermost checkpoint is.
  void hold_outermost() noexcept {
    outermost_is_slow_ = records_[0].eventful = true;
    update_ready();
  }

  /// Closes the top record.
  /// Preconditions: it is not eventful.
  void close_plain() noexcept {
    space.pop_main(top_->cursor);
    space.main.floor = top_->outer_floor;
    top_->serial = 0;
    top_ = &records_[--depth_];
    top_serial_ = top_->serial;
  }

  // The bookkeeping that `open` needs; memory for it comes from the owner.
  bool needs_records() const noexcept { return depth_ + 1 >= record_count_; }
  bool needs_binding() const noexcept {
    return records_[depth_ + 1].binding == nullptr && spare_.first == nullptr;
  }
  std::uint32_t record_count() const noexcept { return record_count_; }
  /// Preconditions: count > record_count(); `memory` is uninitialised and outlives the engine.
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
    scope_record const* scope = nullptr;
    explicit operator bool() const noexcept { return in_finalizer || scope != nullptr; }
  };
  obstacle blocker(std::uint32_t depth) const noexcept;

  // Preconditions of the following: blocker(depth) is empty, 1 <= depth <= depth_.
  void rewind_to(std::uint32_t depth) noexcept;
  void keep_to(std::uint32_t depth) noexcept;
  void empty(std::uint32_t depth) noexcept;

  /// The scope object of an open record is gone, but another scope is open above it.
  void end_later(std::uint32_t depth, scope_end how) noexcept;
  /// The next record that `end_later` left and nothing holds open any more; depth 0: none.
  struct ended_scope {
    std::uint32_t depth = 0;
    scope_end how = scope_end::none;
    explicit operator bool() const noexcept { return depth != 0; }
  };
  ended_scope next_ended() const noexcept;

  /// Closes everything and frees what no checkpoint held.
  /// Preconditions: no finalizer is running.
  void reset() noexcept;
  bool can_reset_plainly() const noexcept { return depth_ == 0 && !top_->eventful; }
  void reset_plainly() noexcept { space.pop_main(top_->cursor); }
  bool in_finalizer() const noexcept { return finalizing_ != 0; }

  /// A block for record `depth`; null if a chunk is needed first.
  void* take(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
             chunk_request& wanted) noexcept;
  /// The inline half of `take` for a record that is not on top.
  bool take_beside(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                   void*& block) noexcept {
    bump_region& side = records_[depth].side;
    std::byte* const before = side.cursor;
    if (checked_ || space.has_new_peak() || !side.take_small(bytes, alignment, block)) {
      return false;
    }
    space.add_beside(static_cast<std::size_t>(side.cursor - before));
    return true;
  }
  bool free(std::uint32_t depth, std::byte* block, std::size_t bytes) noexcept;
  bool resize(std::uint32_t depth, std::byte* block, std::size_t old_bytes,
              std::size_t new_bytes) noexcept;
  void link(std::uint32_t depth, finalizer& node) noexcept;

  /// Where a resource points now: itself, or what the checkpoint it served was kept into.
  void resolve(scope_binding& binding) const noexcept;

  /// The record at depth 0 begins at the first chunk; call when the chain changed at depth 0.
  void rebase() noexcept;

  bump_region main_region() const noexcept {
    return checked_ && windows_ == 0 ? parked_ : space.main;
  }

  /// The main region of a checked pool, brought out for the length of a slow half.
  class window {
   public:
    explicit window(frame_engine& engine) noexcept : engine_(engine) {
      if (engine.checked_ && engine.windows_++ == 0) engine.space.main = engine.parked_;
    }
    window(window const&) = delete;
    window& operator=(window const&) = delete;
    ~window() {
      if (engine_.checked_ && --engine_.windows_ == 0) engine_.park();
    }

   private:
    frame_engine& engine_;
  };

  /// Somebody else's code within a slow half, a finalizer's or upstream's: it meets a checked pool
  /// as everybody else does.
  class intermission {
   public:
    explicit intermission(frame_engine& engine) noexcept
        : engine_(engine), windows_(engine.windows_) {
      if (windows_ == 0) return;
      engine.park();
      engine.windows_ = 0;
    }
    intermission(intermission const&) = delete;
    intermission& operator=(intermission const&) = delete;
    ~intermission() {
      if (windows_ == 0) return;
      engine_.space.main = engine_.parked_;
      engine_.windows_ = windows_;
    }

   private:
    frame_engine& engine_;
    std::uint32_t windows_;  // 0 where it changes nothing: no window is open, or nothing is checked
  };

 private:
  void park() noexcept;
  void close_top() noexcept;
  void keep_top() noexcept;
  void run_finalizers(std::uint32_t depth) noexcept;
  void retire(binding_list& kept) noexcept;
  void step_down() noexcept;
  void update_ready() noexcept;

  scope_record* records_ = inline_records_;
  scope_record* top_ = inline_records_;
  std::uint64_t top_serial_ = scope_binding::base;
  std::uint32_t depth_ = 0;
  std::uint32_t ready_depth_ = 0;
  serial_source serials_;
  std::uint32_t record_count_ = inline_records;
  std::uint32_t finalizing_ = 0;   // depth + 1 of the record whose finalizers run; 0: none
  std::uint32_t ended_count_ = 0;  // records that `end_later` left
  std::uint32_t windows_ = 0;      // of a checked pool: nested slow halves (finalizers call back)
  bool checked_;
  bool held_ = false;
  bool outermost_is_slow_ = false;
  lane_set* lanes_ = nullptr;  // of a typed stack
  std::size_t closed_from_below_ = 0;
  binding_list spare_;
  bump_region parked_;  // of a checked pool: the main region between calls
  scope_record inline_records_[inline_records];
};

}  // namespace tidemark::detail
