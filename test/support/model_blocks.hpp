// SPDX-License-Identifier: BSL-1.0
#pragma once

// The blocks a model believes to be live.
//
//   sorted by address   |aaaa| |bb|      |cccccc|      neighbours must not touch
//   filled              every byte, or both ends and one byte per page of a large block
//
// Thread rule: one thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "is_aligned.hpp"

namespace model {

/// The pool did what the model does not allow.
struct broken : std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool holds, char const* what) {
  if (!holds) throw broken{what};
}

struct block {
  std::byte* begin = nullptr;
  std::size_t bytes = 0;
  std::size_t alignment = 1;
  std::uint32_t depth = 0;  // of the checkpoint that owns it; 0: none does
  bool filled = true;       // false: somebody else writes it, only its place is watched
  unsigned char pattern = 0;
  bool array = false;      // typed: nobody frees it but its checkpoint
  std::size_t number = 0;  // of all that were ever added
  std::size_t charge = 0;  // its part of bytes_in_use, of a pool that says so

  // Zero sizes are legal and unique, so each block has a byte of its own.
  std::size_t extent() const noexcept { return std::max<std::size_t>(bytes, 1); }
  std::byte* end() const noexcept { return begin + extent(); }
};

class block_map {
 public:
  std::size_t size() const noexcept { return blocks_.size(); }
  block const& operator[](std::size_t index) const noexcept { return blocks_[index]; }
  /// Returns: Sum of the bytes of all live blocks.
  std::size_t live_bytes() const noexcept { return live_bytes_; }
  std::size_t charged_bytes() const noexcept { return charged_bytes_; }
  unsigned char new_pattern() noexcept { return ++last_pattern_; }

  void add(block added) {
    require(added.begin != nullptr, "a block is null");
    require(tidemark::test::is_aligned(added.begin, added.alignment), "a block is misaligned");
    require(!overlaps(added.begin, added.bytes), "a block overlaps a live one");
    live_bytes_ += added.extent();
    charged_bytes_ += added.charge;
    added.number = ++added_count_;
    fill(added);
    blocks_.insert(blocks_.begin() + position(added.begin), added);
  }

  /// Returns: Where the block stands that only `older` live ones are older than. Unlike an index
  ///          by address it means the same wherever the pool puts its blocks.
  /// Preconditions: older < size().
  std::size_t by_age(std::size_t older) const {
    std::vector<std::size_t> order(blocks_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::nth_element(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(older), order.end(),
        [&](std::size_t a, std::size_t b) { return blocks_[a].number < blocks_[b].number; });
    return order[older];
  }

  void remove(std::size_t index) {
    live_bytes_ -= blocks_[index].extent();
    charged_bytes_ -= blocks_[index].charge;
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  /// Returns: False, and nothing was done, if no live block begins there.
  bool remove_at(std::byte const* begin) {
    auto const index = static_cast<std::size_t>(position(begin));
    bool const found = index < blocks_.size() && blocks_[index].begin == begin;
    if (found) remove(index);
    return found;
  }

  void resize(std::size_t index, std::size_t bytes) {
    block resized = blocks_[index];
    verify(resized, std::min(resized.bytes, bytes));
    resized.bytes = bytes;
    remove(index);
    add(resized);
  }

  bool overlaps(std::byte const* begin, std::size_t bytes) const noexcept {
    auto const next = static_cast<std::size_t>(position(begin));
    std::byte const* const end = begin + std::max<std::size_t>(bytes, 1);
    if (next < blocks_.size() && std::less<>{}(blocks_[next].begin, end)) return true;
    return next > 0 && std::less<>{}(begin, blocks_[next - 1].end());
  }

  /// Forgets what `depth` and the checkpoints above it own. Returns: Those blocks.
  std::vector<block> drop(std::uint32_t depth) {
    std::vector<block> dropped;
    std::erase_if(blocks_, [&](block const& b) {
      if (b.depth < depth) return false;
      live_bytes_ -= b.extent();
      charged_bytes_ -= b.charge;
      dropped.push_back(b);
      return true;
    });
    return dropped;
  }

  /// The blocks of `inner` belong to the checkpoint that encloses it.
  void pass_down(std::uint32_t inner) noexcept {
    for (block& b : blocks_) {
      if (b.depth == inner) --b.depth;
    }
  }

  void verify_contents() const {
    for (block const& b : blocks_) verify(b, b.bytes);
  }

 private:
  static constexpr std::size_t fully_filled_bytes = 8192;
  static constexpr std::size_t stride_bytes = 4096;

  std::ptrdiff_t position(std::byte const* begin) const noexcept {
    return std::lower_bound(
               blocks_.begin(), blocks_.end(), begin,
               [](block const& b, std::byte const* p) { return std::less<>{}(b.begin, p); }) -
           blocks_.begin();
  }

  static void fill(block const& b) noexcept {
    if (!b.filled || b.bytes == 0) return;
    if (b.bytes <= fully_filled_bytes) {
      std::memset(b.begin, b.pattern, b.bytes);
      return;
    }
    for (std::size_t i = 0; i < b.bytes; i += stride_bytes) b.begin[i] = std::byte{b.pattern};
    b.begin[b.bytes - 1] = std::byte{b.pattern};
  }

  static void verify(block const& b, std::size_t bytes) {
    if (!b.filled || bytes == 0) return;
    std::byte const expected{b.pattern};
    bool same = b.begin[0] == expected;
    if (b.bytes <= fully_filled_bytes) {
      same = same && std::memcmp(b.begin, b.begin + 1, bytes - 1) == 0;
    } else {
      for (std::size_t i = 0; i < bytes; i += stride_bytes) same = same && b.begin[i] == expected;
      same = same && (bytes < b.bytes || b.begin[bytes - 1] == expected);
    }
    require(same, "the contents of a live block changed");
  }

  std::vector<block> blocks_;
  std::size_t live_bytes_ = 0;
  std::size_t charged_bytes_ = 0;
  std::size_t added_count_ = 0;
  unsigned char last_pattern_ = 0;
};

}  // namespace model
