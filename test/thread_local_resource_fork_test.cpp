// SPDX-License-Identifier: BSL-1.0

// A pool in a child of fork: the child has one thread, and no lock is held by another.

#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <latch>
#include <optional>
#include <thread>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

#include "support/local_pools.hpp"
#include "support/sanitized.hpp"

using namespace tidemark;
using tidemark::test::check_in_child;
using tidemark::test::expect;
using tidemark::test::in_thread;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

// Threads that use the pool in every way until told that it is enough.
class busy_threads {
 public:
  busy_threads(thread_local_resource& pool, int count) : there_(count) {
    for (int t = 0; t < count; ++t) {
      threads_.emplace_back([this, &pool] {
        there_.count_down();
        for (std::size_t i = 0; !enough_; ++i) use(pool, i);
      });
    }
    there_.wait();
  }
  ~busy_threads() {
    enough_ = true;
    for (std::thread& each : threads_) each.join();
  }

 private:
  static void use(thread_local_resource& pool, std::size_t i) {
    memory_scope scope{pool};
    static_cast<void>(scope.allocate(i % 3000));
    auto const bare = written_block::take(pool, i % 40'000, 8, i);
    in_thread([&] {  // a heap passes on
      bare.give_back(pool);
      static_cast<void>(pool.try_allocate(0));
    });
    static_cast<void>(pool.trim());
    static_cast<void>(pool.stats());
  }

  std::latch there_;
  std::atomic<bool> enough_{false};
  std::vector<std::thread> threads_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_child_of_a_threaded_program_uses_the_pool) {
  for (check_level const level : {check_level::off, check_level::on}) {
    thread_local_resource pool{{.check = level}};
    auto const own = written_block::take(pool, 100, 8, 1);
    memory_scope scope{pool};
    auto const scoped = written_block::take(scope, 100, 8, 2);
    written_block of_another{};
    std::latch made{1}, enough{1};
    std::thread idle{[&] {
      of_another = written_block::take(pool, 100, 8, 3);
      made.count_down();
      enough.wait();
    }};
    made.wait();
    {
      busy_threads const busy{pool, 2};
      for (int i = 0; i < 20; ++i) {
        check_in_child([&] {
          expect(pool.depth() == 1, "the scope is open");
          expect(own.is_intact() && scoped.is_intact() && of_another.is_intact(),
                 "blocks are there");
          own.give_back(pool);
          of_another.give_back(pool);
          expect(written_block::take(scope, 50'000, 8, 4).is_intact(), "a block for the scope");
          scope.reset();
          auto const after = written_block::take(pool, 3000, 8, 5);
          static_cast<void>(pool.trim());
          static_cast<void>(pool.stats());
          expect(after.is_intact(), "a block of after the trim");
          if (test::thread_sanitized) return;  // it ends a child that starts a thread
          in_thread([&] {
            memory_scope inner{pool};
            expect(written_block::take(inner, 500, 8, 6).is_intact(), "a block of a new thread");
            after.give_back(pool);
          });
        });
      }
    }
    enough.count_down();
    idle.join();
    BOOST_TEST(own.is_intact());
    BOOST_TEST(scoped.is_intact());
  }
}

BOOST_AUTO_TEST_CASE(a_child_whose_first_use_of_the_pool_comes_after_the_fork_gets_a_heap) {
  thread_local_resource pool;
  std::latch made{1}, enough{1};
  written_block of_another{};
  std::thread idle{[&] {
    of_another = written_block::take(pool, 100, 8, 3);
    made.count_down();
    enough.wait();
  }};
  made.wait();
  check_in_child([&] {
    of_another.give_back(pool);
    memory_scope scope{pool};
    expect(written_block::take(scope, 500, 8, 6).is_intact(), "a block");
  });
  enough.count_down();
  idle.join();
  BOOST_TEST(of_another.is_intact());
}

// Found a bug: a child that exits, and so ends its static pools, was told that the scope of a
// thread, which it does not have, outlived the pool, and aborted.
BOOST_AUTO_TEST_CASE(a_child_may_end_a_pool_though_threads_of_its_parent_had_scopes_open) {
  std::optional<thread_local_resource> pool{std::in_place};
  std::latch opened{1}, enough{1};
  std::thread other{[&] {
    memory_scope scope{*pool};
    static_cast<void>(scope.allocate(100));
    opened.count_down();
    enough.wait();
  }};
  opened.wait();
  check_in_child([&] { pool.reset(); });
  enough.count_down();
  other.join();
  BOOST_TEST(pool->stats().bytes_in_use == 0U);
}
