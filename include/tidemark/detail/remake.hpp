// SPDX-License-Identifier: BSL-1.0
#pragma once

// Builds a value anew in another resource, with everything inside it.
//
//   pair<pmr::string, array<pmr::vector<pmr::string>, 2>>     what holds values is taken apart;
//        ^ here               ^ here      ^ its container's   what uses an allocator is given one
//
// Invariants:
//  1. A type passes `remade_whole` only if no part of it can stay behind. A class that says it uses
//     a polymorphic_allocator is believed to pass it on to what it holds, and to hold no more than
//     its template arguments and elements show.

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <optional>
#include <ranges>
#include <tidemark/detail/escape.hpp>
#include <tidemark/detail/owning_type.hpp>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace tidemark::detail {

using any_allocator = std::pmr::polymorphic_allocator<>;

template <class T>
concept takes_allocator =
    std::uses_allocator_v<T, any_allocator> &&
    (std::is_constructible_v<T, std::allocator_arg_t, any_allocator const&, T> ||
     std::is_constructible_v<T, T, any_allocator const&>);

template <class T>
inline constexpr bool is_pair = false;
template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;

template <class T>
consteval bool remade_as_element();

// Of a container: its elements, and what orders or hashes them, but not its allocator.
template <class... T>
consteval bool arguments_remade(std::tuple<T...>*) {
  return (((foreign_allocator<T> && std::is_convertible_v<any_allocator, T>) ||
           remade_as_element<T>()) &&
          ...);
}

/// Whether a container that uses a polymorphic_allocator remakes T whole as its element.
template <class T>
consteval bool remade_as_element() {
  using plain = std::remove_cv_t<T>;
  if constexpr (!may_escape<plain>()) {
    return true;
  } else if constexpr (is_pair<plain>) {  // the one holder that construct() looks into
    return remade_as_element<typename plain::first_type>() &&
           remade_as_element<typename plain::second_type>();
  } else if constexpr (holder<plain> || !takes_allocator<plain>) {
    return false;
  } else if constexpr (requires { typename plain::container_type; }) {
    return remade_as_element<typename plain::container_type>() &&
           arguments_remade(typename type_arguments<plain>::list{});
  } else if constexpr (std::ranges::range<plain>) {
    return remade_as_element<std::ranges::range_value_t<plain>>() &&
           arguments_remade(typename type_arguments<plain>::list{});
  } else {
    return true;
  }
}

template <class T>
inline constexpr bool remade_whole = remade_as_element<T>();
template <class T>
inline constexpr bool remade_whole<T const> = remade_whole<T>;
template <class A, class B>
inline constexpr bool remade_whole<std::pair<A, B>> = remade_whole<A> && remade_whole<B>;
template <class... T>
inline constexpr bool remade_whole<std::tuple<T...>> = (remade_whole<T> && ...);
template <class... T>
inline constexpr bool remade_whole<std::variant<T...>> = (remade_whole<T> && ...);
template <class T>
inline constexpr bool remade_whole<std::optional<T>> = remade_whole<T>;
template <class T, std::size_t N>
inline constexpr bool remade_whole<std::array<T, N>> = remade_whole<T>;
template <>
inline constexpr bool remade_whole<void> = true;

// One overload for each holder; the last one for what stands alone.
template <class T>
struct remaker {
  static T from(T&& value, any_allocator destination) {
    if constexpr (!may_escape<T>()) {
      return std::move(value);
    } else {
      return std::make_obj_using_allocator<T>(destination, std::move(value));
    }
  }
};
template <class T>
struct remaker<T const> {  // a const part: copied
  static T from(T const&& value, any_allocator destination) {
    if constexpr (!may_escape<T>()) {
      return value;
    } else {
      return std::make_obj_using_allocator<T>(destination, value);
    }
  }
};
template <class A, class B>
struct remaker<std::pair<A, B>> {
  static std::pair<A, B> from(std::pair<A, B>&& value, any_allocator destination) {
    return {remaker<A>::from(std::move(value.first), destination),
            remaker<B>::from(std::move(value.second), destination)};
  }
};
template <class... T>
struct remaker<std::tuple<T...>> {
  static std::tuple<T...> from(std::tuple<T...>&& value, any_allocator destination) {
    return std::apply(
        [&](auto&... part) {
          return std::tuple<T...>{remaker<T>::from(std::move(part), destination)...};
        },
        value);
  }
};
template <class T, std::size_t N>
struct remaker<std::array<T, N>> {
  static std::array<T, N> from(std::array<T, N>&& value, any_allocator destination) {
    return std::apply(
        [&](auto&... part) {
          return std::array<T, N>{remaker<T>::from(std::move(part), destination)...};
        },
        value);
  }
};
template <class T>
struct remaker<std::optional<T>> {
  static std::optional<T> from(std::optional<T>&& value, any_allocator destination) {
    std::optional<T> made;
    if (value) made.emplace(remaker<T>::from(std::move(*value), destination));
    return made;
  }
};
template <class... T>
struct remaker<std::variant<T...>> {
  using value_type = std::variant<T...>;
  template <std::size_t I = 0>
  static value_type from(value_type&& value, any_allocator destination) {
    if constexpr (I == sizeof...(T)) {
      return std::move(value);  // valueless: there is nothing inside
    } else if (value.index() == I) {
      using part = std::variant_alternative_t<I, value_type>;
      return value_type{std::in_place_index<I>,
                        remaker<part>::from(std::get<I>(std::move(value)), destination)};
    } else {
      return from<I + 1>(std::move(value), destination);
    }
  }
};

/// Preconditions: remade_whole<T>.
template <class T>
T remake(T&& value, any_allocator destination) {
  return remaker<T>::from(std::forward<T>(value), destination);
}

}  // namespace tidemark::detail
