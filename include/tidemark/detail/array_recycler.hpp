// SPDX-License-Identifier: BSL-1.0
#pragma once

// Free lists of outgrown arrays, kept in the dead arrays themselves.
//
//   | table of list heads | ....unused.... |   the first array a scope gives back holds the table
//   | next | bytes | .....unused.......... |   every later one a link, possibly at an odd address
//
// Use it so that a vector that regrows in an arena does not cost its whole history.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. Every listed block has at least `large_block_bytes` and is dead: nobody else writes it.
//  2. A block on list k has 2^k to 2^(k+1)-1 bytes (the last list: any larger size, too).
//
// Source: protobuf's SerialArena returns outgrown arrays to lists inside them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/bump_region.hpp>

namespace tidemark::detail {

class array_recycler {
 public:
  /// Gives a dead array to `table`, which it becomes if there is none yet.
  /// Preconditions: bytes >= large_block_bytes.
  /// Complexity:    O(1).
  static void give(array_recycler*& table, std::byte* block, std::size_t bytes) noexcept;

  /// Returns:       A block of at least `bytes` at `alignment`, or null. What a larger block leaves
  ///                over is listed again if it is large enough.
  /// Preconditions: bytes >= large_block_bytes.
  /// Complexity:    O(1): at most four blocks of the fitting class are looked at, then the larger
  ///                classes by a bit scan.
  std::byte* take(std::size_t bytes, std::size_t alignment) noexcept;

  /// Takes over what `other` lists.
  /// Complexity:    O(1): of each list the first 16 blocks; longer ones keep their tail unused.
  void merge(array_recycler& other) noexcept;

 private:
  static constexpr std::size_t least_class = 11;  // 2^11 = large_block_bytes
  static constexpr std::size_t list_count = 32;
  struct link {
    std::byte* next;
    std::size_t bytes;
  };

  static std::size_t list_of(std::size_t bytes) noexcept;
  static link read(std::byte const* block) noexcept;
  static void write(std::byte* block, link value) noexcept;
  void push(std::byte* block, std::size_t bytes) noexcept;
  std::byte* take_from(std::size_t list, std::size_t bytes, std::size_t alignment) noexcept;

  std::array<std::byte*, list_count> heads_{};
  std::uint32_t nonempty_ = 0;  // bit k: list k has blocks
};

static_assert(sizeof(array_recycler) + alignof(array_recycler) < large_block_bytes,
              "the table fits the smallest array it can be put into");

}  // namespace tidemark::detail
