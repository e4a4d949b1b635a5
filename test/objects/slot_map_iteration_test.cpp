// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <iterator>
#include <numeric>
#include <string>
#include <tidemark/objects/slot_map.hpp>
#include <type_traits>
#include <utility>
#include <vector>

using namespace tidemark;

namespace {

using numbers = slot_map<int>;

static_assert(std::forward_iterator<numbers::iterator>);
static_assert(std::forward_iterator<numbers::const_iterator>);
static_assert(std::is_same_v<decltype(*std::declval<numbers&>().begin()), int&>);
static_assert(std::is_same_v<decltype(*std::declval<numbers const&>().begin()), int const&>);
static_assert(std::is_convertible_v<numbers::iterator, numbers::const_iterator>);
static_assert(!std::is_convertible_v<numbers::const_iterator, numbers::iterator>);

std::vector<int> values(numbers const& map) { return {map.begin(), map.end()}; }

// A member of a family that uses the map from its constructor and destructor.
struct relative {
  using family = slot_map<relative>;
  enum class deed { none, insert, erase_other, erase_self };

  relative(family& all, deed at_birth, deed at_end = deed::none, slot_handle<relative> with = {})
      : map(&all), end(at_end), other(with) {
    if (at_birth == deed::insert) other = map->emplace(all, deed::none);
  }
  relative(relative const&) = delete;
  relative& operator=(relative const&) = delete;
  ~relative() {
    if (end == deed::insert) map->emplace(*map, deed::none);
    if (end == deed::erase_other) erased = map->erase(other);
    if (end == deed::erase_self) erased = map->erase(self);
  }

  family* map;
  deed end;
  slot_handle<relative> other;
  slot_handle<relative> self{};
  static inline bool erased = false;
};
using deed = relative::deed;

}  // namespace

BOOST_AUTO_TEST_CASE(elements_come_in_storage_order_and_free_slots_are_skipped) {
  numbers map;
  std::vector<slot_handle<int>> handles;
  for (int i = 0; i < 500; ++i) handles.push_back(map.insert(i));
  std::vector<int> expected;
  for (int i = 0; i < 500; ++i) {
    if (i % 7 == 0 || (i > 100 && i < 300)) {
      map.erase(handles[static_cast<std::size_t>(i)]);
    } else {
      expected.push_back(i);
    }
  }
  BOOST_TEST(values(map) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_iterator_tells_the_handle) {
  numbers map;
  map.erase(map.insert(0));
  auto const a = map.insert(1);
  auto const b = map.insert(2);
  auto it = map.begin();
  BOOST_TEST((it.handle() == a));
  BOOST_TEST(((++it).handle() == b));
  *it = 5;
  BOOST_TEST(map.at(b) == 5);
  numbers::const_iterator const same = it;
  BOOST_TEST((same == it));
  BOOST_TEST((it++ == same));
  BOOST_TEST((it == map.end()));
}

BOOST_AUTO_TEST_CASE(an_iterator_reaches_members) {
  slot_map<std::string> map;
  map.insert("text");
  BOOST_TEST(map.begin()->size() == 4U);
  BOOST_TEST(std::as_const(map).begin()->size() == 4U);
}

BOOST_AUTO_TEST_CASE(an_element_may_be_erased_while_one_stands_on_it) {
  numbers map;
  for (int i = 0; i < 300; ++i) map.insert(i);
  for (auto it = map.begin(); it != map.end(); ++it) {
    if (*it % 3 != 0) map.erase(it.handle());
  }
  BOOST_TEST(map.size() == 100U);
  BOOST_TEST(std::all_of(map.begin(), map.end(), [](int i) { return i % 3 == 0; }));
}

BOOST_AUTO_TEST_CASE(erase_of_an_iterator_gives_the_next) {
  numbers map;
  for (int i = 0; i < 300; ++i) map.insert(i);
  int seen = 0;
  for (auto it = map.begin(); it != map.end(); ++seen) it = *it < 290 ? map.erase(it) : ++it;
  BOOST_TEST(seen == 300);
  BOOST_TEST(map.size() == 10U);
}

BOOST_AUTO_TEST_CASE(a_pass_ends_though_elements_are_put_in) {
  numbers map;
  for (int i = 0; i < 50; ++i) map.insert(1);
  int left = 200;  // more than the first chunk has room for
  for (int const each : map) {
    if (each == 1 && left-- > 0) map.insert(1);
  }
  BOOST_TEST(map.size() >= 100U);
  BOOST_TEST(std::accumulate(map.begin(), map.end(), std::size_t{0}) == map.size());
}

BOOST_AUTO_TEST_CASE(a_constructor_may_use_the_map) {
  relative::family map;
  auto const outer = map.emplace(map, deed::insert);
  BOOST_TEST(map.size() == 2U);
  BOOST_TEST(map.contains(map.at(outer).other));
  BOOST_TEST((map.at(outer).other != outer));
}

BOOST_AUTO_TEST_CASE(a_destructor_may_erase_another_element) {
  relative::family map;
  auto const other = map.emplace(map, deed::none);
  auto const first = map.emplace(map, deed::none, deed::erase_other, other);
  map.erase(first);
  BOOST_TEST(relative::erased);
  BOOST_TEST(map.empty());
}

BOOST_AUTO_TEST_CASE(a_destructor_does_not_find_its_own_element) {
  relative::family map;
  auto const handle = map.emplace(map, deed::none, deed::erase_self);
  map.at(handle).self = handle;
  relative::erased = true;
  BOOST_TEST(map.erase(handle));
  BOOST_TEST(!relative::erased);
}

BOOST_AUTO_TEST_CASE(what_a_destructor_puts_in_takes_another_slot) {
  relative::family map;
  auto const handle = map.emplace(map, deed::none, deed::insert);
  map.erase(handle);
  BOOST_TEST(map.size() == 1U);
  BOOST_TEST(map.begin().handle().index != handle.index);
}

BOOST_AUTO_TEST_CASE(clear_destroys_what_destructors_put_in_and_not_twice_what_they_erase) {
  relative::family map;
  auto const last = map.emplace(map, deed::none, deed::insert);
  map.emplace(map, deed::none, deed::erase_other, last);
  auto const far = map.emplace(map, deed::none);
  map.emplace(map, deed::none, deed::erase_other, far);
  auto const behind = map.emplace(map, deed::none, deed::insert);
  map.emplace(map, deed::none, deed::erase_other, behind);
  map.clear();
  BOOST_TEST(map.empty());
  BOOST_TEST((map.begin() == map.end()));
}
