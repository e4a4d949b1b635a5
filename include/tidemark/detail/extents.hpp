// SPDX-License-Identifier: BSL-1.0
#pragma once

// Extents of arrays of several dimensions, and products of them that cannot wrap.
//
// Thread rule: values only.
//
// Invariant: a product that does not fit is never formed unseen; one with a factor of 0 is 0, in
// whatever order the factors stand.

#include <array>
#include <concepts>
#include <cstddef>
#include <new>
#include <optional>
#include <span>

namespace tidemark::detail {

/// Returns:       The extents as counts, which an array can have in each dimension.
/// Throws:        `std::bad_array_new_length` if one is negative.
template <std::integral... Extent>
constexpr std::array<std::size_t, sizeof...(Extent)> checked_extents(Extent... extents) {
  if (((extents < Extent{}) || ...)) throw std::bad_array_new_length{};
  return {static_cast<std::size_t>(extents)...};
}

/// Returns:       The product of all extents; 1 if there are none, nothing if it does not fit.
constexpr std::optional<std::size_t> try_element_count(
    std::span<std::size_t const> extents) noexcept {
  std::size_t count = 1;
  bool wrapped = false;
  for (std::size_t const extent : extents) {
    if (extent == 0) return 0;
    if (__builtin_mul_overflow(count, extent, &count)) wrapped = true;  // a 0 may still follow
  }
  if (wrapped) return std::nullopt;
  return count;
}

/// Returns:       As above.
/// Throws:        `std::bad_array_new_length` if the product does not fit.
constexpr std::size_t element_count(std::span<std::size_t const> extents) {
  auto const count = try_element_count(extents);
  if (!count) throw std::bad_array_new_length{};
  return *count;
}

}  // namespace tidemark::detail
