// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <atomic>
#include <bitset>
#include <boost/core/span.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <complex>
#include <coroutine>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <queue>
#include <regex>
#include <set>
#include <span>
#include <stack>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tidemark/detail/escape.hpp>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "support/escape_checks.hpp"

using namespace support;

namespace {

enum class colour { red };
struct closed {  // hides what it holds, as any class with a constructor does
  closed() {}
  int* pointer = nullptr;
};
struct small {
  small() {}
  int number = 0;
};
struct small_pointer {  // into a table that it knows
  small_pointer() {}
  std::string* operator->() const { return nullptr; }
  short index = 0;
};
struct small_iterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = std::string;
  using difference_type = int;
  using pointer = std::string*;
  using reference = std::string&;
  short index;
};
struct by_table {
  std::vector<int> const* table;
  bool operator()(int a, int b) const { return a < b; }
  std::size_t operator()(int a) const { return static_cast<std::size_t>(a); }
};
struct by_remainder {
  int divisor;
  bool operator()(int a, int b) const { return a % divisor < b % divisor; }
};
class pair_of_its_own : public std::pair<char const*, int> {
  using pair::pair;
};
struct lines_and_more : std::vector<std::string> {
  using vector::vector;
  char const* more = nullptr;
};
struct base_with_virtuals {
  virtual ~base_with_virtuals() = default;
};
struct deletes_itself {
  int number;
  static void operator delete(void*) {}
};
struct cleans_up_in_place {
  template <class T>
  void operator()(T* object) const {
    std::destroy_at(object);
  }
};
template <class T>
struct from_a_pool_of_the_program {  // an allocator without state
  using value_type = T;
  T* allocate(std::size_t);
  void deallocate(T*, std::size_t);
};
template <class... F>
struct overloaded : F... {
  using F::operator()...;
};

}  // namespace

BOOST_AUTO_TEST_CASE(values_that_point_nowhere_may_leave) {
  may_leave<void, bool, int, double const, colour, std::nullptr_t, void (*)(int), int plain::*>();
}

BOOST_AUTO_TEST_CASE(what_owns_the_heap_may_leave) {
  may_leave<std::string, std::wstring const, std::vector<int>, std::vector<bool>,
            std::vector<std::string>, std::filesystem::path, std::unique_ptr<int>,
            std::unique_ptr<int[]>>();
  may_leave<std::set<int>, std::map<int, std::string>, std::deque<int>, std::list<std::set<int>>,
            std::unordered_map<std::string, std::vector<int>>, std::stack<int>,
            std::priority_queue<int>, std::map<std::string, std::unique_ptr<int[]>>,
            std::multiset<int, by_remainder>, std::set<int, bool (*)(int, int)>>();
}

BOOST_AUTO_TEST_CASE(values_of_the_standard_library_may_leave) {
  may_leave<std::bitset<300>, std::chrono::seconds, std::chrono::system_clock::time_point,
            std::chrono::year_month_day, std::complex<double>, std::error_code,
            std::filesystem::path, std::atomic<long>, std::monostate>();
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

BOOST_AUTO_TEST_CASE(a_class_that_hides_what_it_holds_stays_inside_unless_nothing_fits_in) {
  may_leave<small, boxed<small>>();
  stay_inside<closed, boxed<closed>, std::vector<closed>, pair_of_its_own, lines_and_more>();
  stay_inside<small_pointer, small_iterator>();
}

BOOST_AUTO_TEST_CASE(what_may_hold_anything_stays_inside) {
  stay_inside<std::any, std::vector<std::any>, std::function<void()>,
              decltype(std::bind(std::declval<void (*)(char const*)>(), "text")), std::future<int>,
              std::shared_future<std::string_view>, std::promise<int*>, std::packaged_task<int()>,
              std::exception_ptr, std::coroutine_handle<>>();
}

BOOST_AUTO_TEST_CASE(what_hides_a_pointer_in_the_standard_library_stays_inside) {
  stay_inside<std::cmatch, std::sub_match<char const*>, std::regex_iterator<char const*>,
              std::atomic<int*>, std::weak_ptr<int>, std::vector<bool>::reference,
              std::bitset<9>::reference, std::map<int, int>::node_type>();
}

BOOST_AUTO_TEST_CASE(a_container_answers_for_what_orders_or_hashes_its_elements) {
  stay_inside<std::set<int, by_table>, std::map<int, int, by_table>,
              std::priority_queue<int, std::vector<int>, by_table>,
              std::unordered_set<int, by_table>,
              std::unordered_map<int, int, std::hash<int>, by_table>,
              std::set<int, std::function<bool(int, int)>>>();
}

BOOST_AUTO_TEST_CASE(an_allocator_that_is_not_std_s_stays_inside_even_without_state) {
  stay_inside<std::vector<int, from_a_pool_of_the_program<int>>, from_a_pool_of_the_program<int>>();
}

BOOST_AUTO_TEST_CASE(a_unique_ptr_answers_for_its_deleter_too) {
  may_leave<std::unique_ptr<plain>, std::vector<std::unique_ptr<std::string>>>();
  stay_inside<std::unique_ptr<int, cleans_up_in_place>, std::unique_ptr<base_with_virtuals>,
              std::unique_ptr<std::runtime_error>, std::unique_ptr<deletes_itself>,
              std::unique_ptr<deletes_itself[]>, std::unique_ptr<int*>, std::unique_ptr<closed>>();
}

BOOST_AUTO_TEST_CASE(a_closure_may_leave_if_it_captures_nothing) {
  int number = 1;
  auto const nothing = [](int i) { return i; };
  auto const by_reference = [&number] { return number; };
  auto const by_value = [text = std::string_view{}] { return text; };
  may_leave<decltype(nothing), overloaded<decltype(nothing)>>();
  stay_inside<decltype(by_reference), decltype(by_value), overloaded<decltype(by_reference)>>();
  BOOST_TEST(nothing(by_reference()) == number);
  BOOST_TEST(by_value().empty());
}
