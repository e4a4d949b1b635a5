// SPDX-License-Identifier: BSL-1.0

// The one key of the process: who makes it, and what happens when there is none or no memory for
// it. Each case runs in a child, which has not made it yet.

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <thread>
#include <tidemark/detail/thread_exit.hpp>
#include <vector>

#include "support/child.hpp"
#include "support/sanitized.hpp"

using namespace tidemark;
using detail::at_thread_exit;
using detail::exit_hook;
using detail::forget_at_thread_exit;

namespace {

std::atomic<int> ran{0};

struct counted : exit_hook {
  counted() : exit_hook{nullptr, [](exit_hook*) noexcept { ++ran; }} {}
};

// All keys that the process has left.
struct all_keys {
  all_keys() {
    for (pthread_key_t key; pthread_key_create(&key, nullptr) == 0;) keys.push_back(key);
  }
  all_keys(all_keys const&) = delete;
  all_keys& operator=(all_keys const&) = delete;
  ~all_keys() { give_back(keys.size()); }

  void give_back(std::size_t count) {
    for (; count != 0; --count) {
      pthread_key_delete(keys.back());
      keys.pop_back();
    }
  }
  std::vector<pthread_key_t> keys;
};

std::size_t keys_left() { return all_keys{}.keys.size(); }

// In a child: the parent reads it.
void expect(bool kept, char const* promise) {
  if (!kept) std::fprintf(stderr, "broken: %s\n", promise);
}

// How many of 8 threads at once could add a hook.
int add_in_threads() {
  std::latch all_there{8};
  std::atomic<int> added{0};
  std::vector<counted> hooks(8);
  std::vector<std::thread> threads;
  for (auto& hook : hooks) {
    threads.emplace_back([&] {
      all_there.arrive_and_wait();
      added += at_thread_exit(hook);
    });
  }
  for (auto& thread : threads) thread.join();
  return added;
}

template <class F>
void check_in_child(F f) {
  std::thread{[] {}}.join();  // a standard library may make a key of its own for its first thread
  std::fflush(stdout);        // or the child may say again what waits there
  auto const result = test::run_in_child(f);
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 0);
  BOOST_TEST(result.errors == "");
}

// Takes memory until the process gets none. Not given back: the child ends.
void use_up_memory() {
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_AS, &limit);
  for (std::size_t bytes = std::size_t{1} << 16U; bytes >= 16; bytes /= 2) {
    for (void* volatile block = std::malloc(bytes); block != nullptr;) block = std::malloc(bytes);
  }
}

void allow_memory() {
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_AS, &limit);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_process_that_adds_no_hook_makes_no_key) {
  check_in_child([] {
    auto const before = keys_left();
    counted hook;
    expect(!forget_at_thread_exit(hook), "what was not added is not taken back");
    expect(keys_left() == before, "no key is made for that");
  });
}

BOOST_AUTO_TEST_CASE(all_threads_of_a_process_share_one_key) {
  check_in_child([] {
    auto const before = keys_left();
    for (int i = 0; i < 100; ++i) expect(add_in_threads() == 8, "every hook is added");
    expect(ran == 800, "every hook runs");
    expect(keys_left() == before - 1, "one key is enough");
  });
}

BOOST_AUTO_TEST_CASE(threads_that_race_for_the_first_key_leave_one) {
  for (int i = 0; i < 50; ++i) {
    check_in_child([] {
      auto const before = keys_left();
      expect(add_in_threads() == 8, "every hook is added");
      expect(ran == 8, "every hook runs");
      expect(keys_left() == before - 1, "the losers give their keys back");
    });
  }
}

BOOST_AUTO_TEST_CASE(threads_that_race_for_the_last_key_run_what_they_could_add) {
  for (int i = 0; i < 50; ++i) {
    check_in_child([] {
      all_keys taken;
      taken.give_back(1);
      auto const added = add_in_threads();
      expect(added >= 1, "the key goes to someone");
      expect(ran == added, "what was added runs, nothing else does");
      expect(add_in_threads() == 8, "then all use it");
      expect(ran == added + 8, "and all run");
    });
  }
}

BOOST_AUTO_TEST_CASE(without_a_key_a_hook_is_refused_and_nothing_is_changed) {
  check_in_child([] {
    all_keys const taken;
    expect(!taken.keys.empty(), "there were keys to take");
    std::thread{[] {
      counted hook;
      exit_hook elsewhere;
      hook.next = &elsewhere;
      expect(!at_thread_exit(hook), "the hook is refused");
      expect(hook.next == &elsewhere, "it is as it was");
      expect(!forget_at_thread_exit(hook), "it is on no list");
    }}.join();
    expect(add_in_threads() == 0, "no thread can add one");
    expect(ran == 0, "no hook runs");
  });
}

BOOST_AUTO_TEST_CASE(a_key_that_is_given_back_serves_the_next_hook) {
  check_in_child([] {
    all_keys taken;
    std::thread{[&] {
      counted refused;
      static counted added;
      expect(!at_thread_exit(refused), "there is no key");
      taken.give_back(1);
      expect(at_thread_exit(added), "there is one");
    }}.join();
    expect(ran == 1, "the hook that was added runs, the one refused does not");
  });
}

BOOST_AUTO_TEST_CASE(a_key_that_was_made_in_time_serves_when_no_other_is_left) {
  check_in_child([] {
    expect(add_in_threads() == 8, "every hook is added");
    all_keys const taken;
    expect(add_in_threads() == 8, "every hook is added");
    expect(ran == 16, "every hook runs");
  });
}

// glibc has room for a thread's first 32 values, and takes memory for those behind them. Sanitizers
// end a program that is refused memory.
BOOST_AUTO_TEST_CASE(
    without_memory_a_hook_is_refused_until_there_is_some,
    *boost::unit_test::enable_if<!test::thread_sanitized && !test::address_sanitized>()) {
  check_in_child([] {
    all_keys taken;
    taken.give_back(taken.keys.size() - 100);
    std::thread{[] {
      static counted hook;
      use_up_memory();
      bool const refused = !at_thread_exit(hook) && hook.next == nullptr;
      bool const listed = forget_at_thread_exit(hook);
      allow_memory();
      expect(refused, "the hook is refused and as it was");
      expect(!listed, "it is on no list");
      expect(at_thread_exit(hook), "now there is memory");
    }}.join();
    expect(ran == 1, "the hook runs once");
  });
}
