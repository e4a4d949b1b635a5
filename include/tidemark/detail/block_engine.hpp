// SPDX-License-Identifier: BSL-1.0
#pragma once

// Blocks that come and go in any order, with checkpoints over some of them.
//
//   class 0   head -> free -> free -> free      slabs: [used|used|free|fresh....] [.....]
//   class 1   head -> free                      slabs: ...
//   log       entries of the blocks that checkpoints hold: see detail/block_log.hpp
//   large     blocks with memory of their own: see detail/large_blocks.hpp
//
// The engine asks nobody for memory and validates nothing: its owner asks upstream where something
// is missing, asks `is_open` and `blocker` first, and reports.
//
// Thread rule: one thread at a time; `owned_count`s may be read by any.
//
// Invariants:
//  1. A block with stamp d > 0 is held by the open checkpoint at depth d, and the log finds it. A
//     free block has stamp 0.
//  2. A fresh block is carved only where the class has no free one: so the most blocks of a class
//     that were live at once is the number that was live at a carving.
//  3. A slab becomes idle only while no entry of the log points into it.
//  4. Of a checked engine `head` is null for ever, so inline halves end in slow ones; the free list
//     is `parked`. Blocks are poisoned while they are not live, those of idle slabs and idle large
//     ones included, and when `take` returns them: its owner makes them live.
//
// Source: slabs as Bonwick's; the log as the store buffers of generational collectors.

#include <cstddef>
#include <cstdint>
#include <tidemark/detail/block_log.hpp>
#include <tidemark/detail/large_blocks.hpp>
#include <tidemark/detail/mark_stack.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <tidemark/detail/slab.hpp>
#include <tidemark/detail/slab_groups.hpp>

namespace tidemark::detail {

struct block_record : mark_record {
  std::size_t log_base = 0;  // size of the log when it was opened
  large_list large;          // what it holds
};

/// What the inline halves of a pool touch of one class.
struct block_class {
  free_block* head = nullptr;
  owned_count live;  // blocks handed out
};

/// The rest of it.
struct block_class_info {
  slab_layout layout{};
  slab_groups* groups = nullptr;
  slab* carving = nullptr;  // its fresh blocks come next
  slab_list slabs;
  free_block* parked = nullptr;
  owned_count peak;  // of `live`
};

class block_engine : public mark_stack<block_record> {
 public:
  explicit block_engine(bool checked) noexcept;

  /// Preconditions: the arrays outlive the engine; the layouts are there before a class is used.
  void use_classes(block_class* classes, block_class_info* infos, std::uint32_t count,
                   void* owner) noexcept {
    classes_ = classes, infos_ = infos, class_count_ = count, owner_ = owner;
  }
  block_class_info& info(std::uint32_t index) const noexcept { return infos_[index]; }
  std::uint32_t class_count() const noexcept { return class_count_; }
  bool is_checked() const noexcept { return checked_; }

  block_log log;

  /// Entries of the log: bit 0 tells which of two sizes the slab has.
  void use_slab_sizes(std::size_t small_slab, std::size_t wide_slab) noexcept {
    slab_bytes_[0] = small_slab, slab_bytes_[1] = wide_slab;
  }
  static constexpr block_log::entry wide = 1;

  std::uint64_t open(bool scoped, source_location where) noexcept {
    block_record& r = push(scoped, where);
    r.log_base = log.size();
    return r.serial;
  }
  /// Whether closing the top record has nothing to free.
  bool is_top_plain() const noexcept { return !top().eventful && top().log_base == log.size(); }

  /// Whether the class has neither a free nor a fresh block, nor an idle slab.
  bool needs_slab(std::uint32_t index) const noexcept {
    block_class_info const& rest = infos_[index];
    return classes_[index].head == nullptr && rest.parked == nullptr &&
           (rest.carving == nullptr || rest.carving->is_used_up()) && !rest.groups->has_idle();
  }
  /// A free or a fresh block; null if the class needs a slab, and `info(index).groups` a group.
  void* take(std::uint32_t index) noexcept;
  /// The same for the checkpoint at `depth`, which is not 0. Preconditions: the log is not full.
  void* take_for(std::uint32_t depth, std::uint32_t index) noexcept {
    void* const block = take(index);
    if (block != nullptr) hold(block, depth, index);
    return block;
  }
  /// The inline half of `take_for`: false if that has more to do.
  bool take_free_for(std::uint32_t depth, block_class& from, std::size_t slab_bytes,
                     block_log::entry size_bit, void*& block) noexcept {
    free_block* const head = from.head;
    if (head == nullptr || log.is_full()) return false;
    from.head = head->next;
    from.live.add(1);
    slab_of(head, slab_bytes)->stamp_of(head) = static_cast<block_stamp>(depth);
    log.push(reinterpret_cast<block_log::entry>(head) | size_bit);
    block = head;
    return true;
  }
  /// Preconditions: the block is live, of this engine, and of that class.
  void put(void* block, std::uint32_t index) noexcept {
    slab_holding(block, index).stamp_of(block) = 0;
    put_unheld(block, index);
  }
  slab& slab_holding(void const* block, std::uint32_t index) const noexcept {
    return *slab_of(block, infos_[index].layout.slab_bytes);
  }

  /// Makes room in the log by leaving out what is stale.
  void compact_log() noexcept;

  // Large blocks. `idle` ones were rewound, and wait for another request or for `trim`.
  /// Returns: An idle one of just that size, among the newest 64; or null.
  large_block* take_idle_large(std::size_t upstream_bytes, std::size_t alignment) noexcept;
  void hold_large(large_block& held, std::uint32_t depth) noexcept;
  /// The block leaves its checkpoint, and is its owner's.
  void free_large(large_block& freed) noexcept;
  /// The same where upstream may not be called: it becomes idle.
  void free_large_to_idle(large_block& freed) noexcept {
    free_large(freed);
    idle_large_.push(freed);
  }
  /// Returns: The first idle one, linked by `next`; the list is empty then.
  large_block* take_all_idle_large() noexcept;
  std::size_t large_bytes() const noexcept { return large_bytes_.get(); }
  bool resize_large(large_block& resized, std::size_t new_bytes) const noexcept {
    return new_bytes <= resized.capacity_bytes;
  }

  // Preconditions of the following: blocker(depth) is empty, 1 <= depth <= depth().
  /// Complexity: O(entries of the log since `depth` began + large blocks).
  void rewind_to(std::uint32_t depth) noexcept;
  void keep_to(std::uint32_t depth) noexcept;
  void empty(std::uint32_t depth) noexcept;

  /// Closes everything and frees everything; slabs and large blocks become idle.
  /// Complexity: O(slabs + large blocks); of a checked engine O(their bytes).
  void reset() noexcept;
  /// Checkpoints end and hold nothing any more: what they took is as if taken by the bare pool.
  void abandon_marks() noexcept;

  /// Slabs of which no block is live become idle.
  /// Complexity: O(free blocks + slabs + entries of the log).
  void collect_idle_slabs() noexcept;

  std::size_t bytes_in_use() const noexcept;
  /// The peak of each class and that of large blocks, added up: the most `bytes_in_use` has been
  /// if they all came at once, and more otherwise.
  std::size_t bytes_peak() const noexcept;

 private:
  free_block*& list_of(std::uint32_t index) noexcept {
    return checked_ ? infos_[index].parked : classes_[index].head;
  }
  void put_unheld(void* block, std::uint32_t index) noexcept;
  void hold(void* block, std::uint32_t depth, std::uint32_t index) noexcept;
  slab& slab_of_entry(block_log::entry entry) const noexcept {
    return *slab_of(reinterpret_cast<void const*>(entry), slab_bytes_[entry & wide]);
  }
  static void* block_of(block_log::entry entry) noexcept {
    return reinterpret_cast<void*>(entry & ~wide);
  }
  free_block* next_of(free_block* block) const noexcept;
  void set_next(free_block* block, free_block* next) const noexcept;
  void free_held(std::uint32_t depth) noexcept;
  template <bool Checked>
  void free_held_as(std::uint32_t depth) noexcept;
  void make_idle(large_list& list) noexcept;
  void make_idle(slab& idle, std::uint32_t index) noexcept;
  void close_top() noexcept;

  block_class* classes_ = nullptr;
  block_class_info* infos_ = nullptr;
  void* owner_ = nullptr;  // what the slabs name
  std::uint32_t class_count_ = 0;
  bool checked_;
  std::size_t slab_bytes_[2] = {1, 1};
  large_list idle_large_;
  owned_count large_bytes_;  // held, idle ones not
  owned_count large_peak_;
  block_record inline_records_[inline_records];
};

}  // namespace tidemark::detail
