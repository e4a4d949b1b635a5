// SPDX-License-Identifier: BSL-1.0
#pragma once

// A view of an array of several dimensions: a pointer and one extent per dimension.
//
//   nd_span<double, 2> a{p, {2, 3}}:    p -> | a(0,0) a(0,1) a(0,2) | a(1,0) a(1,1) a(1,2) |
//                                            '------ a[0] --------'
//
// Use it for what a pool gives for several extents, where C++20 has no `std::mdspan` yet; where the
// library has one, an nd_span converts to it. Do not use it to own memory, nor for strides.
//
// Thread rule: a value. Who may touch the elements, their owner says.
//
// Invariants:
//  1. Row-major, without gaps: the last index is the fastest, as in `std::layout_right`.
//  2. A const nd_span still writes its elements, as a `std::span` does: const is for T to say.

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>  // declares std::ranges::enable_view as well, which it sets itself
#include <stdexcept>
#include <string>
#include <tidemark/detail/extents.hpp>
#include <type_traits>
#include <version>
#ifdef __cpp_lib_mdspan
#include <mdspan>
#endif

namespace tidemark {

/// `N`, the rank, is the count of dimensions.
template <class T, std::size_t N>
  requires(N >= 1)
class nd_span {
 public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;
  using size_type = std::size_t;

  constexpr nd_span() noexcept = default;

  /// Preconditions: `data` points to as many elements as the product of `extents`, whose size in
  ///                bytes fits a std::size_t; it may be null if that is 0.
  constexpr nd_span(T* data, std::array<std::size_t, N> extents) noexcept
      : data_(data), extents_(extents) {}

  // NOLINTBEGIN(google-explicit-constructor)
  /// The same elements, const.
  template <class U>
    requires(std::convertible_to<U (*)[], T (*)[]>)
  constexpr nd_span(nd_span<U, N> other) noexcept
      : data_(other.data()), extents_(other.extents()) {}

  /// One dimension is a span. The way back, from any rank, is that of every contiguous range.
  template <class U, std::size_t Count>
    requires(N == 1 && std::convertible_to<U (*)[], T (*)[]>)
  constexpr nd_span(std::span<U, Count> elements) noexcept
      : data_(elements.data()), extents_{elements.size()} {}

#ifdef __cpp_lib_mdspan
  constexpr operator std::mdspan<T, std::dextents<std::size_t, N>>() const noexcept {
    return {data_, extents_};
  }
#endif
  // NOLINTEND(google-explicit-constructor)

  /// Preconditions: Each index is below the extent of its dimension.
  template <std::integral... Index>
    requires(sizeof...(Index) == N)
  constexpr T& operator()(Index... indices) const noexcept {
    return data_[offset_of({static_cast<std::size_t>(indices)...})];
  }

  /// As above, without preconditions.
  /// Throws:        `std::out_of_range` if an index is not below its extent.
  template <std::integral... Index>
    requires(sizeof...(Index) == N)
  constexpr T& at(Index... indices) const {
    // A negative index becomes a number that no array's extent reaches.
    std::array<std::size_t, N> const checked{static_cast<std::size_t>(indices)...};
    for (std::size_t i = 0; i < N; ++i) {
      if (checked[i] >= extents_[i]) throw_outside(i, extents_[i]);
    }
    return data_[offset_of(checked)];
  }

  /// Preconditions: index < extent(0).
  /// Returns:       The element, T&, if N is 1; else the row, nd_span<T, N - 1>.
  constexpr decltype(auto) operator[](std::size_t index) const noexcept {
    if constexpr (N == 1) {
      return (data_[index]);
    } else {
      std::array<std::size_t, N - 1> inner{};
      for (std::size_t i = 1; i < N; ++i) inner[i - 1] = extents_[i];
      nd_span<T, N - 1> const first{data_, inner};
      return nd_span<T, N - 1>{data_ + index * first.size(), inner};
    }
  }

  // All elements, in the order of memory.
  constexpr T* begin() const noexcept { return data_; }
  constexpr T* end() const noexcept { return data_ + size(); }
  constexpr T* data() const noexcept { return data_; }
  constexpr std::span<T> span() const noexcept { return {data_, size()}; }

  /// Returns:       The count of elements.
  constexpr std::size_t size() const noexcept {
    std::size_t count = 1;
    for (std::size_t const extent : extents_) count *= extent;
    return count;
  }
  constexpr std::size_t size_bytes() const noexcept { return size() * sizeof(T); }
  constexpr bool empty() const noexcept { return size() == 0; }

  static constexpr std::size_t rank() noexcept { return N; }
  /// Preconditions: dimension < N.
  constexpr std::size_t extent(std::size_t dimension) const noexcept { return extents_[dimension]; }
  constexpr std::array<std::size_t, N> extents() const noexcept { return extents_; }

 private:
  constexpr std::size_t offset_of(std::array<std::size_t, N> const& indices) const noexcept {
    std::size_t offset = indices[0];
    for (std::size_t i = 1; i < N; ++i) offset = offset * extents_[i] + indices[i];
    return offset;
  }
  [[noreturn]] static void throw_outside(std::size_t dimension, std::size_t extent) {
    throw std::out_of_range("nd_span::at: the index of dimension " + std::to_string(dimension) +
                            " is not below its extent, " + std::to_string(extent));
  }

  T* data_ = nullptr;
  std::array<std::size_t, N> extents_{};  // counts of elements, of rows, ...; set once
};

template <class T, std::size_t Count>
nd_span(std::span<T, Count>) -> nd_span<T, 1>;

namespace detail {

[[noreturn]] inline void throw_wrong_reshape(std::size_t count, std::optional<std::size_t> asked) {
  throw std::invalid_argument("reshape: " + std::to_string(count) +
                              " elements cannot take a shape of " +
                              (asked ? std::to_string(*asked) : "more than a std::size_t counts"));
}

}  // namespace detail

/// The same elements in the same order, in another shape. A pure value: nothing is taken or moved.
/// Throws:        `std::invalid_argument` if the product of `extents` is not elements.size().
template <class T, std::size_t Count, std::size_t N>
constexpr nd_span<T, N> reshape(std::span<T, Count> elements, std::array<std::size_t, N> extents) {
  auto const asked = detail::try_element_count(extents);
  if (asked != elements.size()) detail::throw_wrong_reshape(elements.size(), asked);
  return {elements.data(), extents};
}

}  // namespace tidemark

template <class T, std::size_t N>
inline constexpr bool std::ranges::enable_borrowed_range<tidemark::nd_span<T, N>> = true;
template <class T, std::size_t N>
inline constexpr bool std::ranges::enable_view<tidemark::nd_span<T, N>> = true;
