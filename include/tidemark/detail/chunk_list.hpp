// SPDX-License-Identifier: BSL-1.0
#pragma once

// What upstream gave, and the lists it waits in.
//
//   | chunk |  begin ...blocks... cursor      end |
//   '-------- upstream_bytes ---------------------'
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. A chunk is on one list. Lists own nothing: whoever unlinks a chunk must keep it or free it.
//  2. `cursor` is the end of the last block of a chunk that nobody is allocating from; of the chunk
//     in use the region holds the cursor.
//  3. Idle chunks are served by exact class. Best fit would let a small request take a chunk that a
//     later large one had in the frame before, and the second of two identical frames would call
//     upstream again (the history is a test).

#include <array>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/alignment.hpp>

namespace tidemark::detail {

struct chunk {
  chunk* next;
  chunk* previous;
  std::byte* begin;
  std::byte* cursor;
  std::byte* end;
  std::size_t upstream_bytes;   // what to return, this header included; 0: a caller's buffer
  std::size_t class_bytes;      // what was wanted; a limit may have made the chunk smaller
  std::size_t preceding_bytes;  // in use in the chunks before it, while it is in use itself

  /// `preceding_bytes` of an idle chunk that nobody has entered since the last service.
  static constexpr std::size_t not_entered = SIZE_MAX;

  std::size_t capacity() const noexcept { return static_cast<std::size_t>(end - begin); }
  std::size_t used() const noexcept { return static_cast<std::size_t>(cursor - begin); }
  /// Whether [block, block + bytes) lies in [low, high) of this chunk.
  static bool within(std::byte const* block, std::size_t bytes, std::byte const* low,
                     std::byte const* high) noexcept {
    return block >= low && block < high && bytes <= static_cast<std::size_t>(high - block);
  }
};
static_assert(sizeof(chunk) <= chunk_alignment, "a chunk's payload starts at a cache line");

/// What an engine needs from its owner before a `take` can succeed.
struct chunk_request {
  std::size_t payload_bytes = 0;  // the least capacity that serves; 0: no chunk ever can
  std::size_t wanted_bytes = 0;   // whole chunk, header included
  bool for_chain = false;
};

/// Makes a chunk in `memory`.
/// Preconditions: `memory` is aligned to `chunk_alignment`, `header_bytes` a multiple of that and
///                less than `upstream_bytes`.
chunk* make_chunk(void* memory, std::size_t upstream_bytes, std::size_t class_bytes,
                  std::size_t header_bytes = chunk_alignment) noexcept;

/// A doubly linked list; chunks are added in front.
class chunk_list {
 public:
  chunk* front() const noexcept { return front_; }
  bool empty() const noexcept { return front_ == nullptr; }
  void push_front(chunk& added) noexcept;
  void unlink(chunk& removed) noexcept;
  /// Takes the chunks of `other` over, behind the front of this list.
  /// Complexity: O(1).
  void take_over(chunk_list& other) noexcept;
  chunk* pop_front() noexcept;

 private:
  chunk* front_ = nullptr;
  chunk* back_ = nullptr;
};

/// Chunks that serve nobody, by class.
class idle_chunks {
 public:
  void put(chunk& idle) noexcept;
  /// Returns:    A chunk of exactly this class that holds `payload` bytes, unlinked; or null.
  /// Complexity: O(idle chunks whose class shares a list: one list in 16).
  chunk* take(std::size_t class_bytes, std::size_t payload) noexcept;
  /// Returns:    Any idle chunk, unlinked; or null.
  chunk* pop() noexcept;
  /// Takes the chunks that were not put since the last call.
  /// Returns:    The first of them, linked by `next`; null if there are none.
  chunk* take_since_last() noexcept;

 private:
  chunk_list& list_of(std::size_t class_bytes) noexcept;
  std::array<chunk_list, 16> lists_;
};

}  // namespace tidemark::detail
