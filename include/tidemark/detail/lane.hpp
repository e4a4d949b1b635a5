// SPDX-License-Identifier: BSL-1.0
#pragma once

// The arrays of one element type: a chain of chunks with one cursor.
//
//   chain   [aaaabb|cc....] -> [........]      current, then kept for reuse
//
// All arrays of a lane have the same element type, so the cursor is always aligned; it is kept at
// multiples of `array_alignment`. Alignments over a cache line, and arrays of a chunk's size, do
// not lie in lanes.
//
// Thread rule: one thread at a time; `number_of` any thread.
//
// Invariants:
//  1. head is null: so are at, cursor, end and high. Else at is a chunk of the chain.
//  2. ready is saved, or 0: an array is taken inline only if the checkpoint on top has saved the
//     lane.
//  3. peaks are exact after `note_peak`, which runs before the chunk in use or `beside_bytes`
//     changes; `high` is the highest the cursor was since.

#include <algorithm>
#include <atomic>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/detail/chunk_list.hpp>

namespace tidemark::detail {

/// What every array is aligned to at least, in bytes: what the heap gives, for loops of vector
/// instructions. Without it an odd count of doubles would slow the loops over later arrays.
inline constexpr std::size_t array_alignment = 16;

/// What a lane knows of its elements. One object for each type, process-wide.
struct lane_type {
  static constexpr std::uint32_t unnumbered = UINT32_MAX;

  std::string_view name;
  std::size_t element_bytes;
  std::size_t element_alignment;
  std::atomic<std::uint32_t> number;  // dense; written once

  /// Of arrays, in bytes.
  std::size_t alignment() const noexcept { return std::max(element_alignment, array_alignment); }
};

/// Returns:       The number of the type, which is given at the first call.
/// Thread safety: Any thread.
std::uint32_t number_of(lane_type& type) noexcept;

struct bit_words;  // packed bits, in words of 64

inline constexpr std::uint32_t built_in_lanes = 8;

/// Preconditions: the elements fit a chunk.
/// Returns:       Bytes of a lane for an array of `count` elements.
constexpr std::size_t array_bytes(std::size_t count, std::size_t element_bytes) noexcept {
  return round_up(count * element_bytes, array_alignment);
}

/// Returns:       The lane of a built-in type; `lane_type::unnumbered` for any other.
template <class T>
consteval std::uint32_t built_in_number() {
  if (std::same_as<T, double>) return 0;
  if (std::same_as<T, float>) return 1;
  if (std::same_as<T, std::int64_t>) return 2;
  if (std::same_as<T, std::int32_t>) return 3;
  if (std::same_as<T, std::complex<double>>) return 4;
  if (std::same_as<T, std::complex<float>>) return 5;
  if (std::same_as<T, bool>) return 6;
  if (std::same_as<T, bit_words>) return 7;
  return lane_type::unnumbered;
}

/// Returns:       The type as the compiler spells it.
template <class T>
consteval std::string_view type_name() {
  std::string_view text =
      __PRETTY_FUNCTION__;  // "... [with T = double; ...]" or "... [T = double]"
  text.remove_prefix(text.find("T = ") + 4);
  return text.substr(0, text.find_last_of(";]", text.find("; std::string_view")));
}

template <class T>
struct lane_element {
  using type = T;
  static constexpr std::string_view name = type_name<T>();
};
template <>
struct lane_element<bit_words> {
  using type = std::uint64_t;
  static constexpr std::string_view name = "bits";
};

template <class T>
inline constinit lane_type type_of{.name = lane_element<T>::name,
                                   .element_bytes = sizeof(typename lane_element<T>::type),
                                   .element_alignment = alignof(typename lane_element<T>::type),
                                   .number = built_in_number<T>()};

struct lane {
  // Hot: an inline `acquire` reads and writes these.
  std::byte* cursor = nullptr;
  std::byte* end = nullptr;
  std::uint64_t ready = 0;  // serial of the checkpoint that may take arrays inline
  std::uint64_t saved = 0;  // serial of the newest checkpoint that saved the lane; 0: none is open
  chunk* at = nullptr;
  std::byte* high = nullptr;
  std::size_t beside_bytes = 0;  // of its arrays that do not lie in it

  chunk* head = nullptr;
  chunk* tail = nullptr;
  lane_type const* type = nullptr;  // null: never used
  lane* next = nullptr;             // in the list of lanes that are not built in
  std::size_t next_chunk_bytes = 0;
  std::size_t unscoped_arrays = 0;     // count taken with no checkpoint open, since the last reset
  std::size_t peak_chain_bytes = 0;    // of what lies in the chain
  std::size_t recent_chain_bytes = 0;  // the same since the last `take_idle_since_last`
  std::size_t peak_bytes = 0;          // with what lies beside

  std::size_t chain_bytes() const noexcept { return up_to(cursor); }
  std::size_t used_bytes() const noexcept { return chain_bytes() + beside_bytes; }
  /// The most `chain_bytes` and `used_bytes` have been.
  std::size_t chain_peak() const noexcept {
    return std::max(peak_chain_bytes, up_to(std::max(high, cursor)));
  }
  std::size_t peak() const noexcept {
    return std::max(peak_bytes, up_to(std::max(high, cursor)) + beside_bytes);
  }
  void note_peak() noexcept;
  /// Bytes taken from upstream for the chain.
  /// Complexity:    O(chunks of the lane).
  std::size_t reserved_bytes() const noexcept;
  std::size_t chunk_count() const noexcept;

  /// Returns:       Room for `bytes`, or null if no chunk behind the one in use has it.
  /// Preconditions: bytes is not 0, and what `array_bytes` returns.
  std::byte* take(std::size_t bytes) noexcept;
  /// Adds a chunk at the end of the chain.
  void give(chunk& fresh) noexcept;
  /// Back to the begin of the chain.
  void rewind_to_start() noexcept;
  /// Takes the chunks at the end of the chain that nothing lies in. The chunk in use stays while a
  /// checkpoint has saved the lane.
  /// Returns:       The first of them, linked by `next`; null if there are none.
  chunk* take_idle() noexcept { return take_behind(last_in_use()); }
  /// The same, but what arrays have entered since the last call stays, however full it was: the
  /// same arrays will enter it again.
  chunk* take_idle_since_last() noexcept;

 private:
  std::size_t up_to(std::byte const* point) const noexcept {
    return at == nullptr ? 0 : at->preceding_bytes + static_cast<std::size_t>(point - at->begin);
  }
  void enter(chunk& next_chunk) noexcept;
  chunk* last_in_use() const noexcept { return chain_bytes() == 0 && saved == 0 ? nullptr : at; }
  chunk* take_behind(chunk* kept) noexcept;  // null: all
};

}  // namespace tidemark::detail
