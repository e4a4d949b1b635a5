// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <tidemark/detail/block_log.hpp>

using tidemark::detail::block_log;

namespace {

struct logged {
  std::array<block_log::entry, 8> small{};
  std::array<block_log::entry, 16> large{};
  block_log log;

  void fill(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) log.push(entry(i));
  }
  /// An address with bits of its own.
  static block_log::entry entry(std::size_t i) { return UINTPTR_MAX - 3 * i; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(block_log_, logged)

BOOST_AUTO_TEST_CASE(without_memory_it_is_empty_full_and_tight) {
  BOOST_TEST(log.size() == 0U);
  BOOST_TEST(log.capacity() == 0U);
  BOOST_TEST(log.is_full());
  BOOST_TEST(log.is_tight());
}

BOOST_AUTO_TEST_CASE(it_wants_memory_for_256_entries_and_then_twice_what_it_has) {
  BOOST_TEST(log.next_capacity() == 256U);
  log.move_to(small.data(), small.size());
  BOOST_TEST(log.next_capacity() == 16U);
}

BOOST_AUTO_TEST_CASE(it_is_full_at_its_last_entry) {
  log.move_to(small.data(), small.size());
  fill(7);
  BOOST_TEST(!log.is_full());
  log.push(0);
  BOOST_TEST(log.is_full());
  BOOST_TEST(log.size() == 8U);
}

BOOST_AUTO_TEST_CASE(it_is_tight_above_its_half) {
  log.move_to(small.data(), small.size());
  fill(4);
  BOOST_TEST(!log.is_tight());
  log.push(0);
  BOOST_TEST(log.is_tight());
}

BOOST_AUTO_TEST_CASE(entries_keep_every_bit_when_they_move) {
  BOOST_TEST((log.move_to(small.data(), small.size()) == nullptr));
  fill(8);
  BOOST_TEST((log.move_to(large.data(), large.size()) == small.data()));
  small.fill(0);
  BOOST_TEST(log.capacity() == 16U);
  BOOST_TEST(log.size() == 8U);
  for (std::size_t i = 0; i < 8; ++i) BOOST_TEST(log[i] == entry(i));
  BOOST_TEST((log.data() == large.data()));
}

BOOST_AUTO_TEST_CASE(a_cut_leaves_what_is_in_front_of_it) {
  log.move_to(small.data(), small.size());
  fill(8);
  log.cut(3);
  BOOST_TEST(log.size() == 3U);
  log.push(77);
  BOOST_TEST(log[2] == entry(2));
  BOOST_TEST(log[3] == 77U);
}

BOOST_AUTO_TEST_CASE(memory_that_it_leaves_goes_to_its_owner) {
  log.move_to(small.data(), small.size());
  fill(8);
  BOOST_TEST((log.leave() == small.data()));
  BOOST_TEST((log.size() == 0 && log.capacity() == 0));
  BOOST_TEST((log.leave() == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
