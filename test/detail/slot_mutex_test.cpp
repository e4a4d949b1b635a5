// SPDX-License-Identifier: BSL-1.0

// Who gets the mutex, who waits for it, and how many may be held.

#include <boost/test/unit_test.hpp>
#include <deque>
#include <latch>
#include <mutex>
#include <thread>
#include <tidemark/detail/slot_mutex.hpp>
#include <vector>

using tidemark::detail::slot_mutex;

BOOST_AUTO_TEST_CASE(who_tries_gets_it_if_nobody_holds_it) {
  slot_mutex mutex;
  BOOST_TEST(mutex.try_lock());
  BOOST_TEST(!mutex.try_lock());
  mutex.unlock();
  mutex.lock();
  BOOST_TEST(!mutex.try_lock());
  mutex.unlock();
  BOOST_TEST(mutex.try_lock());
}

BOOST_AUTO_TEST_CASE(threads_enter_one_at_a_time) {
  constexpr int thread_count = 4;
  constexpr int rounds = 5000;
  slot_mutex mutex;
  std::latch all_there{thread_count};
  int entered = 0;  // plain: a lost update shows
  int strangers = 0;
  bool inside = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&] {
      all_there.arrive_and_wait();
      for (int i = 0; i < rounds; ++i) {
        std::lock_guard const lock{mutex};
        strangers += inside;
        inside = true;
        if (i % 16 == 0) std::this_thread::yield();  // so that others come to wait
        ++entered;
        inside = false;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(entered == thread_count * rounds);
  BOOST_TEST(strangers == 0);
}

BOOST_AUTO_TEST_CASE(all_that_wait_get_it_in_the_end) {
  slot_mutex mutex;
  std::latch about_to_wait{3};
  int entered = 0;
  std::vector<std::thread> threads;
  {
    std::lock_guard const lock{mutex};
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        about_to_wait.count_down();
        std::lock_guard const own{mutex};
        ++entered;
      });
    }
    about_to_wait.wait();
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    BOOST_TEST(entered == 0);
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(entered == 3);
}

// ThreadSanitizer does not let a thread hold 64 of std::mutex.
BOOST_AUTO_TEST_CASE(a_thread_may_hold_a_thousand) {
  std::deque<slot_mutex> mutexes(1000);
  for (slot_mutex& each : mutexes) each.lock();
  for (slot_mutex& each : mutexes) BOOST_TEST(!each.try_lock());
  for (slot_mutex& each : mutexes) each.unlock();
  for (slot_mutex& each : mutexes) BOOST_TEST(each.try_lock());
}
