// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether a value may still point into a pool when the scope that made it has closed.
//
// The answer follows the type: a pointer or a view may; a container may if its allocator has state
// or its elements may; an aggregate may if a field may. A class that shows none of these is opaque
// and taken to own what it holds. Where the answer cannot be known it is "may".
//
// Source: the fields of an aggregate are tried with a converter to anything, as in Boost.PFR, which
// itself refuses arrays and bases by hard errors and drops the reference of a reference member.

#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace tidemark {

namespace detail {
template <class T>
struct escape_answer;
}

/// Whether a T may still point into a pool when the scope that made it has closed. Specialise it,
/// as `inline constexpr bool`, for a type whose answer is wrong.
// Not a bool here, so that a user's specialisation is told from this one by its type alone: of
// types that hold each other, each would otherwise ask for the other's answer to find its own.
template <class T>
inline constexpr detail::escape_answer<T> may_point_into_pool{};

namespace detail {

template <class T>
inline constexpr bool escape_is_specialised =
    !std::same_as<decltype(may_point_into_pool<T>), escape_answer<T> const>;

template <class T, class... Seen>
consteval bool may_escape();

// An optional, a pair, ... : the types it holds, which are all that matters.
template <class T>
struct held_types {};
template <class A, class B>
struct held_types<std::pair<A, B>> {
  using list = std::tuple<A, B>*;
};
template <class... T>
struct held_types<std::tuple<T...>> {
  using list = std::tuple<T...>*;
};
template <class... T>
struct held_types<std::variant<T...>> {
  using list = std::tuple<T...>*;
};
template <class T>
struct held_types<std::optional<T>> {
  using list = std::tuple<T>*;
};
template <class T, std::size_t N>
struct held_types<std::array<T, N>> {
  using list = std::tuple<T>*;
};
template <class T>  // the heap's, so only what it points at counts
struct held_types<std::unique_ptr<T, std::default_delete<T>>> {
  using list = std::tuple<std::remove_all_extents_t<T>>*;
};

template <class T>
concept holder = requires { typename held_types<T>::list; };

template <class T>
concept pointer_like = std::is_pointer_v<T> || std::input_or_output_iterator<T> ||
                       requires { typename std::iterator_traits<T>::iterator_category; } ||
                       (requires(T t) { t.operator->(); } && !holder<T>) ||  // shared_ptr, pool_ptr
                       requires(T t) { T::from_address(t.address()); } ||    // coroutine_handle
                       requires(T t) {
                         { t.get() } -> std::same_as<typename T::type&>;
                       };  // reference_wrapper

template <class T>
inline constexpr bool is_initializer_list = false;
template <class T>
inline constexpr bool is_initializer_list<std::initializer_list<T>> = true;

// A range that copies by its bytes and is not an array of its own: boost::span, string_view, ...
template <class T>
concept view_like =
    std::ranges::range<T> &&
    (std::ranges::view<T> || is_initializer_list<T> || std::ranges::borrowed_range<T> ||
     (std::is_trivially_copyable_v<T> && !std::is_aggregate_v<T>));

template <class A>
concept stateful_allocator = requires(A a) {
  typename A::value_type;
  a.deallocate(a.allocate(1), 1);
} && !std::allocator_traits<A>::is_always_equal::value;

template <class T>
concept pool_backed = stateful_allocator<T> || requires {
  requires stateful_allocator<typename T::allocator_type>;
} || std::uses_allocator_v<T, std::pmr::polymorphic_allocator<>>;

// Fields of aggregates: each of these converts to some types only, and a field accepts it if its
// type is one of them. Two overloads each, which std::optional needs to tell from its own. None is
// ever called; they have bodies because compilers ask for those of types without linkage.
struct any_field {
  template <class T>
  operator T&() const& noexcept {
    std::terminate();
  }
  template <class T>
  operator T&() const&& noexcept {
    std::terminate();
  }
};
struct any_moved_field {
  template <class T>
  operator T() const noexcept {
    std::terminate();
  }
};
template <class... Seen>
struct safe_field {
  template <class T>
    requires(!may_escape<T, Seen...>())
  operator T&() const& noexcept {
    std::terminate();
  }
  template <class T>
    requires(!may_escape<T, Seen...>())
  operator T&() const&& noexcept {
    std::terminate();
  }
};
template <class... Seen>
struct safe_moved_field {
  template <class T>
    requires(!may_escape<T, Seen...>())
  operator T() const noexcept {
    std::terminate();
  }
};
// An inner aggregate that refuses a safe_field is not refused by the outer one, which goes on with
// the inner one's fields as if its braces were there. So these are asked for on their own.
template <class... Seen>
struct unsafe_aggregate {
  template <class T>
    requires(std::is_aggregate_v<T> && may_escape<T, Seen...>())
  operator T() const noexcept {
    std::terminate();
  }
};

template <class Field, std::size_t>
using repeated = Field;

template <class T, class Field, std::size_t... I>
consteval bool accepts(std::index_sequence<I...>) {
  return requires { T{repeated<Field, I>{}...}; };
}
template <class T, class Field, std::size_t Count>
inline constexpr bool accepts_v = accepts<T, Field>(std::make_index_sequence<Count>{});

template <class T, class Field, class Odd, std::size_t At, std::size_t... I>
consteval bool accepts_odd(std::index_sequence<I...>) {
  return requires { T{std::conditional_t<I == At, Odd, Field>{}...}; };
}
template <class T, class Field, class Odd, std::size_t... I>
consteval bool accepts_odd_anywhere(std::index_sequence<I...> fields) {
  for (bool const found : {accepts_odd<T, Field, Odd, I>(fields)...}) {
    if (found) return true;
  }
  return false;
}

inline constexpr std::size_t max_fields = 256;  // the elements of an array field count one by one

// The largest count of initialisers in [Low, High); Low is accepted, High is not.
template <class T, class Field, std::size_t Low, std::size_t High>
consteval std::size_t bisect_fields() {
  constexpr std::size_t middle = Low + (High - Low) / 2;
  if constexpr (middle == Low) {
    return Low;
  } else if constexpr (accepts_v<T, Field, middle>) {
    return bisect_fields<T, Field, middle, High>();
  } else {
    return bisect_fields<T, Field, Low, middle>();
  }
}
template <class T, class Field, std::size_t Low, std::size_t Step = 1>
consteval std::size_t count_fields() {
  if constexpr (Low + Step > max_fields) {
    return 0;
  } else if constexpr (accepts_v<T, Field, Low + Step>) {
    return count_fields<T, Field, Low + Step, 2 * Step>();
  } else {
    return bisect_fields<T, Field, Low, Low + Step>();
  }
}
// Fewer initialisers are accepted too, down to the last field that has no default.
template <class T, class Field, std::size_t Low = 0>
consteval std::size_t first_accepted() {
  if constexpr (Low > 64 || accepts_v<T, Field, Low>) {
    return Low;
  } else {
    return first_accepted<T, Field, Low + 1>();
  }
}

template <class T, class... Seen>
consteval bool aggregate_may_escape() {
  constexpr bool copies = std::is_copy_constructible_v<T>;
  using field = std::conditional_t<copies, any_field, any_moved_field>;
  using safe = std::conditional_t<copies, safe_field<Seen...>, safe_moved_field<Seen...>>;
  // A union shows one field only; what cannot be assigned may hold a reference.
  if constexpr (std::is_union_v<T> || !std::is_move_assignable_v<T>) {
    return true;
  } else if constexpr (std::is_empty_v<T>) {
    return false;
  } else {
    constexpr std::size_t first = first_accepted<T, field>();
    if constexpr (!accepts_v<T, field, first>) {
      return true;
    } else {
      constexpr std::size_t count = count_fields<T, field, first>();
      if constexpr (count == 0 || !accepts_v<T, safe, count>) {
        return true;
      } else {
        return accepts_odd_anywhere<T, field, unsafe_aggregate<Seen...>>(
            std::make_index_sequence<count>{});
      }
    }
  }
}

template <class... Seen, class... T>
consteval bool any_may_escape(std::tuple<T...>*) {
  return (may_escape<T, Seen...>() || ...);
}

/// `Seen` are the types whose answer is being found: one that holds itself adds nothing to it.
template <class T, class... Seen>
consteval bool shape_may_escape() {
  if constexpr (std::is_void_v<T> || std::is_arithmetic_v<T> || std::is_enum_v<T> ||
                std::is_null_pointer_v<T> || std::is_member_pointer_v<T> ||
                std::is_function_v<std::remove_pointer_t<T>>) {
    return false;
  } else if constexpr (std::is_array_v<T>) {
    return may_escape<std::remove_all_extents_t<T>, Seen...>();
  } else if constexpr (!requires { sizeof(T); }) {
    return true;
  } else if constexpr (holder<T>) {
    return any_may_escape<Seen..., T>(typename held_types<T>::list{});
  } else if constexpr (pointer_like<T> || view_like<T> || pool_backed<T>) {
    return true;
  } else if constexpr (std::ranges::range<T>) {
    return may_escape<std::ranges::range_value_t<T>, Seen..., T>();
  } else if constexpr (requires { typename T::container_type; }) {  // std::stack and its like
    return may_escape<typename T::container_type, Seen..., T>();
  } else if constexpr (std::is_aggregate_v<T>) {
    return aggregate_may_escape<T, Seen..., T>();
  } else {
    return false;
  }
}

template <class T, class... Seen>
consteval bool may_escape() {
  using plain = std::remove_cv_t<T>;
  if constexpr (std::is_reference_v<T>) {
    return true;
  } else if constexpr ((std::same_as<plain, Seen> || ...)) {
    return false;
  } else if constexpr (escape_is_specialised<plain>) {
    return may_point_into_pool<plain>;
  } else {
    return shape_may_escape<plain, Seen...>();
  }
}

template <class T>
struct escape_answer {
  constexpr operator bool() const noexcept {  // NOLINT(google-explicit-constructor)
    // Asks for the shape: of an unqualified type the answer is this one.
    using plain = std::remove_cv_t<T>;
    if constexpr (std::is_reference_v<T>) {
      return true;
    } else if constexpr (std::same_as<plain, T>) {
      return shape_may_escape<T>();
    } else {
      return may_escape<plain>();
    }
  }
};

}  // namespace detail
}  // namespace tidemark
