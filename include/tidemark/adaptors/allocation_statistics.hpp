// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a program asks for memory, as numbers.
//
//   bytes   0   1   2-3   4-7   8-15  ...  2^(n-1) to 2^n - 1
//   sizes[0] [1]  [2]   [3]   [4]   ...  [n]
//
// Use it to read a `statistics_resource`: which sizes to keep blocks for, how often it fails.
//
// Thread rule: a value.

#include <array>
#include <bit>
#include <cstddef>
#include <iosfwd>
#include <limits>
#include <string>

namespace tidemark {

struct allocation_statistics {
  static constexpr std::size_t size_classes = std::numeric_limits<std::size_t>::digits + 1;

  std::size_t allocations = 0;                    // calls that were served
  std::size_t failures = 0;                       // calls that threw; they count nowhere else
  std::size_t frees = 0;                          // calls that gave back a block which was charged
  std::size_t late_frees = 0;                     // calls that gave back one which no longer was
  std::size_t refunded_blocks = 0;                // blocks that a rewind took
  std::size_t bytes_allocated = 0;                // asked for by all calls that were served
  std::size_t bytes_in_use = 0;                   // of the blocks in use, as they were asked for
  std::size_t bytes_peak = 0;                     // the most bytes_in_use has been
  std::size_t blocks_in_use = 0;                  // allocations - frees - refunded_blocks
  std::array<std::size_t, size_classes> sizes{};  // allocations by the bit width of their bytes

  /// Returns:        The place in `sizes` of a block of `bytes`.
  static constexpr std::size_t size_class(std::size_t bytes) noexcept {
    return static_cast<std::size_t>(std::bit_width(bytes));
  }
  /// Returns:        The least bytes of a block in that place.
  static constexpr std::size_t least_bytes(std::size_t size_class) noexcept {
    return size_class == 0 ? 0 : std::size_t{1} << (size_class - 1);
  }

  friend bool operator==(allocation_statistics const&,
                         allocation_statistics const&) noexcept = default;
};

/// Writes a line with `field=value` for each number, then a line for each size that was asked for:
/// the least and the most bytes and the count of allocations.
std::ostream& operator<<(std::ostream& out, allocation_statistics const& statistics);

/// Returns:          One JSON object; its keys are the names of the fields. `sizes` is an array of
///                   objects with `least_bytes` and `allocations`, without those that are 0.
std::string to_json(allocation_statistics const& statistics);

}  // namespace tidemark
