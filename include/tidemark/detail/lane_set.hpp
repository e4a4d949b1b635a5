// SPDX-License-Identifier: BSL-1.0
#pragma once

// The lanes of a typed stack, and what its checkpoints remember of them.
//
//   lanes    double |dddddd|...    float |ff|......    Particle |pppp|......
//   journal  (0) (double, depth 1) (Particle, depth 1) (double, depth 2) <- last
//
// A checkpoint saves a lane when it first touches it, whoever touches: what it did not touch stays
// as it is, also what an enclosing checkpoint took after it was opened. Closing costs what was
// touched, however many lanes there are.
//
// The set asks nobody for memory: its owner sees to `needs_...` first.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. Depths in the journal never fall; of a lane each depth stands there at most once; entry 0 has
//     depth 0 and no lane.
//  2. A lane whose cursor lies above where a checkpoint found it has an entry of that depth.
//  3. Lanes never move and stay until the set ends.
//
// Source: journals of undo logs; the first-touch rule instead of saving all lanes or those known
// when a checkpoint is opened, as stacks of typed arrays in Julia do.

#include <cstddef>
#include <cstdint>
#include <tidemark/detail/lane.hpp>

namespace tidemark::detail {

/// What a checkpoint found in a lane when it first touched it.
struct lane_save {
  lane* touched;
  std::uint64_t former;  // `lane::saved` of then
  chunk* at;
  std::byte* cursor;
  std::size_t beside_bytes;
  std::uint32_t depth;
};

class lane_set {
 public:
  static constexpr std::size_t inline_saves = 8;

  /// `initial_bytes`: of a lane's first chunk, for arrays. `max_chunk_bytes`: as of `frame_space`.
  lane_set(std::size_t initial_bytes, std::size_t max_chunk_bytes) noexcept;
  lane_set(lane_set const&) = delete;
  lane_set& operator=(lane_set const&) = delete;

  /// Returns:       The lane of that number; if there is none, a lane that holds nothing.
  lane& find(std::uint32_t number) noexcept {
    if (number < built_in_lanes) return built_in_[number];
    return find_own(number);
  }
  /// The same for a number that is not built in.
  lane& find_own(std::uint32_t number) noexcept {
    std::uint32_t const index = number - built_in_lanes;  // of an unnumbered type: beyond any table
    return index < table_size_ ? *table_[index] : none_;
  }

  // What a new lane needs, in this order.
  bool is_missing(std::uint32_t number) noexcept { return &find(number) == &none_; }
  bool needs_table(std::uint32_t number) const noexcept;
  static std::size_t table_size_for(std::uint32_t number) noexcept;
  /// Preconditions: `memory` holds `size` pointers and outlives the set.
  void use_table(void* memory, std::size_t size) noexcept;
  /// Preconditions: `memory` holds a `lane` and outlives the set; needs_table(number) is false.
  void add(void* memory, std::uint32_t number) noexcept;

  bool needs_journal(std::size_t more = 1) const noexcept {
    return static_cast<std::size_t>(journal_end_ - last_) <= more;
  }
  std::size_t journal_size_for(std::size_t more) const noexcept;
  /// Preconditions: `memory` holds `size` saves and outlives the set.
  void use_journal(void* memory, std::size_t size) noexcept;

  /// The first touch of a lane by the checkpoint on top; later ones do nothing.
  /// Preconditions: needs_journal() is false; `depth` > 0.
  void touch(lane& l, std::uint64_t serial, std::uint32_t depth) noexcept {
    if (l.saved == serial) return;
    *++last_ = {&l, l.saved, l.at, l.cursor, l.beside_bytes, depth};
    l.saved = serial;
    l.ready = serial & ready_mask_;
  }
  /// What checkpoints of `depth` and deeper took falls back.
  void unwind(std::uint32_t depth) noexcept {
    for (; last_->depth >= depth; --last_) {
      lane& l = *last_->touched;
      if (l.at == last_->at && l.beside_bytes == last_->beside_bytes) [[likely]] {
        if (l.cursor > l.high) l.high = l.cursor;
        l.cursor = last_->cursor;
      } else {
        restore_slow(l, *last_);
      }
      l.saved = last_->former;
      l.ready = l.saved & ready_mask_;
    }
  }
  /// What the checkpoint `depth` took passes to the one below it, whose serial is `outer`.
  /// Preconditions: nothing deeper is open; `depth` > 0.
  void keep(std::uint32_t depth, std::uint64_t outer) noexcept;
  /// Every lane is empty.
  /// Preconditions: no checkpoint is open.
  void reset() noexcept;

  /// Room for an array.
  /// Returns:       Null if a chunk is needed first; `wanted` says which, or that the array does
  ///                not belong into a lane (`payload_bytes` is 0).
  std::byte* take(lane& l, std::size_t bytes, chunk_request& wanted) const noexcept;
  void give(lane& l, chunk& fresh, chunk_request const& wanted) noexcept;

  /// While held, every array is taken by the slow half.
  void hold(bool held) noexcept;

  /// Calls `f(lane&)` for every lane that was ever used.
  template <class F>
  void for_each(F f) {
    for (lane& l : built_in_) {  // NOLINT(misc-const-correctness): as f takes it
      if (l.type != nullptr) f(l);
    }
    for (lane* l = first_; l != nullptr; l = l->next) f(*l);
  }
  template <class F>
  void for_each(F f) const {
    for (lane const& l : built_in_) {
      if (l.type != nullptr) f(l);
    }
    for (lane const* l = first_; l != nullptr; l = l->next) f(*l);
  }

  // Chunks to return upstream: the first, linked by `next`, or null.
  chunk* take_idle() noexcept;
  /// As many as the arrays since the last call have not needed.
  chunk* take_idle_since_last() noexcept;
  /// Preconditions: every lane is empty.
  chunk* take_all() noexcept;

 private:
  [[gnu::noinline]] static void restore_slow(lane& l, lane_save const& from) noexcept;

  lane built_in_[built_in_lanes];
  lane_save* last_;  // the newest entry
  lane_save* journal_;
  lane_save* journal_end_;
  std::uint64_t ready_mask_ = UINT64_MAX;  // 0 while held
  lane** table_ = nullptr;  // by number, built-in ones left out; `&none_` where there is none
  std::size_t table_size_ = 0;
  lane* first_ = nullptr;  // of the lanes that are not built in, oldest first
  lane* last_added_ = nullptr;
  std::size_t initial_bytes_;
  std::size_t max_chunk_bytes_;
  lane none_;
  lane_save inline_journal_[inline_saves];
};

}  // namespace tidemark::detail
