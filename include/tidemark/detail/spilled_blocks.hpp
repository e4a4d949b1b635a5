// SPDX-License-Identifier: BSL-1.0
#pragma once

// Blocks that another resource had to serve: each is known by its address.
//
//   piece   | padding | header | block ...        what the secondary gave; `block` is the user's
//                     |        |
//                     |        aligned as asked; behind a header that lies within the piece
//                     in one tree by address, in one list of what falls back together
//
// Use it in an adaptor that asks a second resource when the first refuses, and must know later
// which of the two a block came from. It asks nobody for memory: the adaptor gets the pieces and
// gives them back.
//
// Thread rule: with `no_mutex` one thread at a time; with a mutex any thread. While blocks move
// from one holding to another, or are released, nobody frees them.
//
// Invariants:
//  1. A block is in the tree from `insert` until `take` or `release` gives its piece back. It is in
//     at most one list.
//  2. size() counts the tree. Whoever may free a block that is in it reads a number that is not 0,
//     without the lock: the number was raised before he got the block.
//  3. The lock is held for the tree and the lists alone; whoever holds it calls nobody.
//
// Source: intrusive containers, of Boost.Intrusive.

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/owned_count.hpp>

namespace tidemark::detail {

/// A piece of memory as the secondary gave it, to be given back with the same numbers.
struct spilled_piece {
  void* memory = nullptr;
  std::size_t bytes = 0;
  std::size_t alignment = 0;
};

using spilled_tree_hook =
    boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                                    boost::intrusive::link_mode<boost::intrusive::normal_link>>;
using spilled_list_hook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The header of one block.
class spilled_block : public spilled_tree_hook, public spilled_list_hook {
 public:
  /// What to ask the secondary for.
  /// Preconditions: `alignment` is a power of two.
  /// Returns:       A piece without memory; its bytes are 0 if none could ever be that large.
  static constexpr spilled_piece piece_for(std::size_t bytes, std::size_t alignment) noexcept;

  void* address() noexcept { return this + 1; }
  spilled_piece piece() noexcept;

 private:
  template <class Mutex>
  friend class spilled_blocks;

  explicit spilled_block(spilled_piece const& piece) noexcept
      : piece_bytes_(piece.bytes), piece_alignment_(piece.alignment) {}
  /// Returns:       Bytes of a piece up to its block.
  static constexpr std::size_t front_bytes(std::size_t piece_alignment) noexcept {
    return round_up(sizeof(spilled_block), piece_alignment);
  }

  std::size_t piece_bytes_;
  std::size_t piece_alignment_;
  void const* holder_ = nullptr;  // the holding; null: none
};

static_assert(sizeof(spilled_block) == 64, "what stands in front of a block at alignment 64");

/// `Mutex`: `no_mutex` or `std::mutex`.
template <class Mutex>
class spilled_blocks {
  using block_list =
      boost::intrusive::list<spilled_block, boost::intrusive::constant_time_size<false>>;

 public:
  /// Blocks on their way from one holding to another, or back to the secondary.
  class content {
   public:
    content() = default;
    content(content&& from) noexcept { blocks_.swap(from.blocks_); }
    content& operator=(content&&) = delete;

    bool empty() const noexcept { return blocks_.empty(); }
    /// Complexity:  O(1).
    void add(content&& more) noexcept { blocks_.splice(blocks_.begin(), more.blocks_); }

   private:
    friend class spilled_blocks;

    block_list blocks_;  // newest first
  };

  /// The blocks of one checkpoint.
  class holding {
   public:
    using content = spilled_blocks::content;

    explicit holding(spilled_blocks& all) noexcept : all_(all) {}
    holding(holding const&) = delete;
    holding& operator=(holding const&) = delete;

    /// Returns:     What was held; nothing is any more.
    /// Complexity:  O(1).
    content take_all() noexcept;
    /// Complexity:  O(n).
    void add(content&& more) noexcept;
    /// Complexity:  O(log size()).
    bool contains(void const* block) const noexcept;

   private:
    friend class spilled_blocks;

    spilled_blocks& all_;
    block_list blocks_;  // newest first; guarded by the mutex of all_
  };

  spilled_blocks() = default;
  spilled_blocks(spilled_blocks const&) = delete;
  spilled_blocks& operator=(spilled_blocks const&) = delete;

  /// Returns:       Count of blocks that are known.
  std::size_t size() const noexcept { return size_.get(); }

  /// Preconditions: `piece` is as `piece_for` said, with memory.
  /// Complexity:    O(log size()).
  spilled_block& insert(spilled_piece const& piece) noexcept;

  /// Effects:       The block is among those of `to` until it is given back.
  void hold(holding& to, spilled_block& block) noexcept;

  bool contains(void const* block) const noexcept;

  /// Effects:       Forgets the block.
  /// Returns:       Its piece; without memory if `block` is none of these.
  /// Complexity:    O(log size()).
  spilled_piece take(void* block) noexcept;

  /// Effects:       Forgets the blocks, and calls `give_back(piece)` for each, newest first,
  ///                without the lock.
  /// Complexity:    O(n log size()).
  template <class F>
  void release(content&& blocks, F give_back) noexcept {
    forget(blocks);
    while (!blocks.empty()) give_back(pop(blocks));
  }

 private:
  struct address_of_block {
    using type = std::uintptr_t;
    // Of the user's block, which lies behind its header.
    type operator()(spilled_block const& block) const noexcept {
      return detail::address_of(&block + 1);
    }
  };
  using block_tree =
      boost::intrusive::set<spilled_block, boost::intrusive::key_of_value<address_of_block>,
                            boost::intrusive::constant_time_size<false>>;

  spilled_block const* find(void const* block) const noexcept;
  void forget(content& blocks) noexcept;
  static spilled_piece pop(content& blocks) noexcept;

  owned_count size_;                           // of tree_; written under the mutex, read by anybody
  [[no_unique_address]] mutable Mutex mutex_;  // guards tree_, all lists and the headers in them
  block_tree tree_;
};

constexpr spilled_piece spilled_block::piece_for(std::size_t bytes,
                                                 std::size_t alignment) noexcept {
  constexpr std::size_t most = PTRDIFF_MAX;  // some heaps wrap above it
  std::size_t const at_least = std::max(alignment, alignof(spilled_block));
  std::size_t const front = front_bytes(at_least);
  std::size_t const behind = std::max<std::size_t>(bytes, 1);  // else it may end where another's is
  if (front > most || behind > most - front) return {};
  return {.memory = nullptr, .bytes = front + behind, .alignment = at_least};
}

extern template class spilled_blocks<no_mutex>;
extern template class spilled_blocks<std::mutex>;

}  // namespace tidemark::detail
