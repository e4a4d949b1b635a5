// SPDX-License-Identifier: BSL-1.0
#pragma once

// Checkpoints over the bytes of a frame.
//
//   depth() = 2   record[0]          record[1]          record[2] = top
//                 |aaaa|             |bbbbbbb|          |ccc|        <- main.cursor
//
// The engine validates nothing: its owner asks `is_open`, `is_top` and `blocker` first, and
// reports.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. A record that is not eventful and is on top has nothing but bytes between its cursor and
//     main.cursor in the same chunk.
//  2. What a checkpoint took from lanes falls back and passes on together with its bytes.
//  3. Of a checked pool the main region is parked while its owner is not in a slow half, and all
//     checkpoints are held: every inline half then ends in its slow one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tidemark/detail/frame_space.hpp>
#include <tidemark/detail/lane_set.hpp>
#include <tidemark/detail/mark_stack.hpp>
#include <tidemark/detail/scope_record.hpp>

namespace tidemark::detail {

class frame_engine : public mark_stack<scope_record> {
 public:
  explicit frame_engine(frame_sizes sizes) noexcept;

  frame_space space;

  bool is_checked() const noexcept { return checked_; }
  /// Whose blocks a constructor may let fall back: it may close the checkpoint, or empty it.
  struct tenure {
    std::uint64_t serial;
    std::uint32_t depth;
    std::uint32_t emptied_count;
  };
  /// `calls_out`: the constructor does something. A reset is then not a plain one, which counts
  /// nothing.
  tenure tenure_of(std::uint32_t depth, bool calls_out) noexcept {
    if (calls_out && depth == 0) record(0).eventful = true;
    return {record(depth).serial, depth, record(depth).emptied_count};
  }
  /// Whether the blocks of then are still there.
  bool lasts(tenure const& then) const noexcept {
    return is_open(then.serial, then.depth) &&
           record(then.depth).emptied_count == then.emptied_count;
  }

  std::uint64_t open(bool scoped, source_location where) noexcept {
    scope_record& r = push(scoped, where);
    r.at = space.current();
    r.cursor = space.main.cursor;
    r.outer_floor = space.main.floor;
    space.main.floor = space.main.cursor;
    return r.serial;
  }

  /// Typed lanes beside the bytes. Preconditions: no checkpoint is open; `lanes` outlives this.
  void use_lanes(lane_set& lanes) noexcept { lanes_ = &lanes; }
  lane_set* lanes() const noexcept { return lanes_; }

  /// As the base's; of a checked pool all are held in any case.
  void hold_all(bool held) noexcept { mark_stack::hold_all(held || checked_); }

  /// Closes the top record.
  /// Preconditions: it is not eventful.
  void close_plain() noexcept {
    space.pop_main(top().cursor);
    space.main.floor = top().outer_floor;
    pop_plain();
  }

  // Preconditions of the following: blocker(depth) is empty, 1 <= depth <= depth().
  void rewind_to(std::uint32_t depth) noexcept;
  void keep_to(std::uint32_t depth) noexcept;
  void empty(std::uint32_t depth) noexcept;  // depth 0: as reset

  /// Closes everything and frees what no checkpoint held.
  /// Preconditions: no finalizer is running.
  void reset() noexcept { empty(0); }
  bool can_reset_plainly() const noexcept { return depth() == 0 && !top().eventful; }
  void reset_plainly() noexcept { space.pop_main(top().cursor); }

  /// A block for record `depth`; null if a chunk is needed first.
  void* take(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
             chunk_request& wanted) noexcept;
  /// The inline half of `take` for a record that is not on top.
  bool take_beside(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                   void*& block) noexcept {
    bump_region& side = record(depth).side;
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

  /// Which record holds the block that begins there; none if no record does.
  /// Complexity: O(1) for the newest blocks, else O(chunks in use + records).
  std::optional<std::uint32_t> depth_of(std::byte const* block) const noexcept;

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

  std::uint32_t windows_ = 0;  // of a checked pool: nested slow halves (finalizers call back)
  bool checked_;
  lane_set* lanes_ = nullptr;  // of a typed stack
  bump_region parked_;         // of a checked pool: the main region between calls
  scope_record inline_records_[inline_records];
};

}  // namespace tidemark::detail
