// SPDX-License-Identifier: BSL-1.0
#pragma once

// Memory that holds blocks of one size, found from any of them by a mask.
//
//   slab_bytes, and aligned to them
//   | header | stamp stamp stamp ... | block | block | block | ... fresh |
//              one for each block: the depth of the checkpoint that holds it, 0 if none does
//
// Use it under a pool whose blocks come and go. Stamps lie beside the blocks, so that a block that
// no checkpoint holds is never read or written by marks.
//
// Thread rule: one thread at a time; `owner` may be read by any thread that has a block of it.
//
// Invariants:
//  1. Blocks in front of `fresh` were handed out at least once; those behind it were never touched.
//  2. Every block begins at a multiple of its layout's alignment.
//
// Source: Bonwick's slabs; stamps beside blocks as the mark bits of collectors lie beside objects.

#include <cstddef>
#include <cstdint>
#include <new>

namespace tidemark::detail {

/// A block that is free.
struct free_block {
  free_block* next;
};

using block_stamp = std::uint16_t;

/// How blocks of one size lie in a slab.
struct slab_layout {
  std::size_t block_bytes = 0;   // as promised to the user
  std::size_t stride_bytes = 0;  // from block to block: with a red zone in a checked pool
  std::size_t slab_bytes = 0;    // a power of two
  std::uint32_t block_count = 0;
  std::uint32_t reciprocal = 0;    // 2^32 / stride_bytes, rounded up; 0 if there is one block
  std::uint32_t first_offset = 0;  // of the first block, from the slab's begin
};

struct slab;

/// What upstream gave in one piece: see detail/slab_groups.hpp.
struct slab_group {
  slab* first = nullptr;  // of its slabs, in whose header it lies; null in those of the others
  slab_group* next = nullptr;
  slab_group* previous = nullptr;
  std::size_t bytes = 0;
  std::size_t slab_count = 0;
  std::size_t idle_count = 0;
};

struct slab {
  // First, so that what links groups points to the begin of upstream's memory: to leak checkers a
  // pointer into its middle is not quite one.
  slab_group own_group{};
  slab* next = nullptr;  // in the list of idle ones, or of those of a class
  slab* previous = nullptr;
  slab_group* group = nullptr;  // that it is one of
  void* owner = nullptr;        // the heap; written while nobody else has a block of it
  std::byte* first = nullptr;
  std::byte* fresh = nullptr;  // blocks from here on were never handed out
  std::byte* end = nullptr;    // of the last block
  std::uint32_t reciprocal = 0;
  std::uint32_t class_index = 0;
  std::size_t stride_bytes = 0;
  std::size_t free_count = 0;  // only within `trim`: blocks found free

  block_stamp* stamps() noexcept { return reinterpret_cast<block_stamp*>(this + 1); }
  /// Preconditions: a block of this slab begins there.
  /// Remarks:       Exact for begins of blocks in slabs of less than 4 GiB: the error of the
  ///                reciprocal, times the index, stays below one. Larger ones have one block.
  std::size_t index_of(void const* block) const noexcept {
    auto const offset = static_cast<std::uint64_t>(static_cast<std::byte const*>(block) - first);
    return static_cast<std::size_t>((offset * reciprocal) >> 32U);
  }
  block_stamp& stamp_of(void const* block) noexcept { return stamps()[index_of(block)]; }
  bool is_used_up() const noexcept { return fresh == end; }
  /// Preconditions: !is_used_up().
  void* carve() noexcept {
    std::byte* const block = fresh;
    fresh += stride_bytes;
    return block;
  }
  std::size_t carved_count() const noexcept {
    return stride_bytes == 0 ? 0 : static_cast<std::size_t>(fresh - first) / stride_bytes;
  }
};

inline slab* slab_of(void const* block, std::size_t slab_bytes) noexcept {
  return reinterpret_cast<slab*>(reinterpret_cast<std::uintptr_t>(block) & ~(slab_bytes - 1));
}

/// Returns:       The layout of as many blocks as fit; block_count is 0 if none does.
/// Preconditions: `slab_bytes` and `alignment` are powers of two, alignment >= alignof(free_block)
///                and below 4 GiB; `stride_bytes` is a multiple of `alignment`, not less than
///                `block_bytes` and sizeof(free_block).
slab_layout layout_of(std::size_t block_bytes, std::size_t stride_bytes, std::size_t alignment,
                      std::size_t slab_bytes) noexcept;

/// Makes a slab ready for blocks of one layout: all fresh, all stamps 0.
/// Preconditions: `group` is set, no block of it is in use.
void format(slab& formatted, slab_layout const& layout, std::uint32_t class_index,
            void* owner) noexcept;

/// Slabs in a ring-free double list: removal is O(1).
struct slab_list {
  slab* first = nullptr;

  void push(slab& added) noexcept {
    added.previous = nullptr;
    added.next = first;
    if (first != nullptr) first->previous = &added;
    first = &added;
  }
  void remove(slab& removed) noexcept {
    (removed.previous != nullptr ? removed.previous->next : first) = removed.next;
    if (removed.next != nullptr) removed.next->previous = removed.previous;
    removed.next = removed.previous = nullptr;
  }
  slab* pop() noexcept {
    slab* const taken = first;
    if (taken != nullptr) remove(*taken);
    return taken;
  }
};

}  // namespace tidemark::detail
