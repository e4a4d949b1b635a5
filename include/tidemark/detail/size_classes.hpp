// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which sizes a pool keeps blocks of, and which of them serves a request.
//
//   8 16 24 32 40 48 56 64 | 80 96 112 128 | 160 192 224 256 | ... | 20480 24576 28672 32768
//   steps of 8               four to each doubling, so at most a quarter of a block is waste
//
// A request of `bytes` at `alignment` is served as one of round_up(bytes, alignment): the class of
// a multiple of a power of two is a multiple of it, too.
//
// Functions take the last byte's index, bytes - 1: zero bytes wrap, and fit nowhere.
//
// Thread rule: any thread.
//
// Source: the spacing of jemalloc's size classes.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tidemark::detail {

struct size_classes {
  static constexpr std::uint32_t count = 44;
  static constexpr std::size_t largest_bytes = 32 * 1024;
  static constexpr std::size_t largest_small_bytes = 1024;  // found by a table
  static constexpr std::size_t largest_alignment = 4096;

  /// Preconditions: last < largest_bytes.
  static constexpr std::uint32_t of(std::size_t last) noexcept {
    if (last < 64) return static_cast<std::uint32_t>(last / 8);
    auto const doubling = static_cast<std::uint32_t>(std::bit_width(last)) - 1;  // 6 or more
    auto const quarter = static_cast<std::uint32_t>(last >> (doubling - 2)) & 3U;
    return 8 + (doubling - 6) * 4 + quarter;
  }
  /// The same for last < largest_small_bytes.
  static std::uint32_t small_of(std::size_t last) noexcept;

  /// Size of the blocks of a class.
  static constexpr std::size_t bytes(std::uint32_t index) noexcept {
    if (index < 8) return std::size_t{8} * (index + 1);
    std::uint32_t const above = index - 8;
    return std::size_t{5 + above % 4} << (above / 4 + 4);
  }
  /// What every block of a class is aligned to.
  static constexpr std::size_t alignment(std::uint32_t index) noexcept {
    std::size_t const size = bytes(index);
    std::size_t const lowest_bit = size & (~size + 1);
    return lowest_bit < largest_alignment ? lowest_bit : largest_alignment;
  }
};

// Hidden: found without the table of addresses of a shared library.
[[gnu::visibility("hidden")]] inline constexpr auto small_size_classes = [] {
  std::array<std::uint8_t, size_classes::largest_small_bytes / 8> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<std::uint8_t>(size_classes::of(8 * i));
  }
  return table;
}();

inline std::uint32_t size_classes::small_of(std::size_t last) noexcept {
  return small_size_classes[last / 8];
}

}  // namespace tidemark::detail
