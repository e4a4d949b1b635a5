// SPDX-License-Identifier: BSL-1.0

// Upstream may use the pool that asks it, whatever it is asked for or given, and may be a pool
// itself.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <new>
#include <thread>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <vector>

#include "support/level1.hpp"
#include "support/local_pools.hpp"

using namespace tidemark;
using tidemark::test::in_thread;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

using scope_type = memory_scope<thread_local_resource>;

// In the middle of a call upstream does all that a pool does.
struct asked_pool {
  level1::inviting_upstream upstream;
  thread_local_resource pool;
  std::vector<written_block> theirs{};
  bool came_back = false;

  explicit asked_pool(check_level level) : pool({.check = level}, &upstream) {}

  void invite(int calls_before) {
    upstream.during = [this, calls_before] {
      if (calls_before != 0) return invite(calls_before - 1);
      came_back = true;
      use();
    };
  }
  void use() {
    scope_type scope{pool};
    for (std::size_t const bytes : {8U, 64U, 5000U, 20'000U, 100'000U}) {
      theirs.push_back(written_block::take(pool, bytes, 8, bytes));
      written_block::take(scope, bytes, 8, bytes).give_back(pool);
      static_cast<void>(written_block::take(scope, bytes, 8, bytes));
    }
    for (std::size_t i = 0; i < 300; ++i) static_cast<void>(scope.allocate(24));
    for (int d = 0; d < 9; ++d) static_cast<void>(pool.checkpoint());
    static_cast<void>(pool.trim());
    scope.reset();
  }
};

// Runs `f` with upstream coming back at each of its calls.
void check_all_calls(std::function<void(thread_local_resource&)> const& f) {
  bool came_back = false;
  for (check_level const level : {check_level::off, check_level::on}) {
    for (int call = 0; call < 12; ++call) {
      asked_pool p{level};
      p.invite(call);
      f(p.pool);
      p.upstream.during = nullptr;
      came_back = came_back || p.came_back;
      BOOST_TEST(p.pool.depth() == 0U);
      for (written_block const& each : p.theirs) {
        BOOST_REQUIRE(each.is_intact());
        each.give_back(p.pool);
      }
      BOOST_TEST(p.pool.stats().bytes_in_use == 0U);
    }
  }
  BOOST_TEST(came_back);
}

}  // namespace

BOOST_AUTO_TEST_CASE(asked_for_a_heap_and_for_slabs) {
  check_all_calls([](thread_local_resource& pool) {
    std::vector<written_block> blocks;
    for (std::size_t i = 0; i < 400; ++i) {
      blocks.push_back(written_block::take(pool, i * 80, 8, i));
    }
    for (written_block const& each : blocks) {
      BOOST_REQUIRE(each.is_intact());
      each.give_back(pool);
    }
  });
}

BOOST_AUTO_TEST_CASE(asked_for_slabs_and_for_room_in_the_log) {
  check_all_calls([](thread_local_resource& pool) {
    scope_type scope{pool};
    std::vector<written_block> blocks;
    for (std::size_t i = 0; i < 3000; ++i) {
      blocks.push_back(written_block::take(scope, 100, 8, i));
    }
    for (written_block const& each : blocks) BOOST_REQUIRE(each.is_intact());
  });
}

BOOST_AUTO_TEST_CASE(asked_for_large_blocks_and_given_idle_ones) {
  check_all_calls([](thread_local_resource& pool) {
    scope_type scope{pool};
    for (std::size_t bytes = 50'000; bytes < 50'010; ++bytes) {
      auto const outer = written_block::take(scope, bytes, 8, bytes);
      scope_type inner{pool};
      BOOST_REQUIRE(written_block::take(inner, 2 * bytes, 8, bytes).is_intact());
      BOOST_REQUIRE(outer.is_intact());
    }
  });
}

BOOST_AUTO_TEST_CASE(asked_for_the_bookkeeping_of_checkpoints) {
  check_all_calls([](thread_local_resource& pool) {
    marker const first = pool.checkpoint();
    for (int d = 0; d < 60; ++d) {
      static_cast<void>(pool.resource_of(pool.checkpoint())->allocate(64));
    }
    pool.rewind(first);
  });
}

BOOST_AUTO_TEST_CASE(given_large_blocks_that_are_freed) {
  check_all_calls([](thread_local_resource& pool) {
    for (std::size_t i = 0; i < 6; ++i) written_block::take(pool, 50'000, 8, i).give_back(pool);
  });
}

BOOST_AUTO_TEST_CASE(given_what_trim_returns) {
  check_all_calls([](thread_local_resource& pool) {
    for (std::size_t const bytes : {64U, 20'000U}) {
      std::vector<void*> blocks;
      for (int i = 0; i < 100; ++i) blocks.push_back(pool.allocate(bytes));
      for (void* const block : blocks) pool.deallocate(block, bytes);
      BOOST_TEST(pool.trim() > 0U);
    }
  });
}

BOOST_AUTO_TEST_CASE(given_what_an_ended_thread_left_to_one_without_a_heap) {
  for (check_level const level : {check_level::off, check_level::on}) {
    for (int call = 0; call < 3; ++call) {
      asked_pool p{level};
      in_thread([&] {
        for (std::size_t const bytes : {64U, 20'000U}) {
          p.pool.deallocate(p.pool.allocate(bytes), bytes);
        }
      });
      p.invite(call);
      BOOST_TEST(p.pool.trim() > 0U);
      p.upstream.during = nullptr;
      for (written_block const& each : p.theirs) {
        BOOST_REQUIRE(each.is_intact());
        each.give_back(p.pool);
      }
      BOOST_TEST(p.pool.stats().bytes_in_use == 0U);
    }
  }
}

// Who asked for a block of a scope that is closed gets none, as if it had asked later.
BOOST_AUTO_TEST_CASE(closing_the_checkpoint_that_a_block_was_asked_for) {
  for (check_level const level : {check_level::off, check_level::on}) {
    for (std::size_t const bytes : {64U, 20'000U, 100'000U}) {
      testing::misuse_recorder misuse;
      level1::inviting_upstream upstream;
      thread_local_resource pool{{.check = level}, &upstream};
      static_cast<void>(pool.allocate(1));
      marker const outer = pool.checkpoint();
      marker const inner = pool.checkpoint();
      std::size_t const before = pool.stats().bytes_in_use;
      std::pmr::memory_resource* const resource = pool.resource_of(inner);
      upstream.during = [&] {
        pool.rewind(outer);
        static_cast<void>(pool.checkpoint());
      };
      BOOST_CHECK_THROW(static_cast<void>(resource->allocate(bytes)), std::bad_alloc);
      BOOST_TEST(misuse.seen.size() == 1U);
      BOOST_TEST(misuse.count(misuse_kind::scope_closed) == 1U);
      BOOST_TEST(pool.stats().bytes_in_use == before);
      BOOST_TEST(pool.depth() == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pool_may_stand_on_a_pool) {
  thread_local_resource below{unchecked()};
  {
    thread_local_resource above{unchecked(), &below};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < 300; ++i) {
          scope_type scope{above};
          static_cast<void>(written_block::take(scope, i * 100, 8, i));
          written_block::take(above, i * 200, 8, i).give_back(above);
          if (i % 50 == 0) static_cast<void>(above.trim());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(above.stats().bytes_in_use == 0U);
    BOOST_TEST(below.stats().bytes_in_use >= above.stats().bytes_reserved);
  }
  BOOST_TEST(below.stats().bytes_in_use == 0U);
}
