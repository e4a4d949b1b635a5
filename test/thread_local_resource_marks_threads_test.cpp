// SPDX-License-Identifier: BSL-1.0

// Marks where blocks and markers travel between threads.

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <latch>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <set>
#include <thread>
#include <tidemark/error.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <vector>

#include "support/local_pools.hpp"

using namespace tidemark;
using testing::misuse_recorder;
using tidemark::test::in_thread;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

std::size_t in_use(thread_local_resource const& pool) { return pool.stats().bytes_in_use; }

// Whether no block is handed out twice now.
bool all_differ(thread_local_resource& pool, std::size_t bytes, std::size_t count) {
  std::set<void*> blocks;
  for (std::size_t i = 0; i < count; ++i) {
    if (!blocks.insert(pool.allocate(bytes)).second) return false;
  }
  return true;
}

}  // namespace

// A free that came before the rewind must not come again after it, whenever the owner hears of it.
BOOST_AUTO_TEST_CASE(a_block_that_another_thread_freed_is_not_freed_again_by_a_rewind) {
  for (std::size_t const bytes : {64U, 5000U, 20'000U, 50'000U}) {
    thread_local_resource pool{unchecked()};
    {
      memory_scope scope{pool};
      void* const first = scope.allocate(bytes);
      static_cast<void>(scope.allocate(bytes));
      void* const third = scope.allocate(bytes);
      in_thread([&] {
        pool.deallocate(third, bytes);
        pool.deallocate(first, bytes);
      });
    }
    BOOST_TEST(in_use(pool) == 0U);
    BOOST_TEST(all_differ(pool, bytes, 300));
  }
}

BOOST_AUTO_TEST_CASE(a_reset_of_a_scope_sees_what_other_threads_freed) {
  thread_local_resource pool{unchecked()};
  memory_scope scope{pool};
  void* const block = scope.allocate(64);
  static_cast<void>(scope.allocate(64));
  in_thread([&] { pool.deallocate(block, 64); });
  scope.reset();
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(all_differ(pool, 64, 300));
}

BOOST_AUTO_TEST_CASE(a_block_is_taken_again_after_another_thread_freed_it_and_dies_once) {
  thread_local_resource pool{unchecked()};
  memory_scope outer{pool};
  for (int round = 0; round < 20; ++round) {
    memory_scope inner{pool};
    void* const block = inner.allocate(64);
    in_thread([&] { pool.deallocate(block, 64); });
    // The class runs empty, so the list is taken, with the block that the inner scope logged.
    std::vector<written_block> of_outer;
    for (std::size_t i = 0; i < 2000; ++i) {
      of_outer.push_back(written_block::take(outer, 64, 8, i));
    }
    inner.reset();
    for (written_block const& each : of_outer) {
      BOOST_REQUIRE(each.is_intact());
      each.give_back(pool);
    }
    BOOST_TEST(in_use(pool) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(kept_blocks_that_another_thread_freed_are_free) {
  thread_local_resource pool{unchecked()};
  void* small = nullptr;
  void* large = nullptr;
  {
    memory_scope outer{pool};
    {
      memory_scope inner{pool};
      small = inner.allocate(64);
      large = inner.allocate(50'000);
      in_thread([&] { pool.deallocate(small, 64); });
      inner.keep();
    }
    in_thread([&] { pool.deallocate(large, 50'000); });
    BOOST_TEST(in_use(pool) == 0U);
  }
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(all_differ(pool, 64, 300));
}

BOOST_AUTO_TEST_CASE(threads_have_checkpoints_of_their_own) {
  thread_local_resource pool{unchecked()};
  memory_scope mine{pool};
  static_cast<void>(mine.allocate(64));
  in_thread([&] {
    BOOST_TEST(pool.depth() == 0U);
    memory_scope theirs{pool};
    memory_scope second{pool};
    BOOST_TEST(pool.depth() == 2U);
    static_cast<void>(theirs.allocate(64));
    in_thread([&] { BOOST_TEST(pool.stats().depth == 0U); });
  });
  BOOST_TEST(pool.depth() == 1U);
  BOOST_TEST(in_use(pool) == 64U);
}

BOOST_AUTO_TEST_CASE(only_the_thread_of_a_checkpoint_may_use_its_marker) {
  for (bool const has_heap : {false, true}) {
    misuse_recorder misuse;
    thread_local_resource pool{unchecked()};
    marker const mark = pool.checkpoint();
    std::pmr::memory_resource* const resource = pool.resource_of(mark);
    auto const block = written_block::take(*resource, 64, 8, 1);
    auto const before = pool.stats();
    in_thread([&] {
      if (has_heap) pool.deallocate(pool.allocate(8), 8);
      pool.rewind(mark);
      pool.keep(mark);
      BOOST_TEST(pool.resource_of(mark) == std::pmr::null_memory_resource());
      BOOST_CHECK_THROW(static_cast<void>(resource->allocate(64)), std::bad_alloc);
      BOOST_TEST(misuse.seen.size() == 4U);
      BOOST_TEST(misuse.count(misuse_kind::wrong_thread) == 4U);
      resource->deallocate(block.begin, block.bytes, block.alignment);  // which any may do
    });
    BOOST_TEST(pool.stats().depth == before.depth);
    BOOST_TEST(in_use(pool) == before.bytes_in_use - 64U);
    pool.rewind(mark);
    BOOST_TEST(misuse.seen.size() == 4U);
    BOOST_TEST(in_use(pool) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(only_the_thread_of_a_scope_may_use_it) {
  for (bool const has_heap : {false, true}) {
    misuse_recorder misuse;
    thread_local_resource pool{unchecked({.name = "mine"})};
    auto scope = std::make_unique<memory_scope<thread_local_resource>>(pool);
    void* const block = scope->allocate(64);
    in_thread([&] {
      if (has_heap) pool.deallocate(pool.allocate(8), 8);
      BOOST_CHECK_THROW(static_cast<void>(scope->allocate(64)), std::bad_alloc);
      BOOST_TEST(scope->try_allocate(64) == nullptr);
      scope->reset();
      BOOST_TEST(!scope->is_open());
      BOOST_TEST(!scope->try_expand(block, 64, 60));
      scope.reset();  // its destructor
    });
    BOOST_TEST(misuse.seen.size() == 4U);
    BOOST_TEST(misuse.count(misuse_kind::wrong_thread) == 4U);
    BOOST_TEST(misuse.seen[0].resource == "mine");
    BOOST_TEST(pool.depth() == 1U);
    BOOST_TEST(in_use(pool) == 64U);
    pool.reset();
  }
}

BOOST_AUTO_TEST_CASE(bad_markers_are_told_in_threads_that_never_used_the_pool) {
  misuse_recorder misuse;
  thread_local_resource pool, other;
  marker const foreign = other.checkpoint();
  in_thread([&] {
    pool.rewind(marker{});
    BOOST_TEST(misuse.count(misuse_kind::stale_marker) == 1U);
    pool.rewind(foreign);
    BOOST_TEST(misuse.count(misuse_kind::foreign_marker) == 1U);
  });
  BOOST_TEST(misuse.seen.size() == 2U);
  BOOST_TEST(pool.stats().upstream_calls == 0U);
}

BOOST_AUTO_TEST_CASE(checkpoints_of_an_ended_thread_end_and_their_blocks_live_on) {
  thread_local_resource pool{unchecked()};
  std::vector<written_block> blocks;
  marker mark;
  in_thread([&] {
    marker const outer = pool.checkpoint();
    mark = pool.checkpoint();
    for (std::size_t const bytes : {8U, 64U, 5000U, 20'000U, 50'000U}) {
      blocks.push_back(written_block::take(*pool.resource_of(outer), bytes, 8, bytes));
      blocks.push_back(written_block::take(*pool.resource_of(mark), bytes, 8, bytes + 1));
    }
  });
  std::size_t const before = in_use(pool);
  in_thread([&] {  // it has the heap of the first one
    BOOST_TEST(pool.depth() == 0U);
    memory_scope scope{pool};
    static_cast<void>(written_block::take(scope, 64, 8, 1));
    blocks[2].give_back(pool);
  });
  BOOST_TEST(in_use(pool) == before - 64U);
  blocks.erase(blocks.begin() + 2);
  for (written_block const& each : blocks) {
    BOOST_TEST(each.is_intact());
    each.give_back(pool);
  }
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(markers_of_an_ended_thread_are_told_by_its_heir) {
  misuse_recorder misuse;
  thread_local_resource pool{unchecked()};
  marker mark;
  std::pmr::memory_resource* resource = nullptr;
  in_thread([&] {
    mark = pool.checkpoint();
    resource = pool.resource_of(mark);
  });
  in_thread([&] {
    marker const own = pool.checkpoint();
    static_cast<void>(pool.resource_of(own)->allocate(64));
    pool.rewind(mark);
    pool.keep(mark);
    BOOST_TEST(misuse.count(misuse_kind::stale_marker) == 2U);
    BOOST_TEST(pool.depth() == 1U);
    BOOST_TEST(in_use(pool) == 64U);
    pool.rewind(own);
  });
  BOOST_TEST(misuse.seen.size() == 2U);
  BOOST_TEST(in_use(pool) == 0U);
}

// A pool at the address of a former one, whose heap lies where that of the former one lay.
BOOST_AUTO_TEST_CASE(a_thread_knows_a_pool_from_the_one_that_was_there_before) {
  // Gives memory out again at once.
  std::pmr::synchronized_pool_resource upstream;
  std::optional<thread_local_resource> pool{std::in_place, unchecked(), &upstream};
  std::latch used{1}, remade{1};
  std::atomic<void*> passed{nullptr};
  std::thread stays{[&] {
    pool->deallocate(pool->allocate(64), 64);
    used.count_down();
    remade.wait();
    for (int i = 0; i < 3000; ++i) {
      passed.wait(nullptr);
      pool->deallocate(passed.exchange(nullptr), 64);
      passed.notify_one();
    }
  }};
  used.wait();
  pool.emplace(unchecked(), &upstream);
  in_thread([&] {
    static_cast<void>(pool->allocate(64));
    remade.count_down();
    for (int i = 0; i < 3000; ++i) {
      void* const first = pool->allocate(64);
      void* const second = pool->allocate(64);
      BOOST_REQUIRE(first != second);
      passed = first;
      passed.notify_one();
      pool->deallocate(second, 64);
      while (void* const waiting = passed.load()) passed.wait(waiting);
    }
  });
  stays.join();
  BOOST_TEST(pool->stats().bytes_in_use == 64U);
}
