// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/objects/make_in.hpp>
#include <vector>

using namespace tidemark;

namespace {

constexpr auto long_text = "a text that is too long for the small buffer";

struct allocator_last {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  explicit allocator_last(int v, allocator_type a = {}) : value(v), text(long_text, a) {}
  allocator_last(allocator_last const&) = delete;
  allocator_last& operator=(allocator_last const&) = delete;
  int value;
  std::pmr::string text;
};
struct allocator_first {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  allocator_first(std::allocator_arg_t, allocator_type a, int v) : value(v), text(long_text, a) {}
  int value;
  std::pmr::string text;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_resource_reaches_constructors_that_take_it_last_or_first) {
  frame_resource frame;
  auto const last = make_in<allocator_last>(&frame, 3);
  auto const first = make_in<allocator_first>(&frame, 4);
  BOOST_TEST(last.value + first.value == 7);
  BOOST_TEST(last.text.get_allocator().resource() == &frame);
  BOOST_TEST(first.text.get_allocator().resource() == &frame);
}

BOOST_AUTO_TEST_CASE(the_resource_reaches_what_pairs_tuples_and_containers_hold) {
  frame_resource frame;
  using text = std::pmr::string;
  auto const pair = make_in<std::pair<int, text>>(&frame, 1, long_text);
  auto const tuple = make_in<std::tuple<text, int>>(&frame, long_text, 1);
  auto const rows = make_in<std::pmr::vector<text>>(&frame, 1U, long_text);
  for (text const* t : {&pair.second, &std::get<0>(tuple), &rows[0]}) {
    BOOST_TEST(*t == long_text);
    BOOST_TEST(t->get_allocator().resource() == &frame);
  }
}

BOOST_AUTO_TEST_CASE(a_type_that_takes_no_allocator_is_made_without) {
  frame_resource frame;
  BOOST_TEST(make_in<int>(&frame, 5) == 5);
  BOOST_TEST(make_in<std::string>(&frame, 40U, 'x').size() == 40U);
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_and_an_allocator_are_places_too) {
  frame_resource frame;
  memory_scope scope{frame};
  auto const in_scope = make_in<std::pmr::string>(scope, long_text);
  auto const beside = make_in<std::pmr::string>(in_scope.get_allocator(), in_scope);
  BOOST_TEST(in_scope.get_allocator().resource() == scope.resource());
  BOOST_TEST(beside.get_allocator().resource() == scope.resource());
  BOOST_TEST(beside == long_text);
}
