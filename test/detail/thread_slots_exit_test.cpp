// SPDX-License-Identifier: BSL-1.0

// What ends when a thread ends, when an owner ends, and when both do at the same time.

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>
#include <tidemark/detail/thread_slots.hpp>
#include <vector>

#include "support/child.hpp"

using namespace tidemark;
using detail::find_value;
using detail::forget_value;
using detail::set_value;
using detail::slot_owner;
using detail::thread_is_ending;

namespace {

struct ended {
  void* value;
  std::thread::id thread;
};

// Notes what ended, under its mutex.
struct noting : slot_owner {
  noting() : slot_owner(&note) {}
  noting(noting const&) = delete;
  noting& operator=(noting const&) = delete;
  ~noting() { close(); }
  std::vector<ended> seen;

 private:
  static void note(slot_owner& owner, void* value) noexcept {
    std::lock_guard const lock{owner.mutex()};
    static_cast<noting&>(owner).seen.push_back({value, std::this_thread::get_id()});
  }
};

template <class F>
std::thread::id in_thread(F f) {
  std::thread thread{f};
  auto const id = thread.get_id();
  thread.join();
  return id;
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

int value_a, value_b;  // told by their addresses

}  // namespace

BOOST_AUTO_TEST_CASE(a_value_ends_once_with_its_thread_and_on_it) {
  noting object;
  auto const thread = in_thread([&] { set_value(object, &value_a); });
  BOOST_REQUIRE(object.seen.size() == 1U);
  BOOST_TEST(object.seen[0].value == &value_a);
  BOOST_TEST((object.seen[0].thread == thread));
}

BOOST_AUTO_TEST_CASE(each_owner_is_told_of_its_own_value) {
  std::deque<noting> objects(100);
  std::vector<int> values(100);
  in_thread([&] {
    for (std::size_t i = 0; i < 100; ++i) set_value(objects[i], &values[i]);
  });
  for (std::size_t i = 0; i < 100; ++i) {
    BOOST_REQUIRE(objects[i].seen.size() == 1U);
    BOOST_TEST(objects[i].seen[0].value == &values[i]);
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_was_forgotten_does_not_end) {
  noting object, other;
  in_thread([&] {
    set_value(object, &value_a);
    set_value(other, &value_b);
    forget_value(object);
  });
  BOOST_TEST(object.seen.empty());
  BOOST_TEST(other.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_value_of_an_owner_that_is_gone_does_not_end) {
  std::vector<ended> seen;
  noting other;
  in_thread([&] {
    noting object;
    set_value(object, &value_a);
    set_value(other, &value_b);
  });
  BOOST_TEST(other.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_closed_owner_is_told_nothing_and_may_be_closed_again) {
  noting object;
  in_thread([&] {
    set_value(object, &value_a);
    object.close();
    object.close();
  });
  BOOST_TEST(object.seen.empty());
}

namespace {

// Looks for its value when it is destroyed.
struct late_user {
  noting* object = nullptr;
  bool* found = nullptr;
  ~late_user() { *found = find_value(*object) == &value_a && !thread_is_ending(); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_value_ends_after_thread_locals_made_before_and_after_it) {
  noting object;
  bool found_first = false, found_last = false;
  in_thread([&] {
    static thread_local late_user first;
    first = {&object, &found_first};
    set_value(object, &value_a);
    static thread_local late_user last;
    last = {&object, &found_last};
  });
  BOOST_TEST(found_first);
  BOOST_TEST(found_last);
  BOOST_TEST(object.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_thread_local_may_set_the_first_value_when_it_is_destroyed) {
  struct setting {
    noting* object = nullptr;
    ~setting() { set_value(*object, &value_a); }
  };
  noting object;
  in_thread([&] {
    static thread_local setting late;
    late.object = &object;
  });
  BOOST_TEST(object.seen.size() == 1U);
}

namespace {

pthread_key_t other_key;
noting* late_object = nullptr;
bool was_ending = false, was_empty = false;

// The destructor of a key that is younger than ours runs after ours.
void set_late(void*) {
  was_ending = thread_is_ending();
  was_empty = find_value(*late_object) == nullptr;
  set_value(*late_object, &value_b);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_value_set_after_the_end_of_the_first_ends_too) {
  noting object;
  in_thread([&] { set_value(object, &value_a); });  // our key is older than the next
  object.seen.clear();
  late_object = &object;
  BOOST_REQUIRE(pthread_key_create(&other_key, &set_late) == 0);
  in_thread([&] {
    pthread_setspecific(other_key, &other_key);
    set_value(object, &value_a);
  });
  pthread_key_delete(other_key);
  BOOST_TEST(was_ending);
  BOOST_TEST(was_empty);
  BOOST_REQUIRE(object.seen.size() == 2U);
  BOOST_TEST(object.seen[0].value == &value_a);
  BOOST_TEST(object.seen[1].value == &value_b);
}

BOOST_AUTO_TEST_CASE(a_thread_that_had_no_values_is_never_ending) {
  noting object;
  late_object = &object;
  was_ending = true;
  BOOST_REQUIRE(pthread_key_create(&other_key, &set_late) == 0);
  in_thread([] { pthread_setspecific(other_key, &other_key); });
  pthread_key_delete(other_key);
  BOOST_TEST(!was_ending);
  BOOST_TEST(object.seen.size() == 1U);
}

// The end function of a thread waits for the mutex with the registry locked. That must not stop the
// thread that holds the mutex, which drops what is left of dead owners at every 32nd value at most.
BOOST_AUTO_TEST_CASE(who_holds_the_mutex_of_an_owner_may_set_values_while_a_thread_ends) {
  static std::latch* entered;
  struct slow : slot_owner {
    slow() : slot_owner(&end) {}
    static void end(slot_owner& owner, void*) noexcept {
      entered->count_down();
      std::lock_guard const lock{owner.mutex()};
    }
  };
  std::latch in_end{1};
  entered = &in_end;
  slow object;
  std::deque<noting> others(100);
  std::latch held{1};
  std::thread ends{[&] {
    set_value(object, &value_a);
    held.wait();
  }};
  in_thread([&] {
    std::lock_guard const lock{object.mutex()};
    held.count_down();
    in_end.wait();
    for (noting const& each : others) set_value(each, &value_b);
    for (noting const& each : others) BOOST_TEST(find_value(each) == &value_b);
  });
  ends.join();
}

BOOST_AUTO_TEST_CASE(threads_end_while_owners_end) {
  constexpr int rounds = 1000;
  std::atomic<int> values_set{0};
  static std::atomic<int> values_ended{0};
  // Its end function reads what its destructor overwrites.
  struct short_lived : slot_owner {
    short_lived() : slot_owner(&end) {}
    short_lived(short_lived const&) = delete;
    short_lived& operator=(short_lived const&) = delete;
    ~short_lived() {
      close();
      own = nullptr;
    }
    short_lived* own = this;
    static void end(slot_owner& owner, void* value) noexcept {
      auto& object = static_cast<short_lived&>(owner);
      std::lock_guard const lock{object.mutex()};
      values_ended += object.own == value ? 1 : 1'000'000;
    }
  };
  for (int round = 0; round < rounds; ++round) {
    auto object = std::make_unique<short_lived>();
    std::latch all_set{2};
    auto const live = [&] {
      set_value(*object, object.get());
      ++values_set;
      all_set.count_down();
    };
    std::thread a{live}, b{live};
    all_set.wait();
    object.reset();
    a.join();
    b.join();
  }
  BOOST_TEST(values_set == 2 * rounds);
  BOOST_TEST(values_ended <= 2 * rounds);
}

BOOST_AUTO_TEST_CASE(a_child_of_fork_has_the_values_of_its_thread_and_all_locks_free) {
  constexpr std::size_t thread_count = 3;
  noting object;
  std::array<noting, 4> busy;
  std::deque<noting> const idle(100);  // more than ThreadSanitizer lets a thread hold std::mutex
  std::atomic<bool> enough{false};
  std::latch all_there{thread_count + 1};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&] {
      all_there.arrive_and_wait();
      while (!enough) {
        noting own;
        std::lock_guard const lock{busy[3].mutex()};  // the youngest first
        for (noting const& each : busy) set_value(each, &value_b);
        std::lock_guard const inner{busy[0].mutex()};
        for (noting const& each : busy) forget_value(each);
      }
    });
  }
  in_thread([&] {
    set_value(object, &value_a);
    all_there.arrive_and_wait();
    for (int i = 0; i < 20; ++i) {
      check_in_child([&] {
        expect(find_value(object) == &value_a, "the value is there");
        expect(find_value(busy[0]) == nullptr, "those of other threads are not");
        for (noting& each : busy) expect(each.mutex().try_lock(), "the mutex is free");
        noting fresh;  // locks the registry
        set_value(fresh, &value_b);
      });
    }
  });
  enough = true;
  for (auto& thread : threads) thread.join();
  BOOST_TEST(object.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_process_may_end_while_threads_that_have_values_live) {
  check_in_child([] {
    static noting object;
    static std::latch there{1};
    std::thread{[] {
      set_value(object, &value_a);
      there.count_down();
      for (;;) ::pause();
    }}.detach();
    there.wait();
    std::exit(object.seen.empty() ? 0 : 3);
  });
}

BOOST_AUTO_TEST_CASE(a_static_owner_may_end_before_threads_that_have_values) {
  check_in_child([] {
    static std::latch closed{1};
    static struct joins {
      std::thread thread;
      ~joins() {
        closed.count_down();
        thread.join();
      }
    } last;  // destroyed after `object`
    static noting object;
    std::latch there{1};
    last.thread = std::thread{[&] {
      set_value(object, &value_a);
      there.count_down();
      closed.wait();
    }};
    there.wait();
    std::exit(0);
  });
}
