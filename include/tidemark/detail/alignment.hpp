// SPDX-License-Identifier: BSL-1.0
#pragma once

// Alignment arithmetic that cannot wrap.
//
// Thread rule: values only.
//
// Invariant: no function here forms a sum with a caller's size before it is known to fit.

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tidemark::detail {

/// What chunks are aligned to, in bytes: a cache line. Blocks of up to this alignment need no
/// slack in a chunk of their own.
inline constexpr std::size_t chunk_alignment = 64;

inline std::uintptr_t address_of(void const* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

/// Preconditions: `alignment` is a power of two.
/// Returns:       Bytes from `pointer` up to the next multiple of `alignment`: 0 to alignment - 1.
inline std::size_t padding_to(void const* pointer, std::size_t alignment) noexcept {
  return static_cast<std::size_t>(-address_of(pointer)) & (alignment - 1);
}

/// Returns:       Whether `padding` and then `bytes` fit into `left` bytes.
constexpr bool fits(std::size_t left, std::size_t padding, std::size_t bytes) noexcept {
  return padding <= left && bytes <= left - padding;
}

/// Preconditions: `alignment` is a power of two.
/// Returns:       `bytes` rounded up to a multiple of `alignment`; 0 if that does not fit.
constexpr std::size_t round_up(std::size_t bytes, std::size_t alignment) noexcept {
  return (bytes + (alignment - 1)) & ~(alignment - 1);  // unsigned: wraps to 0 exactly then
}

/// What a chunk must hold so that a block of `bytes` at `alignment` fits wherever the chunk lies.
/// Preconditions: `alignment` is a power of two.
/// Returns:       Bytes; 0 if no chunk could ever be that large.
constexpr std::size_t payload_for(std::size_t bytes, std::size_t alignment) noexcept {
  constexpr std::size_t most = SIZE_MAX / 4;
  if (bytes > most || alignment > most) return 0;
  std::size_t const least = bytes == 0 ? 1 : bytes;  // zero sizes are legal and unique
  return alignment > chunk_alignment ? least + (alignment - chunk_alignment) : least;
}

/// Returns:       `bytes` rounded up to one of eight sizes per power of two (waste below 1/8), at
///                least 512 apart below 4096.
/// Preconditions: bytes <= SIZE_MAX / 2.
constexpr std::size_t size_class(std::size_t bytes) noexcept {
  std::size_t const step = bytes < 4096 ? 512 : std::bit_floor(bytes) / 8;
  return round_up(bytes, step);
}

}  // namespace tidemark::detail
