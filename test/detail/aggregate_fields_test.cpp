// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <boost/test/unit_test.hpp>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tidemark/detail/aggregate_fields.hpp>
#include <variant>

using namespace tidemark::detail;

namespace {

struct none {};
struct two {
  int number;
  std::string text;
};
struct arrays {
  char name[300];
  two pairs[2][10];
  int last;
};
struct derived : two {
  double weight;
};
struct takers {  // each field has constructor templates
  std::any any;
  std::variant<int, char const*> variant;
  std::optional<std::string> optional;
  std::function<void()> function;
};
struct from_two {
  from_two(int, int) {}
};
struct without_default {
  from_two first;
  int numbers[20];
};
struct holds_its_own {
  std::unique_ptr<int> owned;
  std::unique_ptr<int> const constant;
};
struct with_reference {
  int number;
  int& reference;
};
int referred = 0;
struct with_defaulted_reference {
  int number;
  int& reference = referred;
  int after = 0;
};
struct too_large {
  char bytes[100000];
};

template <class T>
constexpr std::size_t fields = count_fields<T, first_accepted<T>()>();

static_assert(fields<none> == 0 && !accepts_more<none, 0>);
static_assert(fields<two> == 2 && !accepts_more<two, 2>);
static_assert(fields<arrays> == 321 && !accepts_more<arrays, 321>);
static_assert(fields<derived> == 2 && !accepts_more<derived, 2>);
static_assert(fields<takers> == 4 && !accepts_more<takers, 4>);
static_assert(fields<without_default> == 21 && first_accepted<without_default>() == 1);
static_assert(fields<holds_its_own> == 2);
static_assert(fields<too_large> == 0);

// A reference cannot be given a value; what stands from there on is seen to be more.
static_assert(!accepts<with_reference, any_value, first_accepted<with_reference>()>);
static_assert(fields<with_defaulted_reference> == 1 && accepts_more<with_defaulted_reference, 1>);

// An array is passed in one step, a class that only looks like one is not.
static_assert(field_extent<arrays, 321, 0>() == 300);
static_assert(field_extent<arrays, 321, 300>() == 20);
static_assert(field_extent<arrays, 321, 320>() == 1);
static_assert(field_extent<without_default, 21, 0>() == 1);
static_assert(field_extent<without_default, 21, 1>() == 20);

template <class Type>
class only {
  friend field_prober;
  template <class T>
    requires std::same_as<T, Type>
  operator T() const noexcept {
    std::terminate();
  }
};

// An odd one is found wherever it is, and what cannot take it is not said to.
static_assert(accepts_anywhere<two, only<int>, 2>() &&
              accepts_anywhere<two, only<std::string>, 2>());
static_assert(!accepts_anywhere<two, only<double>, 2>());
static_assert(accepts_anywhere<arrays, only<char>, 321>());
static_assert(accepts_anywhere<arrays, only<two>, 321>());
static_assert(accepts_anywhere<arrays, only<int>, 321>());
static_assert(accepts_anywhere<derived, only<two>, 2>());
static_assert(accepts_anywhere<derived, only<double>, 2>());
static_assert(!accepts_anywhere<arrays, only<double>, 321>());

// No constructor template of a field sees what a value converts to; one that takes all takes it.
static_assert(!accepts_odd<takers, only<int>, 1, 2>);
static_assert(accepts_odd<takers, only<std::variant<int, char const*>>, 1, 2>);
static_assert(accepts_odd<takers, no_value, 0, 3> && !accepts_odd<takers, no_value, 1, 2>);
static_assert(!accepts_odd<takers, no_value, 2, 1> && !accepts_odd<takers, no_value, 3, 0>);

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_count_is_found_by_bisection_from_below) {
  BOOST_TEST((bisect_fields<arrays, 0, 1000>()) == 321U);
  BOOST_TEST((bisect_fields<two, 0, 3>()) == 2U);
}
