// SPDX-License-Identifier: BSL-1.0
#pragma once

// The words for typed arrays, of a typed stack and of its scopes.
//
//   auto a = scope.acquire<double>(n);         std::span<double>, uninitialised
//   auto m = scope.zeros<float>(rows, cols);   nd_span<float, 2>
//   auto flags = scope.bits(n);                bit_span, all false
//
// Use it through `typed_stack_resource` and `stack_scope`, which derive from it. An array lives
// until the checkpoint closes that it was taken for: the scope's own; of the bare stack the
// innermost.
//
// Thread rule: that of the stack.
//
// Invariants:
//  1. Extents are counts of elements. A negative one, and a product that does not fit, is
//     `std::bad_array_new_length`; nothing was taken then.
//  2. An array of 0 elements is legal and has an address of its own.

#include <array>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <ranges>
#include <span>
#include <tidemark/bit_span.hpp>
#include <tidemark/detail/extents.hpp>
#include <tidemark/detail/lane.hpp>
#include <tidemark/nd_span.hpp>
#include <type_traits>

namespace tidemark {

namespace detail {

/// Whether the bytes of an array are its elements as soon as there is room for them.
template <class T>
inline constexpr bool begins_without_constructor =
    std::is_trivially_default_constructible_v<T> || std::is_trivially_copy_constructible_v<T> ||
    std::is_trivially_move_constructible_v<T>;

template <class T>
inline constexpr bool zero_is_all_bits_zero =
    std::is_arithmetic_v<T> || std::is_same_v<T, std::complex<float>> ||
    std::is_same_v<T, std::complex<double>>;

template <class T>
struct is_nd_span : std::false_type {};
template <class T, std::size_t N>
struct is_nd_span<nd_span<T, N>> : std::true_type {};
/// What has the shape of an array: an nd_span, or a range that knows its size.
template <class X>
concept array_like = is_nd_span<std::remove_cvref_t<X>>::value || std::ranges::sized_range<X const>;
template <class X>
using element_of = std::remove_cv_t<std::ranges::range_value_t<X const>>;

}  // namespace detail

/// `Derived` provides `take_array<T>(count)` and `make_array<T>(count, args...)`.
template <class Derived>
class array_verbs {
 public:
  /// An array of uninitialised elements. (Elements that only a constructor can begin are default
  /// constructed.) It begins at a multiple of 16 bytes, or of the alignment of T if that is more.
  /// Returns:        `std::span<T>` for one extent, `nd_span<T, N>`, last index fastest, for more.
  /// Throws:         `std::bad_array_new_length`; `resource_exhausted` at the limit; what upstream
  ///                 throws. Nothing is changed then.
  /// Complexity:     O(1); a chunk from upstream when the kept ones are used up.
  template <class T, std::integral... Extent>
    requires(sizeof...(Extent) > 0)
  [[nodiscard]] auto acquire(Extent... extents) {
    auto const checked = detail::checked_extents(extents...);
    if constexpr (sizeof...(Extent) == 1) {
      return std::span<T>(begin_array<T>(checked[0]), checked[0]);
    } else {
      return acquire<T>(checked);
    }
  }
  template <class T, std::size_t N>
  [[nodiscard]] nd_span<T, N> acquire(std::array<std::size_t, N> const& extents) {
    return {begin_array<T>(detail::element_count(extents)), extents};
  }
  /// An uninitialised array of the element type and the extents of `x`, which may be any sized
  /// range.
  template <detail::array_like X>
  [[nodiscard]] auto acquire_like(X const& x) {
    return similar(x);
  }

  /// As `acquire`, with every element `T{}`.
  template <class T = double, class... Extent>
  [[nodiscard]] auto zeros(Extent const&... extents) {
    auto const array = acquire<T>(extents...);
    if constexpr (detail::zero_is_all_bits_zero<T>) {
      // As void: g++ warns of a class like std::complex.
      void* const first = array.data();
      if (array.size() != 0) std::memset(first, 0, array.size() * sizeof(T));
    } else {
      std::uninitialized_value_construct_n(array.data(), array.size());
    }
    return array;
  }
  /// As `acquire`, with every element `T(1)`.
  template <class T = double, class... Extent>
  [[nodiscard]] auto ones(Extent const&... extents) {
    auto const array = acquire<T>(extents...);
    std::uninitialized_fill_n(array.data(), array.size(), T(1));
    return array;
  }
  /// An uninitialised array of `U`, by default the element type of `x`, of the extents of `x`, or
  /// of those that are given.
  template <class U = void, detail::array_like X>
  [[nodiscard]] auto similar(X const& x) {
    using element = std::conditional_t<std::is_void_v<U>, detail::element_of<X>, U>;
    if constexpr (detail::is_nd_span<X>::value) {
      return acquire<element>(x.extents());
    } else {
      return acquire<element>(static_cast<std::size_t>(std::ranges::size(x)));
    }
  }
  template <class U = void, detail::array_like X, class... Extent>
    requires(sizeof...(Extent) > 0)
  [[nodiscard]] auto similar(X const&, Extent const&... extents) {
    return acquire<std::conditional_t<std::is_void_v<U>, detail::element_of<X>, U>>(extents...);
  }

  /// The same elements under other extents. Takes no memory.
  /// Throws:         `std::invalid_argument` if the numbers of elements differ,
  ///                 `std::bad_array_new_length`.
  template <std::ranges::contiguous_range X, std::integral... Extent>
    requires(sizeof...(Extent) > 0 && std::ranges::borrowed_range<X>)
  [[nodiscard]] static auto reshape(X&& x, Extent... extents) {
    return tidemark::reshape(std::span(x), detail::checked_extents(extents...));
  }

  /// `count` packed bits.
  template <std::integral Count>
  [[nodiscard]] bit_span bits(Count count) {
    return falses(count);
  }
  template <std::integral Count>
  [[nodiscard]] bit_span falses(Count count) {
    std::size_t const size = detail::checked_extents(count)[0];
    std::size_t const words = bit_span::words_for(size);
    std::uint64_t* const first = derived().template take_array<detail::bit_words>(words);
    std::memset(first, 0, words * sizeof *first);
    return {first, size};
  }
  template <std::integral Count>
  [[nodiscard]] bit_span trues(Count count) {
    bit_span const taken = falses(count);
    taken.fill(true);
    return taken;
  }

  /// Constructs `count` objects, each from `args` by uses-allocator construction, with the resource
  /// of the array's checkpoint; when that closes they are destroyed, last first.
  /// Throws:         As `acquire`, and what a constructor throws; no object is left then.
  template <class T, std::integral Count, class... Args>
  [[nodiscard]] std::span<T> acquire_objects(Count count, Args const&... args) {
    std::size_t const size = detail::checked_extents(count)[0];
    return {derived().template make_array<T>(size, args...), size};
  }

 protected:
  array_verbs() = default;  // NOLINT(bugprone-crtp-constructor-accessibility): by way of a base
  ~array_verbs() = default;

 private:
  Derived& derived() noexcept { return static_cast<Derived&>(*this); }

  template <class T>
  T* begin_array(std::size_t count) {
    static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T>,
                  "acquire: T must be a plain object type");
    static_assert(std::is_trivially_destructible_v<T>,
                  "acquire: T has a destructor; acquire_objects<T>(n) runs it");
    T* const array = derived().template take_array<T>(count);
    if constexpr (!detail::begins_without_constructor<T>) {
      std::uninitialized_default_construct_n(array, count);
    }
    return array;
  }
};

}  // namespace tidemark
