// SPDX-License-Identifier: BSL-1.0

// Ranges that are unreadable on purpose, and who made them so.

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <thread>
#include <tidemark/detail/fault_table.hpp>
#include <vector>

using namespace tidemark::detail;

namespace {

char bytes[4096];

fault_place named(char const* name) {
  fault_place place;
  std::strncpy(place.name, name, sizeof place.name - 1);
  return place;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_range_is_found_from_its_first_to_its_last_byte) {
  std::size_t const slot = remember_fault_range(bytes + 100, 200, named("mine"));
  fault_place found;
  BOOST_TEST(!find_fault_range(bytes + 99, found));
  BOOST_TEST(find_fault_range(bytes + 100, found));
  BOOST_TEST((std::string_view{found.name} == "mine"));
  BOOST_TEST(find_fault_range(bytes + 299, found));
  BOOST_TEST(!find_fault_range(bytes + 300, found));
  forget_fault_range(slot);
  BOOST_TEST(!find_fault_range(bytes + 100, found));
}

BOOST_AUTO_TEST_CASE(a_full_table_takes_no_more_and_harms_nobody) {
  std::vector<std::size_t> slots;
  for (;;) {
    std::size_t const slot = remember_fault_range(bytes + slots.size(), 1, named("one"));
    if (slot == SIZE_MAX) break;
    slots.push_back(slot);
    BOOST_REQUIRE(slots.size() <= sizeof bytes);
  }
  fault_place found;
  BOOST_TEST(find_fault_range(bytes + slots.size() - 1, found));
  for (std::size_t const slot : slots) forget_fault_range(slot);
  forget_fault_range(SIZE_MAX);  // what a full table answered
  BOOST_TEST(!find_fault_range(bytes, found));
}

BOOST_AUTO_TEST_CASE(threads_get_slots_of_their_own) {
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int round = 0; round < 1000; ++round) {
        char* const own = bytes + t * 1000;
        std::size_t const slot = remember_fault_range(own, 1000, named("thread"));
        fault_place found;
        if (slot == SIZE_MAX || !find_fault_range(own + 999, found)) std::abort();
        forget_fault_range(slot);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  fault_place found;
  for (char const& byte : bytes) BOOST_REQUIRE(!find_fault_range(&byte, found));
}
