// SPDX-License-Identifier: BSL-1.0
#pragma once

// Blocks that no slab holds: each is a request of its own to upstream.
//
//   | header ... padding | block ............ |      the header lies right in front of the block
//
// Thread rule: one thread at a time; `owner` may be read by any thread that has the block.
//
// Invariants:
//  1. A large block is in exactly one list: that of the checkpoint that holds it, or the idle one.
//  2. `capacity_bytes` begin at the block and are upstream's to the end.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

namespace tidemark::detail {

struct alignas(16) large_block {
  large_block* next = nullptr;
  large_block* previous = nullptr;
  void* owner = nullptr;           // the heap
  std::size_t capacity_bytes = 0;  // of the block
  std::size_t offset = 0;          // of the block, from where upstream's memory begins
  std::size_t alignment = 0;       // as upstream was asked
  std::uint32_t depth = 0;         // of the checkpoint that holds it

  void* block() noexcept { return this + 1; }
  void* upstream_begin() noexcept { return reinterpret_cast<std::byte*>(this + 1) - offset; }
  std::size_t upstream_bytes() const noexcept { return offset + capacity_bytes; }
};

inline large_block& large_block_of(void* block) noexcept {
  return *(static_cast<large_block*>(block) - 1);
}
inline large_block const& large_block_of(void const* block) noexcept {
  return *(static_cast<large_block const*>(block) - 1);
}

/// What to ask upstream for; bytes is 0 if there is no such number.
struct large_request {
  std::size_t bytes;
  std::size_t alignment;
  std::size_t offset;

  static large_request of(std::size_t bytes, std::size_t alignment) noexcept {
    alignment = std::max(alignment, alignof(large_block));
    std::size_t const offset = std::max(alignment, sizeof(large_block));
    bytes = std::max<std::size_t>(bytes, 16);
    return {bytes > SIZE_MAX - offset ? 0 : offset + bytes, alignment, offset};
  }
};

/// Preconditions: upstream gave `memory` for `request`.
inline large_block& make_large_block(void* memory, large_request const& request,
                                     void* owner) noexcept {
  auto* const block = static_cast<std::byte*>(memory) + request.offset;
  auto* const made = ::new (block - sizeof(large_block)) large_block;
  made->owner = owner;
  made->capacity_bytes = request.bytes - request.offset;
  made->offset = request.offset;
  made->alignment = request.alignment;
  return *made;
}

struct large_list {
  large_block* first = nullptr;

  void push(large_block& added) noexcept {
    added.previous = nullptr;
    added.next = first;
    if (first != nullptr) first->previous = &added;
    first = &added;
  }
  void remove(large_block& removed) noexcept {
    (removed.previous != nullptr ? removed.previous->next : first) = removed.next;
    if (removed.next != nullptr) removed.next->previous = removed.previous;
  }
};

}  // namespace tidemark::detail
