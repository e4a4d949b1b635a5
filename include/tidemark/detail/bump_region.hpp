// SPDX-License-Identifier: BSL-1.0
#pragma once

// A cursor in a run of bytes.
//
//   begin ....aaaa..bbbbbbbb|                  | end
//                           cursor
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. begin <= floor <= cursor <= end, all null before there are bytes. (A checked pool sets cursor
//     and end equal, so that every request is told that it does not fit.)
//  2. Bytes below the cursor belong to blocks or padding; bytes above it to nobody.
//
// Source: every bump allocator; the two tests of `take_small` are folded after LLVM's BumpPtr.

#include <cstddef>
#include <cstdint>
#include <tidemark/detail/alignment.hpp>

namespace tidemark::detail {

/// Blocks of this many bytes or more take the slow half, which recycles outgrown arrays.
inline constexpr std::size_t large_block_bytes = 2048;

struct bump_region {
  std::byte* cursor = nullptr;
  std::byte* end = nullptr;
  std::byte* floor = nullptr;  // blocks below it belong to an enclosing scope

  /// The hot half: true and a block, or false and nothing changed.
  /// Preconditions: `alignment` is a power of two.
  /// Effects:       False for 0 bytes, for `large_block_bytes` and more, and where it does not fit.
  bool take_small(std::size_t bytes, std::size_t alignment, void*& block) noexcept {
    if constexpr (sizeof(std::uintptr_t) < 8) {
      if (alignment > large_block_bytes) return false;  // the sum below could wrap
    }
    // User addresses end far below 2^63 and `bytes` is below 2 KiB when it is added, so neither
    // sum wraps; an alignment that jumps past the end makes `first` larger than `end`.
    std::uintptr_t const first = (address_of(cursor) + alignment - 1) & (0 - alignment);
    if (bytes - 1 >= large_block_bytes - 1 || first + bytes > address_of(end)) [[unlikely]] {
      return false;
    }
    block = reinterpret_cast<void*>(first);
    cursor = reinterpret_cast<std::byte*>(first + bytes);
    return true;
  }

  /// A block of any size but 0, or null and nothing changed.
  void* take(std::size_t bytes, std::size_t alignment) noexcept {
    // Fit is decided by subtraction: `bytes` is the caller's and any sum with it may wrap.
    auto const left = static_cast<std::size_t>(end - cursor);
    std::size_t const padding = padding_to(cursor, alignment);
    if (!fits(left, padding, bytes)) return nullptr;
    std::byte* const block = cursor + padding;
    cursor = block + bytes;
    return block;
  }

  /// Whether a block that begins there is the innermost scope's.
  bool holds(std::byte const* block) const noexcept { return block >= floor && block < cursor; }
  /// Whether the block ends at the cursor and is not an enclosing scope's.
  bool is_top(std::byte const* block, std::size_t bytes) const noexcept {
    return address_of(cursor) - address_of(block) == bytes && block >= floor;
  }

  /// Grows or shrinks the top block; false and nothing changed if the new size does not fit.
  /// Preconditions: is_top(block, its size); new_bytes > 0.
  bool resize_top(std::byte* block, std::size_t new_bytes) noexcept {
    if (new_bytes > static_cast<std::size_t>(end - block)) return false;
    cursor = block + new_bytes;
    return true;
  }
};

}  // namespace tidemark::detail
