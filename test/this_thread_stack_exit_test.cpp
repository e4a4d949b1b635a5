// SPDX-License-Identifier: BSL-1.0

// How the stack of a thread ends: after what the thread destroys, with all that was made in it, and
// what remains of it for a child of fork. What must begin in a fresh process runs in a child.

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory_resource>
#include <new>
#include <span>
#include <string>
#include <thread>
#include <tidemark/memory_scope.hpp>
#include <tidemark/this_thread_stack.hpp>
#include <vector>

#include "support/child.hpp"
#include "support/sanitized.hpp"

using namespace tidemark;

namespace {

// What happened, a letter each: written by one thread at a time, read after it was joined.
std::string happened;

struct noted {
  char name;
  explicit noted(char own) : name(own) {}
  noted(noted const&) = delete;
  noted& operator=(noted const&) = delete;
  ~noted() { happened += name; }
};

// What happened in a thread that ran `f`.
template <class F>
std::string in_thread(F f) {
  happened.clear();
  std::thread{f}.join();
  return happened;
}

bool works(typed_stack_resource& stack) {
  memory_scope scope{stack};
  auto const a = scope.ones<double>(3000);
  std::pmr::string text{scope};
  text.assign(3000, 'x');
  return a[2999] == 1.0 && text[2999] == 'x';
}

// In a child: the parent reads it.
void expect(bool kept, char const* promise) {
  if (!kept) std::fprintf(stderr, "broken: %s\n", promise);
}

template <class F>
void check_in_child(F f) {
  std::fflush(stdout);  // or the child may say again what waits there
  auto const result = test::run_in_child([&] {
    ::alarm(120);  // ends a child that hangs
    f();
  });
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 0);
  BOOST_TEST(result.errors == "");
}

// Uses the stack of its thread when it is destroyed.
struct late_user {
  typed_stack_resource* expected;
  std::span<double> array;

  ~late_user() {
    happened += &this_thread_stack() == expected ? 's' : 'o';
    happened += works(this_thread_stack()) ? 'w' : 'b';
    happened += array.empty() || array[99] == 4.0 ? 'k' : 'l';
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(objects_made_in_it_are_destroyed_with_the_thread_newest_first) {
  BOOST_TEST(in_thread([] {
               this_thread_stack().make<noted>('a');
               static_cast<void>(this_thread_stack().acquire_objects<noted>(2, 'b'));
               this_thread_stack().make<noted>('c');
               happened += '.';
             }) == ".cbba");
}

BOOST_AUTO_TEST_CASE(a_thread_may_end_with_checkpoints_open) {
  BOOST_TEST(in_thread([] {
               this_thread_stack().make<noted>('a');
               static_cast<void>(this_thread_stack().checkpoint<double>());
               this_thread_stack().make<noted>('b');
               static_cast<void>(this_thread_stack().zeros<double>(5000));
             }) == "ba");
}

BOOST_AUTO_TEST_CASE(it_ends_after_thread_locals_made_before_it) {
  BOOST_TEST(in_thread([] {
               static thread_local late_user user{nullptr, {}};
               user.expected = &this_thread_stack();  // the first use of the stack
               user.array = this_thread_stack().acquire<double>(100);
               for (double& each : user.array) each = 4.0;
               this_thread_stack().make<noted>('.');
             }) == "swk.");
}

BOOST_AUTO_TEST_CASE(it_ends_after_thread_locals_made_after_it) {
  BOOST_TEST(in_thread([] {
               auto const array = this_thread_stack().acquire<double>(100);
               for (double& each : array) each = 4.0;
               static thread_local late_user const user{&this_thread_stack(), array};
               static_cast<void>(&user);
               this_thread_stack().make<noted>('.');
             }) == "swk.");
}

BOOST_AUTO_TEST_CASE(a_thread_local_may_be_the_first_to_use_it) {
  struct first_user {
    ~first_user() {
      happened += works(this_thread_stack()) ? 'w' : 'b';
      this_thread_stack().make<noted>('e');
    }
  };
  BOOST_TEST(in_thread([] {
               static thread_local first_user const user;
               static_cast<void>(&user);
             }) == "we");
}

BOOST_AUTO_TEST_CASE(an_object_made_in_it_may_use_it_when_it_is_destroyed) {
  struct user {
    typed_stack_resource* home;
    explicit user(typed_stack_resource* own) : home(own) {}
    user(user const&) = delete;
    user& operator=(user const&) = delete;
    ~user() {
      happened += &this_thread_stack() == home ? 's' : 'o';
      happened += works(this_thread_stack()) ? 'w' : 'b';
    }
  };
  BOOST_TEST(in_thread([] {
               this_thread_stack().make<noted>('a');
               this_thread_stack().make<user>(&this_thread_stack());
             }) == "swa");
}

namespace {

pthread_key_t other_key;

// The destructor of a key that is younger than ours runs after ours.
void use_late(void*) {
  happened += works(this_thread_stack()) ? 'w' : 'b';
  happened += this_thread_stack().stats().upstream_calls != 0 ? '1' : '0';
  this_thread_stack().make<noted>('e');
}

}  // namespace

BOOST_AUTO_TEST_CASE(asked_for_after_its_end_it_is_made_anew_and_ends_again) {
  in_thread([] { static_cast<void>(this_thread_stack()); });  // our key is older than the next
  BOOST_REQUIRE(pthread_key_create(&other_key, &use_late) == 0);
  BOOST_TEST(in_thread([] {
               pthread_setspecific(other_key, &other_key);
               this_thread_stack().make<noted>('.');
             }) == ".w1e");
  pthread_key_delete(other_key);
}

BOOST_AUTO_TEST_CASE(what_a_thousand_threads_made_is_destroyed) {
  static std::atomic<int> alive{0};
  static std::atomic<int> made{0};
  struct counted {
    counted() { ++alive, ++made; }
    counted(counted const&) = delete;
    counted& operator=(counted const&) = delete;
    ~counted() { --alive; }
  };
  for (int round = 0; round < 50; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 20; ++t) {
      threads.emplace_back([] {
        static_cast<void>(this_thread_stack().acquire_objects<counted>(3));
        stack_scope scope;
        static_cast<void>(scope.zeros<double>(2000));
      });
    }
    for (auto& thread : threads) thread.join();
  }
  BOOST_TEST(made == 3000);
  BOOST_TEST(alive == 0);
}

// A process that may have 1 GiB more than it has: 1000 stacks of 8 MiB do not fit. Sanitizers need
// more addresses than there are; LeakSanitizer sees the same of the case before.
BOOST_AUTO_TEST_CASE(
    a_thousand_threads_leave_no_memory_behind,
    *boost::unit_test::enable_if<!test::thread_sanitized && !test::address_sanitized>()) {
  check_in_child([] {
    std::size_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    rlimit limit{};
    ::getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{1} << 30U);
    expect(::setrlimit(RLIMIT_AS, &limit) == 0, "a process may limit itself");
    std::atomic<int> failed{0};
    for (int t = 0; t < 1000; ++t) {
      std::thread{[&] {
        try {
          auto const a = this_thread_stack().acquire<char>(std::size_t{8} << 20U);
          a.front() = a.back() = 'a';
        } catch (std::bad_alloc const&) {
          ++failed;
        }
      }}.join();
    }
    expect(failed == 0, "each finds the memory that those before it gave back");
  });
}

BOOST_AUTO_TEST_CASE(the_stack_of_main_serves_static_destructors) {
  struct last_user {
    ~last_user() {
      expect(works(this_thread_stack()), "the stack is there while static objects are destroyed");
      ::_exit(3);
    }
  };
  std::fflush(stdout);
  auto const result = test::run_in_child([] {
    expect(works(this_thread_stack()), "the stack works");
    static last_user const user;
    static_cast<void>(&user);
    std::exit(4);
  });
  BOOST_TEST(result.status == 3);
  BOOST_TEST(result.errors == "");
}

// While other threads make stacks, ask them to trim, and so hold the lock of all stacks.
BOOST_AUTO_TEST_CASE(a_child_of_a_program_with_threads_has_its_stack_and_no_lock_held) {
  std::atomic<bool> done{false};
  std::vector<std::thread> busy;
  for (int t = 0; t < 2; ++t) {
    busy.emplace_back([&] {
      while (!done) {
        request_trim_of_thread_stacks();
        std::thread{[] { static_cast<void>(works(this_thread_stack())); }}.join();
      }
    });
  }
  in_thread([] {  // not only the main thread forks
    stack_scope scope;
    auto const before = scope.ones<double>(5000);
    for (int i = 0; i < 30; ++i) {
      check_in_child([&] {
        expect(&this_thread_stack() == &scope.pool(), "it is the stack of the thread that forked");
        expect(before[4999] == 1.0, "what lies in it is there");
        expect(this_thread_stack().depth() == 1, "its scope is open");
        request_trim_of_thread_stacks();
        set_thread_stack_options({.name = "of the child"});
        expect(works(this_thread_stack()), "it serves");
      });
    }
    BOOST_TEST(before[4999] == 1.0);
  });
  done = true;
  for (auto& thread : busy) thread.join();
}

BOOST_AUTO_TEST_CASE(a_child_of_a_thread_without_a_stack_makes_one) {
  in_thread([] {
    check_in_child([] {
      request_trim_of_thread_stacks();
      expect(works(this_thread_stack()), "it can be made");
    });
  });
}
