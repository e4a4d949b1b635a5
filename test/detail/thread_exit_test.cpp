// SPDX-License-Identifier: BSL-1.0

// What runs when a thread ends, in which order, and when nothing runs.

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <tidemark/detail/thread_exit.hpp>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "support/sanitized.hpp"

using namespace tidemark;
using detail::at_thread_exit;
using detail::exit_hook;
using detail::forget_at_thread_exit;

namespace {

// What happened, a letter each: written by one thread at a time, read after it was joined.
std::string happened;

struct noted : exit_hook {
  explicit noted(char name) : exit_hook{nullptr, &note}, name_(name) {}

 private:
  static void note(exit_hook* hook) noexcept { happened += static_cast<noted*>(hook)->name_; }
  char name_;
};

// For what one hook does and for threads whose notes would meet.
template <class F>
struct doing : exit_hook {
  explicit doing(F f) : exit_hook{nullptr, &call}, f_(std::move(f)) {}

 private:
  static void call(exit_hook* hook) noexcept { static_cast<doing*>(hook)->f_(); }
  F f_;
};

// Notes its destruction, and may add a hook then.
struct dying {
  dying(char n, exit_hook* h) : name(n), hook(h) {}
  dying(dying const&) = delete;
  dying& operator=(dying const&) = delete;
  ~dying() {
    happened += name;
    if (hook != nullptr && !at_thread_exit(*hook)) happened += '!';
  }
  char name;
  exit_hook* hook;
};

// Says in a child of fork what `happened` could not carry out of it.
struct speaking : exit_hook {
  explicit speaking(char name) : exit_hook{nullptr, &speak}, name_(name) {}

 private:
  static void speak(exit_hook* hook) noexcept {
    static_cast<void>(!::write(STDERR_FILENO, &static_cast<speaking*>(hook)->name_, 1));
  }
  char name_;
};

void add(exit_hook& hook) {
  if (!at_thread_exit(hook)) happened += '!';
}

// What happened in a thread that ran `f`.
template <class F>
std::string in_thread(F f) {
  happened.clear();
  std::thread{f}.join();
  return happened;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_hook_runs_once_when_its_thread_ends) {
  noted a{'a'};
  BOOST_TEST(in_thread([&] {
               add(a);
               happened += '.';
             }) == ".a");
  BOOST_TEST(in_thread([] {}) == "");
  BOOST_TEST(!forget_at_thread_exit(a));
}

BOOST_AUTO_TEST_CASE(a_hook_that_ran_serves_another_thread) {
  noted a{'a'};
  BOOST_TEST(in_thread([&] { add(a); }) == "a");
  BOOST_TEST(in_thread([&] { add(a); }) == "a");
}

BOOST_AUTO_TEST_CASE(the_newest_runs_first) {
  noted a{'a'}, b{'b'}, c{'c'};
  BOOST_TEST(in_thread([&] {
               add(a);
               add(b);
               add(c);
             }) == "cba");
}

BOOST_AUTO_TEST_CASE(hooks_run_after_thread_locals_made_before_and_after_them) {
  noted a{'a'};
  BOOST_TEST(in_thread([&] {
               static thread_local dying const before{'1', nullptr};
               static_cast<void>(&before);
               add(a);
               static thread_local dying const after{'2', nullptr};
               static_cast<void>(&after);
             }) == "21a");
}

BOOST_AUTO_TEST_CASE(a_destructor_of_a_thread_local_may_add_the_threads_first_hook) {
  static noted a{'a'};
  BOOST_TEST(in_thread([] {
               static thread_local dying const first{'1', nullptr};
               static_cast<void>(&first);
               static thread_local dying const adding{'2', &a};
               static_cast<void>(&adding);
             }) == "21a");
}

BOOST_AUTO_TEST_CASE(a_destructor_of_a_thread_local_may_add_one_to_others) {
  static noted a{'a'}, b{'b'};
  BOOST_TEST(in_thread([] {
               static thread_local dying const adding{'1', &b};
               static_cast<void>(&adding);
               add(a);
             }) == "1ba");
}

BOOST_AUTO_TEST_CASE(what_a_hook_adds_runs_before_the_older_ones) {
  noted a{'a'}, c{'c'};
  doing b{[&] {
    happened += 'b';
    add(c);
  }};
  BOOST_TEST(in_thread([&] {
               add(a);
               add(b);
             }) == "bca");
}

BOOST_AUTO_TEST_CASE(the_last_hook_may_add_one) {
  noted b{'b'};
  doing a{[&] {
    happened += 'a';
    add(b);
  }};
  BOOST_TEST(in_thread([&] { add(a); }) == "ab");
}

BOOST_AUTO_TEST_CASE(a_hook_may_add_itself_more_often_than_there_are_rounds) {
  exit_hook* self = nullptr;
  doing a{[&] {
    happened += 'a';
    if (happened.size() < 10) add(*self);
  }};
  self = &a;
  BOOST_TEST(in_thread([&] { add(a); }) == "aaaaaaaaaa");
}

BOOST_AUTO_TEST_CASE(a_hook_may_end_its_own_memory) {
  struct owned : exit_hook {
    std::unique_ptr<owned> self;  // of which the list has a plain pointer
  };
  BOOST_TEST(in_thread([] {
               auto made = std::make_unique<owned>();
               made->run = [](exit_hook* hook) noexcept {
                 auto const last = std::move(static_cast<owned*>(hook)->self);
                 happened += 'a';
               };
               owned& hook = *made;
               hook.self = std::move(made);
               add(hook);
             }) == "a");
}

BOOST_AUTO_TEST_CASE(a_hook_taken_back_does_not_run) {
  noted a{'a'}, b{'b'}, c{'c'}, d{'d'};
  std::vector<bool> taken;
  BOOST_TEST(in_thread([&] {
               for (exit_hook* const hook : {&a, &b, &c, &d}) add(*hook);
               taken.push_back(forget_at_thread_exit(d));  // the newest
               taken.push_back(forget_at_thread_exit(b));  // between two
               taken.push_back(forget_at_thread_exit(a));  // the oldest
               taken.push_back(forget_at_thread_exit(b));  // it is gone
             }) == "c");
  BOOST_TEST((taken == std::vector{true, true, true, false}));
}

BOOST_AUTO_TEST_CASE(a_thread_that_took_back_all_runs_what_it_adds_later) {
  noted a{'a'}, b{'b'};
  BOOST_TEST(in_thread([&] {
               add(a);
               forget_at_thread_exit(a);
             }) == "");
  BOOST_TEST(in_thread([&] {
               add(a);
               forget_at_thread_exit(a);
               add(b);
             }) == "b");
}

BOOST_AUTO_TEST_CASE(a_hook_may_take_back_one_that_has_not_run_and_not_itself) {
  noted a{'a'}, b{'b'};
  exit_hook* self = nullptr;
  doing c{[&] {
    happened += forget_at_thread_exit(b) ? 'y' : 'n';
    happened += forget_at_thread_exit(*self) ? 'y' : 'n';
  }};
  self = &c;
  BOOST_TEST(in_thread([&] {
               add(a);
               add(b);
               add(c);
             }) == "yna");
}

BOOST_AUTO_TEST_CASE(a_thread_has_no_part_in_the_hooks_of_another) {
  noted a{'a'}, b{'b'};
  happened.clear();
  std::latch added{1};
  std::latch tried{1};
  std::thread owner{[&] {
    add(a);
    added.count_down();
    tried.wait();
  }};
  added.wait();
  bool taken = true;
  std::thread{[&] {
    taken = forget_at_thread_exit(a);
    add(b);
  }}.join();
  BOOST_TEST(!taken);
  BOOST_TEST(happened == "b");
  tried.count_down();
  owner.join();
  BOOST_TEST(happened == "ba");
}

BOOST_AUTO_TEST_CASE(each_of_a_thousand_short_threads_runs_its_hooks) {
  constexpr std::size_t at_once = 20;
  constexpr int hooks_each = 3;
  std::atomic<int> refused{0};
  static std::atomic<int> ran{0};
  static std::atomic<int> strayed{0};  // ran on another thread than the one that added them
  struct counted : exit_hook {
    std::thread::id home;
  };
  auto const count = [](exit_hook* hook) noexcept {
    std::unique_ptr<counted> const last{static_cast<counted*>(hook)};
    ++ran;
    if (last->home != std::this_thread::get_id()) ++strayed;
  };
  for (std::size_t round = 0; round < 1000 / at_once; ++round) {
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < at_once; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < hooks_each; ++i) {
          auto hook = std::make_unique<counted>();
          hook->run = count;
          hook->home = std::this_thread::get_id();
          if (at_thread_exit(*hook)) {
            static_cast<void>(hook.release());  // it ends itself
          } else {
            ++refused;
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  BOOST_TEST(refused == 0);
  BOOST_TEST(ran == 1000 * hooks_each);
  BOOST_TEST(strayed == 0);
}

BOOST_AUTO_TEST_SUITE(destructors_of_other_keys)

namespace {

exit_hook* to_add = nullptr;
pthread_key_t other_key;

void add_in_a_destructor(void*) {
  happened += 'k';
  add(*to_add);
}

void add_in_every_round(void* value) {
  add_in_a_destructor(value);
  pthread_setspecific(other_key, value);
}

}  // namespace

BOOST_AUTO_TEST_CASE(they_may_add_hooks_after_ours_ran) {
  noted a{'a'}, b{'b'};
  in_thread([&] { add(a); });  // our key is older than the one that follows
  to_add = &b;
  BOOST_REQUIRE(pthread_key_create(&other_key, &add_in_a_destructor) == 0);
  BOOST_TEST(in_thread([&] {
               pthread_setspecific(other_key, &other_key);
               add(a);
             }) == "akb");
  BOOST_TEST(in_thread([] { pthread_setspecific(other_key, &other_key); }) == "kb");
  pthread_key_delete(other_key);
}

// ThreadSanitizer takes the last round for the end of the thread: what it has instrumented crashes.
BOOST_AUTO_TEST_CASE(what_they_add_in_the_last_round_does_not_run,
                     *boost::unit_test::enable_if<!test::thread_sanitized>()) {
  noted a{'a'};
  auto const rounds = static_cast<std::size_t>(::sysconf(_SC_THREAD_DESTRUCTOR_ITERATIONS));
  in_thread([&] { add(a); });
  to_add = &a;
  BOOST_REQUIRE(pthread_key_create(&other_key, &add_in_every_round) == 0);
  std::string expected = "k";
  for (std::size_t round = 1; round < rounds; ++round) expected += "ak";
  BOOST_TEST(in_thread([] { pthread_setspecific(other_key, &other_key); }) == expected);
  pthread_key_delete(other_key);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ends_of_processes)

BOOST_AUTO_TEST_CASE(exit_runs_no_hooks_and_waits_for_no_thread) {
  happened.clear();
  std::fflush(stdout);  // or `exit` in the child would say again what waits there
  auto const result = test::run_in_child([] {
    speaking of_main{'m'}, of_thread{'t'};
    add(of_main);
    std::latch added{1};
    std::thread{[&] {
      add(of_thread);
      added.count_down();
      for (;;) ::pause();
    }}.detach();
    added.wait();
    std::exit(happened.empty() ? 3 : 4);
  });
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 3);
  BOOST_TEST(result.errors == "");
}

// glibc's pthread_exit unwinds by libgcc, which cannot unwind the frames of a program on libc++.
#ifndef _LIBCPP_VERSION
BOOST_AUTO_TEST_CASE(a_child_of_fork_has_the_hooks_of_the_thread_that_forked) {
  speaking of_main{'m'}, older{'o'}, newer{'n'}, of_child{'c'};
  doing last{[] { ::_exit(3); }};
  noted of_parent{'p'};
  BOOST_REQUIRE(at_thread_exit(of_main));
  test::child_result result;
  std::string const in_parent = in_thread([&] {
    std::array<exit_hook*, 3> const inherited{&last, &older, &newer};
    for (exit_hook* const hook : inherited) add(*hook);
    result = test::run_in_child([&] {
      add(of_child);
      pthread_exit(nullptr);
    });
    for (exit_hook* const hook : inherited) forget_at_thread_exit(*hook);
    add(of_parent);
  });
  BOOST_TEST(forget_at_thread_exit(of_main));
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 3);
  BOOST_TEST(result.errors == "cno");
  BOOST_TEST(in_parent == "p");
}
#endif

BOOST_AUTO_TEST_SUITE_END()
