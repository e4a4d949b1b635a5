// SPDX-License-Identifier: BSL-1.0
#pragma once

// The blocks that checkpoints took, in the order in which they took them.
//
//   entries   | a b | c d e | f ...          at: an address, its lowest bits free for its owner
//   bases     1     2       3 = depth         a checkpoint's base is the log's size when it began
//
// A stamp beside the block tells the truth; an entry only says where to look. So a free writes no
// entry, and entries of blocks that were freed, or taken again, are stale until they are met.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. A block with stamp d has an entry at or behind the base of d.
//  2. size_ <= capacity_; the log asks nobody for memory, its owner gives it more.
//
// Source: the sequential store buffers of generational collectors, which log what changed since.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tidemark::detail {

class block_log {
 public:
  using entry = std::uintptr_t;

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool is_full() const noexcept { return size_ == capacity_; }
  /// Preconditions: !is_full().
  void push(entry added) noexcept { entries_[size_++] = added; }
  entry* data() noexcept { return entries_; }
  entry& operator[](std::size_t index) noexcept { return entries_[index]; }
  /// Preconditions: size <= this->size().
  void cut(std::size_t size) noexcept { size_ = size; }
  /// Whether compaction left so little room that it would come again soon.
  bool is_tight() const noexcept { return size_ > capacity_ / 2 || capacity_ == 0; }
  std::size_t next_capacity() const noexcept {
    return capacity_ == 0 ? first_capacity : 2 * capacity_;
  }

  /// Moves to other memory. Preconditions: capacity >= size().
  /// Returns:       The former memory, for its owner to return: null if there was none.
  void* move_to(void* memory, std::size_t capacity) noexcept {
    void* const former = entries_;
    if (size_ != 0) std::memcpy(memory, entries_, size_ * sizeof(entry));
    entries_ = static_cast<entry*>(memory);
    capacity_ = capacity;
    return former;
  }
  /// Forgets everything. Returns: The former memory.
  void* leave() noexcept {
    size_ = capacity_ = 0;
    return std::exchange(entries_, nullptr);
  }

 private:
  static constexpr std::size_t first_capacity = 256;

  entry* entries_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tidemark::detail
