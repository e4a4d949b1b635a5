// SPDX-License-Identifier: BSL-1.0
#pragma once

// The bytes of a frame: a chain of chunks with one cursor, and what lies beside it.
//
//   chain   [aaaabb|cc....] -> [........] -> [........]      current, then kept for reuse
//   beside  side chunks: what a scope took while another was on top of it
//           own chunks:  one block each, too large for the chain
//   idle    chunks that closed scopes gave back
//
// The space asks nobody for memory: `take` says what it wants, its owner gets that and calls
// `give`.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. `current()` is the chunk that `main` points into; both are null before the first chunk.
//  2. used_bytes() = bytes before `main.cursor` in the chain, padding included, plus bytes beside.
//  3. A chunk enters the chain at its end, and the first later one that is large enough is taken:
//     so the same requests find the same chunks again.
//  4. peak_bytes is exact after `note_peak`, which runs before anything shrinks; pops in the main
//     region only raise `high`.
//
// Source: chunk chains of obstacks and of LLVM's BumpPtrAllocator; own chunks as in BDE's
// SequentialPool.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/bump_region.hpp>
#include <tidemark/detail/chunk_list.hpp>
#include <tidemark/detail/scope_record.hpp>
#include <utility>

namespace tidemark::detail {

/// The part of the chain that one scope allocated, newest end first.
struct scope_extent {
  chunk* last;
  std::byte const* high;  // end of the scope's bytes in `last`
};

struct frame_sizes {
  std::size_t initial_bytes;    // capacity of the first chunk
  std::size_t max_chunk_bytes;  // cap of growth; a quarter of it is the largest block of the chain
  bool recycle_outgrown;
  bool checked;  // what is not live is filled and poisoned
  std::size_t header_bytes =
      chunk_alignment;       // of each chunk: a page if its payload is to be protected
  bool quarantined = false;  // what is dropped waits in `take_retired` instead of being reused
};

class frame_space {
 public:
  explicit frame_space(frame_sizes sizes) noexcept;

  // Hot: written by the inline half of the pool.
  bump_region main;
  std::byte* high = nullptr;  // highest cursor in `current` since the last note_peak
  /// Frees of 1 to this many bytes do nothing if the block is not on top.
  std::size_t quiet_free_bytes;

  /// Makes a caller's buffer the first chunk; `header` holds what an upstream chunk holds itself.
  void adopt_buffer(chunk& header, std::byte* buffer, std::size_t bytes) noexcept;

  /// A block for the scope `r`: from its outgrown arrays, from the main region if it is on top,
  /// else from its side region, or from a chunk of its own. Returns:    Null if a chunk is needed
  /// first; `wanted` says which. Complexity: O(1), plus the chunks of the chain that are too small
  /// for the request.
  void* take(scope_record& r, bool on_top, std::size_t bytes, std::size_t alignment,
             chunk_request& wanted) noexcept;
  void give(chunk& fresh, chunk_request const& wanted) noexcept;

  /// From now on no block gets a chunk of its own: the chain's last chunk grows where it is.
  void keep_in_chain() noexcept { own_chunk_bytes_ = SIZE_MAX; }
  /// From now on every block gets one, and every free is looked at.
  void keep_apart() noexcept { own_chunk_bytes_ = quiet_free_bytes = 0; }
  bool keeps_apart() const noexcept { return own_chunk_bytes_ == 0; }
  /// Returns:    The chunk that blocks are taken from, if it is upstream's and the chain's last.
  chunk* last_in_use() const noexcept;
  /// The chunk's bytes end elsewhere now, by `wanted_bytes` if it grew for a request.
  void set_end(chunk& last, std::byte* end, std::size_t wanted_bytes) noexcept;

  /// Frees a block that is not on top of the main region: pops it from the side region, puts a
  /// chunk of its own back, or recycles an array of `large_block_bytes` and more.
  /// Returns:    False if no block of the scope lies there, or it waits for the scope's end.
  /// Complexity: O(1): the newest 64 chunks of each kind are looked at.
  bool free(scope_record& r, scope_extent extent, std::byte* block, std::size_t bytes) noexcept;
  /// Whether a block that the scope holds beside the chain begins there.
  /// Complexity: O(chunks beside).
  static bool lies_beside(scope_record const& r, std::byte const* block) noexcept;
  bool resize(scope_record& r, bool on_top, std::byte* block, std::size_t old_bytes,
              std::size_t new_bytes) noexcept;

  /// Back to where `r` began; what it holds beside the chain becomes idle.
  /// Complexity: O(chunks given up).
  void drop(scope_record& r) noexcept;
  /// What `inner` holds passes to `outer`, which encloses it.
  void merge(scope_record& inner, scope_record& outer) noexcept;

  void pop_main(std::byte* block) noexcept {
    if (main.cursor > high) high = main.cursor;
    main.cursor = block;
  }
  bool has_new_peak() const noexcept { return high > main.cursor; }
  void note_beside(std::size_t bytes) noexcept {
    if (has_new_peak()) [[unlikely]]
      note_peak();
    beside_bytes_ += bytes;
  }
  /// Preconditions: !has_new_peak().
  void add_beside(std::size_t bytes) noexcept { beside_bytes_ += bytes; }

  /// What upstream gave for the chain.
  struct chain_size {
    std::size_t chunk_count = 0;
    std::size_t upstream_bytes = 0;
  };
  /// Complexity: O(chunks of the chain).
  chain_size chain() const noexcept;
  chunk* current() const noexcept { return current_; }
  chunk* head() const noexcept { return head_; }
  // `main` may be parked, so its cursor is an argument.
  std::size_t used_bytes(std::byte const* main_cursor) const noexcept;
  std::size_t peak_bytes(std::byte const* main_cursor) const noexcept;
  /// If the space is checked: the bytes become dead.
  void retire(std::byte* begin, std::byte* end) const noexcept;

  // Quarantine: what one frame used is taken out and comes back later.
  std::size_t header_bytes() const noexcept { return sizes_.header_bytes; }
  /// Blocks are no longer taken from the chunk in use: the next one begins another.
  void fence() noexcept {
    fence_ = current_;
    main.end = main.cursor;
  }
  void lift_fence() noexcept;
  /// Takes the chunks behind `barrier` up to `last` out of the chain; with a null barrier all up to
  /// `last` but a caller's buffer, and the chain begins anew.
  /// Preconditions: nothing in them is in use.
  /// Returns:    The first of them, linked by `next`.
  chunk* detach(chunk* barrier, chunk* last) noexcept;
  chunk_list take_retired() noexcept;
  void attach(chunk* first) noexcept;
  void put_idle(chunk& idle) noexcept { idle_.put(idle); }

  /// Returns:    A chunk that serves nobody, unlinked, for its owner to return upstream; or null.
  chunk* take_idle() noexcept;
  /// Takes those that have served nobody since the last call.
  /// Returns:    The first of them, linked by `next`; null if there are none.
  chunk* take_idle_since_last() noexcept;
  /// Forgets the chain and how far chunks had grown; only a caller's buffer stays.
  /// Preconditions: everything was dropped.
  /// Returns:    The head of a list, by `next`, of chunks to return upstream.
  chunk* take_chain() noexcept;

 private:
  static constexpr std::size_t least_chunk_bytes = 512;

  void note_peak() noexcept;
  void note_growth(std::size_t wanted_bytes) noexcept;
  void enter(chunk& next, scope_record& r) noexcept;
  void* take_from_chain(scope_record& r, std::size_t bytes, std::size_t alignment,
                        chunk_request& wanted) noexcept;
  void* take_own_chunk(scope_record& r, std::size_t bytes, std::size_t alignment,
                       chunk_request& wanted) noexcept;
  void* take_side(scope_record& r, std::size_t bytes, std::size_t alignment) noexcept;
  void* take_side_chunk(scope_record& r, std::size_t bytes, std::size_t alignment,
                        chunk_request& wanted) noexcept;
  void make_idle(chunk_list& list) noexcept;
  void drop_chunk(chunk& unused) noexcept;

  chunk* current_ = nullptr;
  chunk* head_ = nullptr;
  chunk* tail_ = nullptr;
  chunk* fence_ = nullptr;  // the chunk in use when the outermost checkpoint was opened
  idle_chunks idle_;
  chunk_list retired_;
  std::size_t beside_bytes_ = 0;
  std::size_t peak_bytes_ = 0;
  frame_sizes sizes_;
  std::size_t next_chunk_bytes_;
  std::size_t own_chunk_bytes_;  // payloads above this get a chunk of their own
};

}  // namespace tidemark::detail
