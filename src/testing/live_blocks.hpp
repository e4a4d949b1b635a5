// SPDX-License-Identifier: BSL-1.0
#pragma once

// The blocks that a row of the conformance battery holds, filled so that a stray write shows.
//
// Thread rule: one thread.
//
// Invariants:
//  1. Blocks that are held do not overlap: one that would is a violation when it is handed out.
//  2. A block is verified before it is freed.

#include <cstddef>
#include <map>
#include <memory_resource>
#include <stdexcept>

namespace tidemark::testing {

/// A promise that a resource has broken; what() is one clause.
struct violation : std::logic_error {
  using std::logic_error::logic_error;
};

class live_blocks {
 public:
  explicit live_blocks(std::pmr::memory_resource& resource) noexcept : resource_(&resource) {}
  /// Effects:       Frees what is held, unverified, unless `forget` came first.
  ~live_blocks();
  live_blocks(live_blocks const&) = delete;
  live_blocks& operator=(live_blocks const&) = delete;

  /// Effects:       Allocates and fills a block.
  /// Returns:       Its number: 0, 1, 2 ... in the order of allocation.
  /// Throws:        `violation` if it is null, misaligned or overlaps one that is held; what the
  ///                resource throws, with nothing changed.
  std::size_t allocate(std::size_t bytes, std::size_t alignment);

  /// Effects:       Verifies the block, then frees it.
  void free(std::size_t number);
  void free_all_newest_first();

  /// Throws:        `violation` if a byte of a block that is held has changed.
  void verify() const;
  /// Effects:       Lets go of all blocks without a free.
  void forget() noexcept {
    blocks_.clear();
    number_by_begin_.clear();
  }

  std::size_t count() const noexcept { return blocks_.size(); }
  /// Preconditions: `index` < `count()`.
  std::size_t number_at(std::size_t index) const;

 private:
  struct block {
    std::byte* begin;
    std::size_t bytes;
    std::size_t alignment;
  };

  static std::byte content(std::size_t number, std::size_t offset) noexcept;
  static void verify(std::size_t number, block const& held);
  void refuse_overlap(block const& fresh) const;

  std::pmr::memory_resource* resource_;
  std::map<std::size_t, block> blocks_;                      // by number
  std::map<std::byte const*, std::size_t> number_by_begin_;  // of the same blocks
  std::size_t next_ = 0;
};

}  // namespace tidemark::testing
