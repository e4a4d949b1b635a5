// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether a value may still point into a pool when the scope that made it has closed.
//
// It may unless its type shows that it cannot. These cannot:
//
//   numbers, enumerators, function pointers
//   classes without data, such as a lambda that captures nothing
//   pair, tuple, array, optional, variant and unique_ptr        if what they hold cannot
//   what owning_type.hpp names: std containers, path, ...       if their template arguments cannot
//   aggregates                                                  if their bases and fields cannot
//   other classes and unions                                    if they are smaller than a pointer
//   what a specialisation of may_point_into_pool says
//
// A class that is none of these hides what it holds, and so does what is derived from it. It may.

#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <tidemark/detail/aggregate_fields.hpp>
#include <tidemark/detail/owning_type.hpp>
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
// What `delete` gives back to the heap, and is all that such a pointer points at: no class derived
// from it, no memory of an operator delete of its own.
template <class T>
concept deleted_as_it_is =
    requires { sizeof(T); } && (std::is_final_v<T> || !std::has_virtual_destructor_v<T>) &&
    !requires(void* p) { T::operator delete(p); } &&
    !requires(void* p) { T::operator delete(p, sizeof(T)); } &&
    !requires(void* p) { T::operator delete(p, std::align_val_t{}); } &&
    !requires(void* p) { T::operator delete(p, sizeof(T), std::align_val_t{}); } &&
    !requires(T* p) { T::operator delete(p, std::destroying_delete_t{}); } &&
    !requires(void* p) { T::operator delete[](p); } &&
    !requires(void* p) { T::operator delete[](p, sizeof(T)); };
template <class T>
  requires deleted_as_it_is<std::remove_all_extents_t<T>>
struct held_types<std::unique_ptr<T, std::default_delete<T>>> {
  using list = std::tuple<std::remove_all_extents_t<T>>*;
};

template <class T>
concept holder = requires { typename held_types<T>::list; };

// Also if it holds nothing: then it finds what it points at elsewhere.
template <class T>
concept pointer_like = std::input_or_output_iterator<T> || requires {
  typename std::iterator_traits<T>::iterator_category;
} || requires(T t) { t.operator->(); };

template <class A>
concept foreign_allocator = requires(A a) {
  typename A::value_type;
  a.deallocate(a.allocate(1), 1);
} && !std::same_as<A, std::allocator<typename A::value_type>>;

template <class T>
concept pool_backed = foreign_allocator<T> || requires {
  requires foreign_allocator<typename T::allocator_type>;
} || std::uses_allocator_v<T, std::pmr::polymorphic_allocator<>>;

// NOLINTBEGIN(google-explicit-constructor, readability-const-return-type)
// Tried on all fields of an aggregate at once. What it gives is const and no lvalue, but for
// scalars, whose rvalues are never const, an lvalue: so no T&& binds to it.
template <class... Seen>
class safe_value {
  friend field_prober;
  template <class T>
    requires(std::is_scalar_v<T> && !may_escape<T, Seen...>())
  operator T&() const noexcept {
    std::terminate();
  }
  template <class T>
    requires(!std::is_scalar_v<T> && !may_escape<T, Seen...>())
  operator T const() const noexcept {
    std::terminate();
  }
};
// Tried on one field after the other, for what a safe_value does not find: a reference to const; a
// constructor that takes whatever there is; an inner aggregate that refuses it, whose fields the
// outer one goes on with as if its braces were there.
template <class... Seen>
class unsafe_value {
  friend field_prober;
  template <class T>
    requires(std::is_const_v<T>)
  operator T&&() const noexcept {
    std::terminate();
  }
  template <class T>
    requires(std::is_aggregate_v<T> && may_escape<T, Seen...>())
  operator T() const noexcept {
    std::terminate();
  }
};
// NOLINTEND(google-explicit-constructor, readability-const-return-type)

template <class T, class... Seen>
consteval bool aggregate_may_escape() {
  constexpr std::size_t first = first_accepted<T>();
  if constexpr (!accepts<T, any_value, first>) {
    return true;
  } else {
    constexpr std::size_t count = count_fields<T, first>();
    // No any_value is a T&: such a field, if it has a default, is what is more behind the count.
    if constexpr (count == 0 || accepts_more<T, count> || !accepts<T, safe_value<Seen...>, count>) {
      return true;
    } else {
      return accepts_anywhere<T, unsafe_value<Seen...>, count>();
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
  } else if constexpr (pointer_like<T> || pool_backed<T>) {
    return true;
  } else if constexpr (std::is_empty_v<T>) {
    return false;
  } else if constexpr (std::is_aggregate_v<T> && !std::is_union_v<T>) {
    return aggregate_may_escape<T, Seen..., T>();
  } else if constexpr (is_owning_type<T>()) {
    return any_may_escape<Seen..., T>(typename type_arguments<T>::list{});
  } else {
    return sizeof(T) >= sizeof(void*);
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
