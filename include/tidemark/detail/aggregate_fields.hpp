// SPDX-License-Identifier: BSL-1.0
#pragma once

// What can be learnt of the fields of an aggregate from what it can be initialised with.
//
//   struct { int a; char b[3]; pmr::string c; }      T{v, v, v, v, v}     5 are taken, no 6th
//                                                    T{v, odd, v, v, v}   is field 1 an odd one?
//
// Arrays count element by element; bases come first. An inner aggregate is one field if it takes
// the value as it is; else its own fields are tried in its place, as if its braces were there.
//
// Source: a converter to anything, as in Boost.PFR, which itself refuses arrays and bases by hard
// errors and drops the reference of a reference member.

#include <cstddef>
#include <exception>
#include <utility>

namespace tidemark::detail {

// A field accepts a value that converts to its type. The conversions are private: the constructor
// templates of a field, such as those of std::variant and std::any, are not to see them and take
// another type instead. None is ever called; they have bodies because compilers ask for those of
// types without linkage.
// NOLINTBEGIN(google-explicit-constructor): to convert unasked is what they are for
struct field_prober;
class any_value {
  friend field_prober;
  template <class T>
  operator T() const noexcept {
    std::terminate();
  }
};
class any_lvalue {
  friend field_prober;
  template <class T>
  operator T&() const noexcept {
    std::terminate();
  }
};
class no_value {};  // only a constructor that takes whatever there is accepts it
// NOLINTEND(google-explicit-constructor)

template <class Field, std::size_t>
using repeated = Field;

// `Before` and `After` count values of any type. Arrays stand here element by element.
struct field_prober {
  template <class T, class Field, std::size_t... I>
  static consteval bool all(std::index_sequence<I...>) {
    return requires { T{repeated<Field, I>{}...}; };
  }
  template <class T, class Odd, std::size_t... B, std::size_t... A>
  static consteval bool odd(std::index_sequence<B...>, std::index_sequence<A...>) {
    return requires { T{repeated<any_value, B>{}..., Odd{}, repeated<any_value, A>{}...}; };
  }
  template <class T, std::size_t... B, std::size_t... A>
  static consteval bool braces(std::index_sequence<B...>, std::index_sequence<A...>) {
    return requires { T{repeated<any_value, B>{}..., {}, repeated<any_value, A>{}...}; };
  }
};
template <class T, class Field, std::size_t Count>
inline constexpr bool accepts = field_prober::all<T, Field>(std::make_index_sequence<Count>{});
template <class T, class Odd, std::size_t Before, std::size_t After>
inline constexpr bool accepts_odd = field_prober::odd<T, Odd>(std::make_index_sequence<Before>{},
                                                              std::make_index_sequence<After>{});
template <class T, std::size_t Before, std::size_t After>
inline constexpr bool accepts_braces =
    field_prober::braces<T>(std::make_index_sequence<Before>{}, std::make_index_sequence<After>{});
template <class T, std::size_t Before>
inline constexpr bool accepts_more =
    accepts_odd<T, any_value, Before, 0> || accepts_odd<T, any_lvalue, Before, 0> ||
    accepts_odd<T, no_value, Before, 0> || accepts_braces<T, Before, 0>;

// Above these a compiler would take seconds, or gigabytes: a step names every field.
inline constexpr std::size_t max_fields = 4096;
inline constexpr std::size_t max_steps = 128;

// The largest count of initialisers in [Low, High); Low is accepted, High is not.
template <class T, std::size_t Low, std::size_t High>
consteval std::size_t bisect_fields() {
  constexpr std::size_t middle = Low + (High - Low) / 2;
  if constexpr (middle == Low) {
    return Low;
  } else if constexpr (accepts<T, any_value, middle>) {
    return bisect_fields<T, middle, High>();
  } else {
    return bisect_fields<T, Low, middle>();
  }
}
template <class T, std::size_t Low, std::size_t Step = 1>
consteval std::size_t count_fields() {
  if constexpr (Low + Step > max_fields) {
    return 0;
  } else if constexpr (accepts<T, any_value, Low + Step>) {
    return count_fields<T, Low + Step, 2 * Step>();
  } else {
    return bisect_fields<T, Low, Low + Step>();
  }
}
// Fewer initialisers are accepted too, down to the last field that has no default.
template <class T, std::size_t Low = 0>
consteval std::size_t first_accepted() {
  if constexpr (Low > 64 || accepts<T, any_value, Low>) {
    return Low;
  } else {
    return first_accepted<T, Low + 1>();
  }
}

// As bisect_fields, of what follows empty braces at At.
template <class T, std::size_t At, std::size_t Low, std::size_t High>
consteval std::size_t bisect_rest() {
  constexpr std::size_t middle = Low + (High - Low) / 2;
  if constexpr (middle == Low) {
    return Low;
  } else if constexpr (accepts_braces<T, At, middle>) {
    return bisect_rest<T, At, middle, High>();
  } else {
    return bisect_rest<T, At, Low, middle>();
  }
}
// How many of the initialisers the field at At takes: all of an array that is worth skipping, whose
// elements are alike. Braces stand for a whole array and leave fewer initialisers to what is behind
// it; of a class they leave as many as any value does.
template <class T, std::size_t Count, std::size_t At>
consteval std::size_t field_extent() {
  constexpr std::size_t rest = Count - At - 1;
  if constexpr (rest < 16) {
    return 1;
  } else if constexpr (accepts_braces<T, At, rest> || !accepts_braces<T, At, 0>) {
    return 1;
  } else {
    return Count - At - bisect_rest<T, At, 0, rest>();
  }
}
// Whether a field accepts an odd one, or there are too many to tell.
template <class T, class Odd, std::size_t Count, std::size_t At = 0, std::size_t Steps = 0>
consteval bool accepts_anywhere() {
  if constexpr (At == Count) {
    return false;
  } else if constexpr (Steps == max_steps) {
    return true;
  } else if constexpr (accepts_odd<T, Odd, At, Count - At - 1>) {
    return true;
  } else {
    return accepts_anywhere<T, Odd, Count, At + field_extent<T, Count, At>(), Steps + 1>();
  }
}

}  // namespace tidemark::detail
