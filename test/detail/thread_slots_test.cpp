// SPDX-License-Identifier: BSL-1.0

// Which values a thread finds, and what it costs to have many.

#include <malloc.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <thread>
#include <tidemark/detail/thread_slots.hpp>
#include <vector>

#include "support/sanitized.hpp"
#include "support/wanderer.hpp"

using namespace tidemark;
using detail::cached_value;
using detail::find_value;
using detail::forget_value;
using detail::set_value;
using detail::slot_owner;

namespace {

// Of cases that do not look at ends: `thread_slots_exit_test.cpp` does.
struct owner : slot_owner {
  owner() : slot_owner([](slot_owner&, void*) noexcept {}) {}
};

template <class F>
void in_thread(F f) {
  std::thread{f}.join();
}

// A value that is told from others by its address.
struct mark {
  char byte = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_thread_that_set_no_value_finds_none) {
  owner const object;
  BOOST_TEST(find_value(object) == nullptr);
  BOOST_TEST(cached_value(object) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_thread_finds_what_it_set) {
  in_thread([] {
    owner const object;
    mark value;
    set_value(object, &value);
    BOOST_TEST(cached_value(object) == &value);
    BOOST_TEST(find_value(object) == &value);
  });
}

BOOST_AUTO_TEST_CASE(a_thread_does_not_find_what_another_set) {
  owner const object;
  mark first, second;
  in_thread([&] {
    set_value(object, &first);
    in_thread([&] {
      BOOST_TEST(find_value(object) == nullptr);
      set_value(object, &second);
      BOOST_TEST(find_value(object) == &second);
    });
    BOOST_TEST(find_value(object) == &first);
    BOOST_TEST(cached_value(object) == &first);
  });
}

BOOST_AUTO_TEST_CASE(ids_are_not_0_and_never_given_twice) {
  std::uint64_t last = 0;
  for (int i = 0; i < 100; ++i) {
    owner const object;  // where the one before was
    BOOST_TEST(object.id() > last);
    last = object.id();
  }
}

BOOST_AUTO_TEST_CASE(what_was_set_for_an_owner_that_is_gone_is_not_found_for_its_successor) {
  in_thread([] {
    std::optional<owner> object;
    mark value;
    // Of 9 owners at one address two have the same place in the table.
    for (int i = 0; i < 9; ++i) {
      object.emplace();
      BOOST_TEST(cached_value(*object) == nullptr);
      BOOST_TEST(find_value(*object) == nullptr);
      set_value(*object, &value);
      BOOST_TEST(cached_value(*object) == &value);
    }
  });
}

BOOST_AUTO_TEST_CASE(owners_that_share_a_place_in_the_table_are_found_in_turn) {
  in_thread([] {
    std::array<owner, 9> const objects;
    std::array<mark, 9> values;
    for (std::size_t i = 0; i < 9; ++i) set_value(objects[i], &values[i]);
    owner const& first = objects[0];
    owner const& last = objects[8];
    BOOST_REQUIRE(last.id() - first.id() == 8U);
    BOOST_TEST(cached_value(first) == nullptr);  // the last took its place
    for (int i = 0; i < 2; ++i) {
      BOOST_TEST(find_value(first) == &values[0]);
      BOOST_TEST(cached_value(first) == &values[0]);
      BOOST_TEST(cached_value(last) == nullptr);
      BOOST_TEST(find_value(last) == &values[8]);
      BOOST_TEST(cached_value(last) == &values[8]);
    }
  });
}

BOOST_AUTO_TEST_CASE(a_thread_finds_each_of_its_values_of_1100_owners) {
  in_thread([] {
    std::deque<owner> objects(1100);
    std::vector<mark> values(1100);
    for (std::size_t i = 0; i < 1100; ++i) set_value(objects[i], &values[i]);
    for (std::size_t i = 0; i < 1100; ++i) BOOST_TEST(find_value(objects[i]) == &values[i]);
    in_thread([&] {
      for (owner const& each : objects) BOOST_TEST(find_value(each) == nullptr);
    });
  });
}

BOOST_AUTO_TEST_CASE(a_value_that_was_forgotten_is_not_found) {
  in_thread([] {
    owner const object, other;
    mark first, second;
    set_value(object, &first);
    set_value(other, &second);
    forget_value(object);
    BOOST_TEST(cached_value(object) == nullptr);
    BOOST_TEST(find_value(object) == nullptr);
    BOOST_TEST(find_value(other) == &second);
  });
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_in_the_table_is_forgotten) {
  in_thread([] {
    std::array<owner, 9> const objects;
    std::array<mark, 9> values;
    for (std::size_t i = 0; i < 9; ++i) set_value(objects[i], &values[i]);
    forget_value(objects[0]);
    BOOST_TEST(find_value(objects[0]) == nullptr);
    BOOST_TEST(cached_value(objects[8]) == &values[8]);  // which has its place in the table
  });
}

BOOST_AUTO_TEST_CASE(a_value_may_be_set_after_one_was_forgotten) {
  in_thread([] {
    owner const object;
    mark first, second;
    set_value(object, &first);
    forget_value(object);
    set_value(object, &second);
    BOOST_TEST(find_value(object) == &second);
  });
}

BOOST_AUTO_TEST_CASE(to_forget_what_was_not_set_changes_nothing) {
  owner const object, other;
  forget_value(object);  // perhaps the thread's first call
  in_thread([&] {
    mark value;
    set_value(other, &value);
    forget_value(object);
    BOOST_TEST(find_value(object) == nullptr);
    BOOST_TEST(find_value(other) == &value);
  });
}

// With the look-up inline clang 19 at -O2 finds the first thread's value each time.
BOOST_AUTO_TEST_CASE(
    a_function_that_goes_on_in_another_thread_finds_the_value_of_that_thread,
    *boost::unit_test::enable_if<!test::thread_sanitized && !test::address_sanitized>()) {
  owner const object;
  std::array<mark, 3> values;
  std::vector<void*> found;
  test::wanderer task{[&](test::wanderer& self) {
    found.push_back(find_value(object));
    self.suspend();
    found.push_back(find_value(object));
    self.suspend();
    found.push_back(find_value(object));
  }};
  for (mark& each : values) {
    in_thread([&] {
      set_value(object, &each);
      task.resume();
    });
  }
  BOOST_TEST((found == std::vector<void*>{&values[0], &values[1], &values[2]}));
}

// Each pass through 100 owners that die leaves 100 entries in the thread's map.
BOOST_AUTO_TEST_CASE(
    a_thread_does_not_keep_entries_of_owners_that_died,
    *boost::unit_test::enable_if<!test::thread_sanitized && !test::address_sanitized>()) {
  auto const bytes_in_use = [] {
    auto const info = ::mallinfo2();  // of the arena of the thread that runs main
    return info.uordblks + info.hblkhd;
  };
  mark value;
  owner const lasting;
  set_value(lasting, &value);
  auto const pass = [&] {
    std::array<owner, 100> const dying;
    for (owner const& each : dying) set_value(each, &value);
  };
  pass();
  auto const before = bytes_in_use();
  for (int i = 0; i < 1000; ++i) pass();
  BOOST_TEST(bytes_in_use() < before + std::size_t{32} * 1024);  // 100000 entries take 2 MiB
  BOOST_TEST(find_value(lasting) == &value);
}
