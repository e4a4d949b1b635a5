// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <boost/test/unit_test.hpp>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tidemark/detail/escape.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "support/escape_checks.hpp"

using namespace support;

namespace {

struct literal {  // points, but to static storage
  char const* text;
};
struct handle {  // an index into somebody's memory
  int index;
};

}  // namespace

template <>
inline constexpr bool tidemark::may_point_into_pool<literal> = false;
template <>
inline constexpr bool tidemark::may_point_into_pool<handle> = true;

namespace {

struct empty {};
struct with_pointer {
  int number;
  int* pointer;
};
struct with_pmr {
  int number;
  std::pmr::string name;
};
struct with_reference {
  int& number;
};
struct with_const_reference {
  int const& number;
};
struct with_array {
  char name[200];
  float matrix[4][4];
};
struct with_pointer_array {
  int* pointers[3];
};
struct with_bits {
  unsigned low : 3, high : 5;
  bool flag : 1;
};
struct with_optional {
  std::optional<int> number;
  std::variant<int> same;
  std::variant<int, std::string> other;
  std::function<void()>* (*make)();
};
struct with_optional_pointer {
  std::optional<int*> pointer;
  int number;
};
struct move_only {
  std::unique_ptr<int> owned;
  int number;
};
struct move_only_with_pointer {
  std::unique_ptr<int> owned;
  int* pointer;
};
struct derived : plain {
  int more;
};
struct derived_from_pointer : with_pointer {
  int more;
};
struct too_large_to_look_at {
  char bytes[100000];
};
union either {
  int number;
  int* pointer;
};
struct with_anonymous_union {
  union {
    long number;
    int* pointer;
  };
};
struct with_small_union {
  union {
    int number;
    float weight;
  };
  int which;
};
template <std::size_t>
struct part {
  int number;
};
template <class>
struct many_parts;
template <std::size_t... I>
struct many_parts<std::index_sequence<I...>> : part<I>... {};
struct with_large_arrays {
  int const number;
  char name[1024];
  std::string lines[4][20];
  bool const done;
};
struct pointer_behind_arrays {
  char name[300];
  std::string lines[40];
  int const* pointer;
  int after;
};
int referred = 0;
struct with_defaulted_reference {
  int number;
  int& reference = referred;
};
struct with_rvalue_reference {
  int number;
  int&& reference;
};
struct with_class_rvalue_reference {
  std::string&& reference;
};
struct with_const_class_reference {
  int number;
  std::string const& reference;
};
struct assignable_reference {
  int const& number;
  assignable_reference& operator=(assignable_reference const&) { return *this; }
};
struct derived_from_any : std::any {
  int more;
};
struct from_anything {
  template <class T>
  explicit(false) from_anything(T&& value) : pointer(&value) {}
  void const* pointer;
};
struct from_numbers {
  template <std::convertible_to<int> T>
  explicit(false) from_numbers(T const& value) : pointer(&value) {}
  void const* pointer;
};
struct element {
  std::vector<element> children;
  std::map<std::string, element> attributes;
  std::unique_ptr<element> next;
};
struct linked_element {
  std::vector<linked_element> children;
  linked_element* parent;
};
struct statement;
struct expression {
  std::vector<statement> body;
};
struct statement {
  std::vector<expression> parts;
  int line;
};
struct view_statement;
struct view_expression {
  std::vector<view_statement> body;
};
struct view_statement {
  std::vector<view_expression> parts;
  std::string_view text;
};

}  // namespace

BOOST_AUTO_TEST_CASE(aggregates_answer_for_their_fields) {
  may_leave<empty, plain, with_array, with_bits, with_optional, move_only, derived, boxed<plain>,
            std::vector<plain>>();
  stay_inside<with_pointer, with_pmr, with_pointer_array, with_optional_pointer,
              move_only_with_pointer, derived_from_pointer, boxed<with_pointer>,
              boxed<boxed<with_pmr>>, std::vector<with_pointer>, with_pmr const>();
}

BOOST_AUTO_TEST_CASE(arrays_and_const_fields_are_looked_into) {
  may_leave<with_large_arrays, with_small_union, boxed<int const>, boxed<std::string const>>();
  stay_inside<pointer_behind_arrays, boxed<int* const>, boxed<handle[40]>>();
}

BOOST_AUTO_TEST_CASE(what_cannot_be_looked_into_stays_inside) {
  stay_inside<either, boxed<either>, with_anonymous_union, too_large_to_look_at,
              many_parts<std::make_index_sequence<129>>>();
  may_leave<many_parts<std::make_index_sequence<128>>>();
}

BOOST_AUTO_TEST_CASE(an_aggregate_with_a_reference_stays_inside) {
  stay_inside<with_reference, with_const_reference, with_defaulted_reference, with_rvalue_reference,
              with_class_rvalue_reference, with_const_class_reference, assignable_reference,
              boxed<with_const_reference>, boxed<std::string const&&>, boxed<int volatile&>>();
}

BOOST_AUTO_TEST_CASE(a_field_that_takes_anything_does_not_pass_for_what_it_takes) {
  stay_inside<boxed<std::any>, boxed<from_anything>, boxed<from_numbers>,
              boxed<std::variant<int, int*>>, boxed<std::optional<std::any>>,
              boxed<std::function<void()>>, derived_from_any>();
}

BOOST_AUTO_TEST_CASE(types_that_hold_themselves_or_each_other_have_an_answer) {
  may_leave<element, statement, expression>();
  stay_inside<linked_element, view_statement, view_expression>();
}

BOOST_AUTO_TEST_CASE(a_specialisation_is_heard_at_any_depth) {
  may_leave<literal, literal const, std::vector<literal>, boxed<literal>, boxed<boxed<literal>>,
            std::pair<int, literal>>();
  stay_inside<handle, handle const, std::vector<handle>, boxed<handle>, boxed<boxed<handle>>,
              std::pair<int, handle>, boxed<std::pair<int, boxed<handle>>>>();
  BOOST_TEST(!tidemark::may_point_into_pool<literal>);  // a bool there, not an answer
  BOOST_TEST(tidemark::may_point_into_pool<handle>);
}
