// SPDX-License-Identifier: BSL-1.0

// How threads, pools and processes end beside each other. What ends a process runs in a child.

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdlib>
#include <latch>
#include <memory>
#include <memory_resource>
#include <optional>
#include <thread>
#include <tidemark/error.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <vector>

#include "support/local_pools.hpp"

using namespace tidemark;
using tidemark::test::check_in_child;
using tidemark::test::expect;
using tidemark::test::in_thread;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

std::size_t in_use(thread_local_resource const& pool) { return pool.stats().bytes_in_use; }

// Uses a pool when it is destroyed: it frees what it was given, and takes more.
class late_user {
 public:
  late_user() = default;
  late_user(late_user const&) = delete;
  late_user& operator=(late_user const&) = delete;
  ~late_user() {
    if (pool_ == nullptr) return;
    *was_intact_ = given_.is_intact();
    given_.give_back(*pool_);
    memory_scope scope{*pool_};
    for (std::size_t i = 0; i < 300; ++i) {
      auto const scoped = written_block::take(scope, 500, 8, i);
      auto const bare = written_block::take(*pool_, 700, 8, i);
      *was_intact_ = *was_intact_ && scoped.is_intact() && bare.is_intact();
      bare.give_back(*pool_);
    }
  }

  void will_free(written_block const& given, thread_local_resource& pool, bool& was_intact) {
    given_ = given;
    pool_ = &pool;
    was_intact_ = &was_intact;
  }

 private:
  written_block given_{};
  thread_local_resource* pool_ = nullptr;
  bool* was_intact_ = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_thread_local_made_before_the_first_use_may_use_the_pool_when_it_dies) {
  testing::checked_upstream upstream;
  thread_local_resource pool{unchecked(), &upstream};
  std::size_t calls = 0;
  for (int round = 0; round < 3; ++round) {
    bool was_intact = false;
    in_thread([&] {
      static thread_local late_user user;
      user.will_free(written_block::take(pool, 100, 8, 5), pool, was_intact);
    });
    BOOST_TEST(was_intact);
    BOOST_TEST(in_use(pool) == 0U);
    if (round == 0) calls = upstream.calls();
  }
  BOOST_TEST(upstream.calls() == calls);  // the heap passed from thread to thread
}

BOOST_AUTO_TEST_CASE(a_thread_local_made_after_the_first_use_may_use_the_pool_when_it_dies) {
  testing::checked_upstream upstream;
  thread_local_resource pool{unchecked(), &upstream};
  std::size_t calls = 0;
  for (int round = 0; round < 3; ++round) {
    bool was_intact = false;
    in_thread([&] {
      auto const given = written_block::take(pool, 100, 8, 5);
      static thread_local late_user user;
      user.will_free(given, pool, was_intact);
    });
    BOOST_TEST(was_intact);
    BOOST_TEST(in_use(pool) == 0U);
    if (round == 0) calls = upstream.calls();
  }
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_AUTO_TEST_CASE(a_thread_may_use_a_pool_for_the_first_time_when_it_ends) {
  thread_local_resource pool{unchecked()};
  auto const given = written_block::take(pool, 100, 8, 5);
  bool was_intact = false;
  in_thread([&] {
    static thread_local late_user user;
    user.will_free(given, pool, was_intact);
  });
  BOOST_TEST(was_intact);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(a_thread_local_may_own_a_scope_and_what_lives_in_it) {
  thread_local_resource pool{unchecked()};
  testing::misuse_recorder misuse;
  in_thread([&] {
    struct owner {
      std::optional<memory_scope<thread_local_resource>> scope;
      std::optional<std::pmr::vector<int>> numbers;
    };
    static thread_local owner own;
    own.scope.emplace(pool);
    own.numbers.emplace(1000, 7, *own.scope);
    BOOST_TEST(in_use(pool) > 0U);
  });
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(misuse.seen.empty());
}

namespace {

pthread_key_t late_key;
thread_local_resource* late_pool = nullptr;

// The destructors of a key that is younger than the library's runs after the library's.
void free_late(void* block) { late_pool->deallocate(block, 64); }

void take_late(void* block) {
  free_late(block);
  {
    memory_scope scope{*late_pool};
    static_cast<void>(scope.allocate(64));
  }
  late_pool->deallocate(late_pool->allocate(5000), 5000);
}

void run_with_late_key(thread_local_resource& pool, void (*destructor)(void*), int thread_count) {
  in_thread([&] { pool.deallocate(pool.allocate(64), 64); });  // the library's key is there
  late_pool = &pool;
  BOOST_REQUIRE(pthread_key_create(&late_key, destructor) == 0);
  for (int i = 0; i < thread_count; ++i) {
    in_thread([&] { pthread_setspecific(late_key, pool.allocate(64)); });
  }
  pthread_key_delete(late_key);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_free_after_the_end_of_the_threads_heap_goes_the_remote_way) {
  thread_local_resource pool{unchecked()};
  run_with_late_key(pool, &free_late, 1);
  BOOST_TEST(in_use(pool) == 0U);
  std::size_t const calls = pool.stats().upstream_calls;
  run_with_late_key(pool, &free_late, 100);
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(pool.stats().upstream_calls == calls);  // each thread has taken over the one heap
}

BOOST_AUTO_TEST_CASE(an_allocation_after_the_end_of_the_threads_heap_is_served_by_a_heap_again) {
  thread_local_resource pool{unchecked()};
  run_with_late_key(pool, &take_late, 1);
  BOOST_TEST(in_use(pool) == 0U);
  std::size_t const calls = pool.stats().upstream_calls;
  run_with_late_key(pool, &take_late, 100);
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(pool.stats().upstream_calls == calls);
}

BOOST_AUTO_TEST_CASE(a_pool_may_end_while_threads_that_used_it_end) {
  constexpr int thread_count = 4;
  testing::checked_upstream upstream;
  for (int round = 0; round < 200; ++round) {
    std::optional<thread_local_resource> pool{std::in_place, &upstream};
    std::latch used{thread_count};
    std::vector<std::thread> threads;
    for (int t = 0; t < thread_count; ++t) {
      threads.emplace_back([&] {
        {
          memory_scope scope{*pool};
          static_cast<void>(scope.allocate(100));
        }
        static_cast<void>(pool->allocate(1000));
        used.count_down();
      });
    }
    used.wait();
    pool.reset();
    for (std::thread& thread : threads) thread.join();
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(threads_outlive_pools_that_they_used) {
  testing::checked_upstream upstream;
  thread_local_resource staying{&upstream};
  std::latch used{1}, gone{1};
  std::optional<thread_local_resource> leaving{std::in_place, &upstream};
  std::thread thread{[&] {
    static_cast<void>(leaving->allocate(100));
    static_cast<void>(staying.allocate(100));
    used.count_down();
    gone.wait();
    for (int i = 0; i < 100; ++i) {
      thread_local_resource other{&upstream};
      static_cast<void>(other.allocate(100));
    }
    static_cast<void>(staying.allocate(100));
  }};
  used.wait();
  std::size_t const before = upstream.bytes_outstanding();
  leaving.reset();
  BOOST_TEST(upstream.bytes_outstanding() < before);
  gone.count_down();
  thread.join();
  in_thread([&] { static_cast<void>(staying.allocate(100)); });
  staying.release();
  BOOST_TEST(upstream.errors().empty());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_pool_tells_of_checkpoints_that_other_threads_have_open) {
  testing::misuse_recorder misuse;
  testing::checked_upstream upstream;
  std::optional<thread_local_resource> pool{std::in_place, thread_local_options{.name = "short"},
                                            &upstream};
  std::latch opened{1}, gone{1};
  std::uint32_t line = 0;
  std::thread thread{[&] {
    line = __LINE__ + 1;
    marker const outer = pool->checkpoint();
    static_cast<void>(pool->resource_of(outer)->allocate(100));
    static_cast<void>(pool->checkpoint());
    opened.count_down();
    gone.wait();
  }};
  opened.wait();
  static_cast<void>(pool->checkpoint());  // its own ends without a word
  pool.reset();
  gone.count_down();
  thread.join();
  BOOST_REQUIRE(misuse.seen.size() == 1U);
  BOOST_TEST((misuse.seen[0].kind == misuse_kind::outlived));
  BOOST_TEST(misuse.seen[0].resource == "short");
  BOOST_TEST(misuse.seen[0].opened.line == line);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_pool_is_silent_about_checkpoints_of_ended_threads) {
  testing::misuse_recorder misuse;
  {
    thread_local_resource pool;
    in_thread([&] { static_cast<void>(pool.checkpoint()); });
  }
  BOOST_TEST(misuse.seen.empty());
}

BOOST_AUTO_TEST_CASE(a_process_may_end_with_blocks_live_and_threads_running) {
  check_in_child([] {
    static thread_local_resource pool;
    static std::pmr::vector<int> numbers{1000, 7, &pool};
    static std::latch there{1};
    std::thread{[] {
      static_cast<void>(pool.allocate(1000));
      there.count_down();
      for (;;) ::pause();
    }}.detach();
    there.wait();
    in_thread([] { static_cast<void>(pool.allocate(1000)); });
    static_cast<void>(pool.allocate(50'000));
    std::exit(0);
  });
}

BOOST_AUTO_TEST_CASE(a_static_pool_may_end_before_threads_that_used_it) {
  check_in_child([] {
    static std::latch closed{1};
    static struct joins {
      std::vector<std::thread> threads;
      ~joins() {
        closed.count_down();
        for (std::thread& each : threads) each.join();
      }
    } last;  // destroyed after `pool`
    static thread_local_resource pool;
    std::latch there{3};
    for (int t = 0; t < 3; ++t) {
      last.threads.emplace_back([&] {
        static_cast<void>(pool.allocate(1000));
        there.count_down();
        closed.wait();
      });
    }
    there.wait();
    std::exit(0);
  });
}

BOOST_AUTO_TEST_CASE(a_static_pool_may_end_while_threads_that_used_it_end) {
  for (int i = 0; i < 20; ++i) {
    check_in_child([] {
      static thread_local_resource pool;
      static std::latch there{4};
      for (int t = 0; t < 4; ++t) {
        std::thread{[] {
          static_cast<void>(pool.allocate(1000));
          there.count_down();
        }}.detach();
      }
      there.wait();
      std::exit(0);
    });
  }
}

BOOST_AUTO_TEST_CASE(objects_of_the_main_thread_may_use_a_static_pool_when_the_process_ends) {
  check_in_child([] {
    static thread_local_resource pool{unchecked()};
    static bool was_intact = false;
    static struct checks {
      ~checks() { expect(was_intact && in_use(pool) == 0, "the thread_local used the pool"); }
    } const at_end;  // after the thread_local objects, in front of the pool
    static_cast<void>(&at_end);
    static thread_local late_user user;
    user.will_free(written_block::take(pool, 100, 8, 5), pool, was_intact);
    std::exit(0);
  });
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_never_destroyed_is_no_harm) {
  check_in_child([] {
    alignas(thread_local_resource) static std::byte place[sizeof(thread_local_resource)];
    static auto* const pool = ::new (place) thread_local_resource;
    static thread_local late_user user;
    static bool was_intact = false;
    user.will_free(written_block::take(*pool, 100, 8, 5), *pool, was_intact);
    in_thread([] { static_cast<void>(pool->allocate(1000)); });
    std::exit(0);
  });
}
