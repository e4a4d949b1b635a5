// SPDX-License-Identifier: BSL-1.0
#include <boost/core/demangle.hpp>
#include <boost/core/span.hpp>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <queue>
#include <set>
#include <span>
#include <stack>
#include <string>
#include <string_view>
#include <tidemark/detail/escape.hpp>
#include <unordered_map>
#include <vector>

namespace {

struct literal {  // points, but to static storage
  char const* text;
};
struct handle {  // an index into somebody's memory
  int index;
};
template <class T>
struct boxed {
  T value;
};

}  // namespace

template <>
inline constexpr bool tidemark::may_point_into_pool<literal> = false;
template <>
inline constexpr bool tidemark::may_point_into_pool<handle> = true;

namespace {

template <class T>
void check_one(bool expected) {
  bool const answer = tidemark::may_point_into_pool<T>;
  BOOST_TEST(answer == expected, "wrong about " << boost::core::demangle(typeid(T*).name()));
}
template <class... T>
void stay_inside() {
  (check_one<T>(true), ...);
}
template <class... T>
void may_leave() {
  (check_one<T>(false), ...);
}

enum class colour { red };
struct empty {};
struct plain {
  int number;
  double weight;
  std::string name;
};
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
  std::function<void()> call;
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
class closed {  // shows nothing, and is believed
 public:
  int* pointer() const { return pointer_; }

 private:
  int* pointer_ = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_CASE(values_that_point_nowhere_may_leave) {
  may_leave<void, bool, int, double const, colour, std::nullptr_t, void (*)(int), int plain::*>();
}

BOOST_AUTO_TEST_CASE(what_owns_the_heap_may_leave) {
  may_leave<std::string, std::wstring const, std::vector<int>, std::vector<bool>,
            std::vector<std::string>, std::filesystem::path, std::unique_ptr<int>,
            std::unique_ptr<int[]>, std::function<void()>>();
  may_leave<std::set<int>, std::map<int, std::string>, std::deque<int>, std::list<std::set<int>>,
            std::unordered_map<std::string, std::vector<int>>, std::stack<int>,
            std::priority_queue<int>>();
}

BOOST_AUTO_TEST_CASE(pointers_references_views_and_iterators_stay_inside) {
  stay_inside<int*, void*, int const* const, std::shared_ptr<int>, std::reference_wrapper<int>,
              std::initializer_list<int>>();
  static_assert(tidemark::may_point_into_pool<int&> && tidemark::may_point_into_pool<int const&>);
  static_assert(tidemark::may_point_into_pool<int&&>);
  stay_inside<std::string_view, std::span<int>, std::span<int const, 4>, boost::span<int>>();
  stay_inside<std::vector<int>::iterator, std::map<int, int>::const_iterator,
              std::list<int>::iterator, std::reverse_iterator<std::string::iterator>,
              std::back_insert_iterator<std::vector<int>>>();
}

BOOST_AUTO_TEST_CASE(what_uses_a_resource_stays_inside) {
  stay_inside<std::pmr::memory_resource*, std::pmr::polymorphic_allocator<int>, std::pmr::string,
              std::pmr::vector<int>, std::pmr::map<int, int>, std::stack<int, std::pmr::deque<int>>,
              std::unique_ptr<int, std::function<void(int*)>>>();
}

BOOST_AUTO_TEST_CASE(holders_answer_for_what_they_hold) {
  may_leave<std::pair<int, std::string>, std::tuple<>, std::tuple<int, std::vector<int>>,
            std::array<int, 3>, std::optional<std::string>, std::variant<int, std::string>,
            boxed<std::optional<std::vector<int>>>>();
  stay_inside<std::pair<int, int*>, std::tuple<int, std::string_view>, std::tuple<int, int&>,
              std::array<int*, 3>, std::optional<std::pmr::string>, std::variant<int, int*>,
              std::vector<int*>, std::vector<std::pmr::string>, std::map<int, std::string_view>,
              std::stack<int*>, std::unique_ptr<std::pmr::string>>();
}

BOOST_AUTO_TEST_CASE(aggregates_answer_for_their_fields) {
  may_leave<empty, plain, with_array, with_bits, with_optional, move_only, derived, boxed<plain>,
            std::vector<plain>>();
  stay_inside<with_pointer, with_pmr, with_pointer_array, with_optional_pointer,
              move_only_with_pointer, derived_from_pointer, boxed<with_pointer>,
              boxed<boxed<with_pmr>>, std::vector<with_pointer>, with_pmr const>();
}

BOOST_AUTO_TEST_CASE(what_cannot_be_looked_into_stays_inside) {
  stay_inside<with_reference, with_const_reference, either, boxed<either>, too_large_to_look_at>();
}

BOOST_AUTO_TEST_CASE(a_class_that_shows_nothing_is_believed) { may_leave<closed>(); }

BOOST_AUTO_TEST_CASE(types_that_hold_themselves_or_each_other_have_an_answer) {
  may_leave<element, statement, expression>();
  stay_inside<linked_element, view_statement, view_expression>();
}

BOOST_AUTO_TEST_CASE(a_specialisation_is_heard_at_any_depth) {
  may_leave<literal, literal const, std::vector<literal>, boxed<literal>, boxed<boxed<literal>>,
            std::pair<int, literal>>();
  stay_inside<handle, handle const, std::vector<handle>, boxed<handle>, boxed<boxed<handle>>,
              std::pair<int, handle>, boxed<std::pair<int, boxed<handle>>>>();
}
