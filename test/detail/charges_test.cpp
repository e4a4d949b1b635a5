// SPDX-License-Identifier: BSL-1.0
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark::detail;

namespace {
using both_counts = boost::mpl::list<owned_count, shared_count>;
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bytes_and_blocks_are_the_sum_of_what_was_added, Count, both_counts) {
  charges<Count> held;
  held.add({.bytes = 40, .blocks = 1});
  held.add({.bytes = 2, .blocks = 3});
  held.subtract({.bytes = 10, .blocks = 2});
  BOOST_TEST(held.bytes() == 32U);
  BOOST_TEST(held.blocks() == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_block_is_covered_up_to_the_bytes_held, Count, both_counts) {
  charges<Count> held;
  BOOST_TEST(!held.covers(0));
  held.add({.bytes = 8, .blocks = 1});
  BOOST_TEST(held.covers(0));
  BOOST_TEST(held.covers(8));
  BOOST_TEST(!held.covers(9));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(taking_all_leaves_nothing, Count, both_counts) {
  charges<Count> held;
  held.add({.bytes = 8, .blocks = 2});
  BOOST_TEST((held.take_all() == charge{.bytes = 8, .blocks = 2}));
  BOOST_TEST((held.get() == charge{}));
}

BOOST_AUTO_TEST_CASE(a_shared_count_rises_to_what_is_larger_only) {
  shared_count count;
  count.raise_to(7);
  count.raise_to(3);
  BOOST_TEST(count.get() == 7U);
}

BOOST_AUTO_TEST_CASE(what_many_threads_add_is_all_there) {
  charges<shared_count> held;
  shared_count peak;
  std::vector<std::thread> threads;
  for (std::size_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        held.add({.bytes = t, .blocks = 1});
        peak.raise_to(t * 1000);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST((held.get() == charge{.bytes = 10'000, .blocks = 4000}));
  BOOST_TEST(peak.get() == 4000U);
}

BOOST_AUTO_TEST_CASE(counts_of_one_thread_take_no_lock) {
  BOOST_TEST((std::is_same_v<mutex_for<owned_count>, no_mutex>));
  BOOST_TEST((std::is_same_v<mutex_for<shared_count>, std::mutex>));
}
