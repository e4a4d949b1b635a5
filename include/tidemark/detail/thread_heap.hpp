// SPDX-License-Identifier: BSL-1.0
#pragma once

// One thread's blocks of all sizes, and the blocks of it that other threads freed.
//
//   owner           classes: head -> free -> free       plain loads and stores
//   other threads   remote <- block <- block <- block   one compare-and-swap for each free
//
// The owner takes the whole remote list when a class runs empty, and before it trims or rewinds.
// Nothing is gathered by the thread that frees: a rewind would free a block that waits there, and
// that thread would free it again.
//
// Thread rule: the owner's thread; `push_remote` and the counts by any. A heap passes whole from a
// thread that ended to another one, under the lock of its resource.
//
// Invariants:
//  1. A block's slab or header names its heap, which lives as long as the resource: so an address
//     tells for ever whose the block is.
//  2. A block in `remote` is live for the engine: its stamp, which only the owner touches, may say
//     a checkpoint, until the owner has taken the list.
//
// Source: the thread-delayed free list of mimalloc; here it is the heap's, so that a free costs the
// same however many threads there are.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/block_heap.hpp>
#include <tidemark/detail/size_classes.hpp>

namespace tidemark::detail {

// What all threads write stands apart from what the owner does, at the cost of some bytes.
class thread_heap {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  static constexpr std::size_t slab_bytes = 64 * 1024;
  static constexpr std::size_t wide_slab_bytes = 256 * 1024;
  /// Blocks up to here lie in slabs of `slab_bytes`, larger ones in wide ones.
  static constexpr std::size_t largest_in_slab_bytes = 8 * 1024;
  static constexpr std::size_t max_group_bytes = 1024 * 1024;

  thread_heap(upstream_account& account, bool checked) noexcept;

  std::array<block_class, size_classes::count> classes;
  block_heap blocks;
  owned_count origin;  // of markers; 0 before the first one

  /// The slab of a pooled block of that class.
  static slab& slab_holding(void const* block, std::uint32_t index) noexcept {
    bool const wide = size_classes::bytes(index) > largest_in_slab_bytes;
    return *slab_of(block, wide ? wide_slab_bytes : slab_bytes);
  }

  // Any thread.

  /// Frees a pooled block of this heap.
  void push_remote(void* block, std::uint32_t index) noexcept {
    bool const wide = size_classes::bytes(index) > largest_in_slab_bytes;
    push_remote(block, wide ? wide_tag : 0, size_classes::bytes(index));
  }
  void push_remote(large_block& block) noexcept {
    push_remote(block.block(), large_tag, block.capacity_bytes);
  }
  /// Live blocks, those in the remote list not. Exact while no thread uses the heap.
  std::size_t bytes_in_use() const noexcept {
    std::size_t const live = blocks.engine.bytes_in_use();
    return live - std::min(live, pending_bytes_.load(std::memory_order_relaxed));
  }

  // The owner.

  bool has_remote() const noexcept { return remote_.load(std::memory_order_relaxed) != 0; }
  /// Takes what other threads freed. Never calls upstream: large blocks become idle.
  /// Complexity:    O(blocks freed by other threads).
  void drain() noexcept;

 private:
  using tagged = std::uintptr_t;  // a free block's address
  static constexpr tagged wide_tag = 1;
  static constexpr tagged large_tag = 2;

  void push_remote(void* block, tagged tag, std::size_t bytes) noexcept;

  std::array<block_class_info, size_classes::count> infos_;
  // Written by all threads, so on a line of its own.
  alignas(64) std::atomic<tagged> remote_{0};
  std::atomic<std::size_t> pending_bytes_{0};  // of blocks in `remote_`
};

}  // namespace tidemark::detail
