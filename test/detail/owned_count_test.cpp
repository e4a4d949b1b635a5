// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <thread>
#include <tidemark/detail/owned_count.hpp>

using tidemark::detail::owned_count;

BOOST_AUTO_TEST_SUITE(owned_count_)

BOOST_AUTO_TEST_CASE(it_begins_at_0_and_follows_its_owner) {
  owned_count count;
  BOOST_TEST(count.get() == 0U);
  count.add(7);
  count.subtract(3);
  BOOST_TEST(count.get() == 4U);
  count.set(100);
  BOOST_TEST(count.get() == 100U);
}

BOOST_AUTO_TEST_CASE(it_is_raised_and_never_lowered_by_a_mark_of_high_water) {
  owned_count count;
  count.raise_to(5);
  count.raise_to(3);
  BOOST_TEST(count.get() == 5U);
  count.raise_to(6);
  BOOST_TEST(count.get() == 6U);
}

BOOST_AUTO_TEST_CASE(another_thread_sees_values_that_it_had_in_their_order) {
  owned_count count;
  std::atomic<bool> ready{false};
  bool odd = false;
  bool falling = false;
  std::thread reader([&] {
    ready = true;
    for (std::size_t seen = 0, last = 0; seen < 20000; last = seen) {
      seen = count.get();
      odd = odd || seen % 2 != 0;
      falling = falling || seen < last;
    }
  });
  while (!ready) std::this_thread::yield();
  for (int i = 0; i < 10000; ++i) count.add(2);
  reader.join();
  BOOST_TEST(!odd);
  BOOST_TEST(!falling);
}

BOOST_AUTO_TEST_SUITE_END()
