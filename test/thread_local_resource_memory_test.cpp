// SPDX-License-Identifier: BSL-1.0

// Memory as a whole: counts, limits, what is kept for reuse and what goes back upstream.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <string_view>
#include <tidemark/error.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

#include "support/level1.hpp"
#include "support/local_pools.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using level1::inviting_upstream;
using tidemark::test::in_thread;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

std::vector<void*> take(thread_local_resource& pool, std::size_t count, std::size_t bytes) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < count; ++i) blocks.push_back(pool.allocate(bytes));
  return blocks;
}

void give_back(thread_local_resource& pool, std::vector<void*> const& blocks, std::size_t bytes) {
  for (void* const block : blocks) pool.deallocate(block, bytes);
}

// What a pool asks for before it has a block.
std::size_t heap_bytes() {
  thread_local_resource pool{unchecked()};
  static_cast<void>(pool.allocate(1));
  pool.release();
  return pool.stats().bytes_reserved;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_in_use_is_counted_to_the_byte) {
  thread_local_resource pool{unchecked()};
  auto const in_use = [&] { return pool.stats().bytes_in_use; };
  void* const hundred = pool.allocate(100, 8);
  BOOST_TEST(in_use() == 112U);
  void* const aligned = pool.allocate(33, 32);
  BOOST_TEST(in_use() == 112U + 64U);
  void* const none = pool.allocate(0, 1);
  BOOST_TEST(in_use() == 112U + 64U + 8U);
  void* const large = pool.allocate(40'001, 8);
  BOOST_TEST(in_use() == 112U + 64U + 8U + 40'008U);
  in_thread([&] { pool.deallocate(hundred, 100, 8); });
  BOOST_TEST(in_use() == 64U + 8U + 40'008U);
  in_thread([&] { pool.deallocate(large, 40'001, 8); });
  BOOST_TEST(in_use() == 64U + 8U);
  pool.deallocate(aligned, 33, 32);
  pool.deallocate(none, 0, 1);
  BOOST_TEST(in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(what_upstream_gave_is_counted_to_the_byte) {
  testing::checked_upstream upstream;
  thread_local_resource pool{unchecked(), &upstream};
  memory_scope scope{pool};
  for (std::size_t bytes = 1; bytes < 200'000; bytes += bytes / 3 + 1) {
    static_cast<void>(pool.allocate(bytes));
    static_cast<void>(scope.allocate(bytes));
    BOOST_TEST(pool.stats().bytes_reserved == upstream.bytes_outstanding());
    BOOST_TEST(pool.stats().upstream_calls == upstream.calls());
  }
  pool.reset();
  static_cast<void>(pool.trim());
  BOOST_TEST(pool.stats().bytes_reserved == upstream.bytes_outstanding());
}

BOOST_AUTO_TEST_CASE(the_peak_of_one_size_is_the_most_that_was_in_use) {
  thread_local_resource pool{unchecked()};
  for (int round = 0; round < 3; ++round) give_back(pool, take(pool, 1000, 64), 64);
  BOOST_TEST(pool.stats().bytes_peak == 64'000U);
  static_cast<void>(take(pool, 1500, 64));
  BOOST_TEST(pool.stats().bytes_peak == 96'000U);
  pool.reset();
  BOOST_TEST(pool.stats().bytes_peak == 96'000U);
}

BOOST_AUTO_TEST_CASE(chunks_are_groups_of_slabs_and_blocks_of_their_own) {
  thread_local_resource pool{unchecked()};
  void* const large = pool.allocate(40'000);
  BOOST_TEST(pool.stats().chunk_count == 1U);
  static_cast<void>(pool.allocate(64));
  BOOST_TEST(pool.stats().chunk_count == 2U);
  pool.deallocate(large, 40'000);
  BOOST_TEST(pool.stats().chunk_count == 1U);
}

BOOST_AUTO_TEST_CASE(reset_frees_everything_and_keeps_the_memory) {
  testing::checked_upstream upstream;
  thread_local_resource pool{&upstream};
  std::size_t calls = 0;
  for (int round = 0; round < 4; ++round) {
    memory_scope scope{pool};
    for (std::size_t const bytes : {8U, 64U, 1000U, 20'000U, 50'000U}) {
      for (std::size_t i = 0; i < 50; ++i) {
        static_cast<void>(written_block::take(pool, bytes, 8, i));
        static_cast<void>(written_block::take(scope, bytes, 8, i));
      }
    }
    if (round == 0) calls = upstream.calls();
    pool.reset();
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
    BOOST_TEST(pool.depth() == 0U);
    BOOST_TEST(!scope.is_open());
  }
  BOOST_TEST(upstream.calls() == calls);
  BOOST_TEST(upstream.totals().frees == 0U);
}

BOOST_AUTO_TEST_CASE(release_returns_all_but_the_bookkeeping) {
  testing::checked_upstream upstream;
  std::size_t const bookkeeping = heap_bytes();
  thread_local_resource pool{unchecked(), &upstream};
  for (int round = 0; round < 3; ++round) {
    static_cast<void>(take(pool, 1000, 64));
    static_cast<void>(take(pool, 10, 20'000));
    static_cast<void>(take(pool, 10, 50'000));
    pool.release();
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
    BOOST_TEST(pool.stats().chunk_count == 0U);
    BOOST_TEST(pool.stats().bytes_reserved == bookkeeping);
    BOOST_TEST(upstream.bytes_outstanding() == bookkeeping);
  }
}

BOOST_AUTO_TEST_CASE(trim_returns_what_is_idle_and_says_how_much) {
  testing::checked_upstream upstream;
  thread_local_resource pool{&upstream};
  std::vector<written_block> live;
  for (std::size_t const bytes : {8U, 64U, 1000U, 20'000U, 50'000U}) {
    live.push_back(written_block::take(pool, bytes, 8, bytes));
    give_back(pool, take(pool, 3000, bytes), bytes);
  }
  std::size_t const before = upstream.bytes_outstanding();
  std::size_t const given = pool.trim();
  BOOST_TEST(given > 3000U * 20'000U);
  BOOST_TEST(upstream.bytes_outstanding() == before - given);
  BOOST_TEST(pool.trim() == 0U);
  for (written_block const& each : live) {
    BOOST_TEST(each.is_intact());
    each.give_back(pool);
  }
  BOOST_TEST(pool.trim() > 0U);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
  BOOST_TEST(pool.stats().chunk_count == 0U);
}

BOOST_AUTO_TEST_CASE(trim_keeps_what_open_checkpoints_hold) {
  thread_local_resource pool;
  memory_scope outer{pool};
  auto const held = written_block::take(outer, 64, 8, 1);
  {
    memory_scope inner{pool};
    for (std::size_t i = 0; i < 5000; ++i) {
      auto const block = written_block::take(inner, 64, 8, i);
      if (i % 2 == 0) block.give_back(pool);
    }
    static_cast<void>(pool.trim());
    BOOST_TEST(held.is_intact());
  }
  static_cast<void>(pool.trim());
  BOOST_TEST(held.is_intact());
  BOOST_TEST((pool.stats().bytes_in_use == 64U));
}

// Found a bug: the answer was the difference of what was reserved, so it was too small, down to 0,
// when upstream, or another thread, took memory of the pool meanwhile.
BOOST_AUTO_TEST_CASE(trim_counts_what_it_returned_though_upstream_takes_memory_meanwhile) {
  inviting_upstream upstream;
  thread_local_resource pool{unchecked(), &upstream};
  give_back(pool, take(pool, 100, 64), 64);
  std::size_t const reserved = pool.stats().bytes_reserved;
  void* taken = nullptr;
  upstream.during = [&] { taken = pool.allocate(100'000); };
  BOOST_TEST(pool.trim() == reserved - heap_bytes());
  pool.deallocate(taken, 100'000);
  BOOST_TEST(pool.stats().bytes_reserved == heap_bytes());
}

BOOST_AUTO_TEST_CASE(a_second_equal_scope_asks_upstream_for_nothing) {
  testing::checked_upstream upstream;
  thread_local_resource pool{&upstream};
  std::size_t calls = 0;
  for (int round = 0; round < 5; ++round) {
    {
      memory_scope outer{pool};
      for (std::size_t i = 0; i < 2000; ++i) {
        static_cast<void>(outer.allocate(1 + i % 3000));
        if (i % 100 != 0) continue;
        memory_scope inner{pool};
        static_cast<void>(inner.allocate(60'000));
      }
    }
    if (round == 0) calls = upstream.calls();
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
  }
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_AUTO_TEST_CASE(the_limit_bounds_what_upstream_gives) {
  testing::checked_upstream upstream;
  thread_local_resource pool{unchecked({.name = "small", .limit_bytes = 1_MiB}), &upstream};
  std::vector<void*> blocks;
  while (void* const block = pool.try_allocate(1000)) {
    blocks.push_back(block);
    BOOST_REQUIRE(upstream.bytes_outstanding() <= 1_MiB);
  }
  BOOST_TEST(blocks.size() > 900U);  // less is lost than one slab and the heap
  auto const full = pool.stats();
  try {
    static_cast<void>(pool.allocate(1001));
    BOOST_TEST(false, "there was more");
  } catch (resource_exhausted const& bug) {
    BOOST_TEST(bug.resource == "small");
    BOOST_TEST(bug.requested_bytes == 1001U);
    BOOST_TEST(bug.available_bytes == 1_MiB - full.bytes_reserved);
  }
  BOOST_TEST((pool.stats() == full));
  pool.deallocate(blocks.back(), 1000);
  BOOST_TEST(pool.allocate(1000) == blocks.back());
}

BOOST_AUTO_TEST_CASE(a_limit_below_the_first_memory_of_a_thread_refuses_all) {
  testing::checked_upstream upstream;
  thread_local_resource pool{{.limit_bytes = 100}, &upstream};
  BOOST_CHECK_THROW(static_cast<void>(pool.allocate(1)), resource_exhausted);
  BOOST_CHECK_THROW(static_cast<void>(pool.checkpoint()), resource_exhausted);
  BOOST_TEST(upstream.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(idle_memory_goes_back_before_the_limit_refuses) {
  thread_local_resource pool{unchecked({.limit_bytes = 1_MiB})};
  for (std::size_t const bytes : {64U, 20'000U, 300'000U, 8U, 400'000U, 10'000U}) {
    std::vector<void*> blocks;
    while (blocks.size() * bytes < 400'000) blocks.push_back(pool.allocate(bytes));
    give_back(pool, blocks, bytes);
  }
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

// Found a bug: what lay idle in the heap of a thread that ended was no help to a large block or to
// a slab of the other size.
BOOST_AUTO_TEST_CASE(idle_memory_of_ended_threads_goes_back_before_the_limit_refuses) {
  for (std::size_t const bytes : {400'000U, 20'000U, 64U}) {
    thread_local_resource pool{unchecked({.limit_bytes = 1_MiB})};
    static_cast<void>(pool.allocate(1));  // this thread will not take over a heap
    in_thread([&] {
      give_back(pool, take(pool, 5000, 64), 64);
      give_back(pool, take(pool, 20, 20'000), 20'000);
    });
    std::vector<void*> blocks;
    while (blocks.size() * bytes < 700'000) blocks.push_back(pool.allocate(bytes));
    give_back(pool, blocks, bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_thread_that_needs_memory_returns_what_lies_idle_beyond_the_bound) {
  auto const reserved_after_phases = [](std::size_t max_idle_bytes) {
    thread_local_resource pool{unchecked({.max_idle_bytes = max_idle_bytes})};
    for (std::size_t const bytes : {64U, 256U, 1024U, 4096U, 16'384U}) {
      std::vector<void*> blocks;
      while (blocks.size() * bytes < 4_MiB) blocks.push_back(pool.allocate(bytes));
      // Every 64th lives on, so that its slab cannot serve another size.
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (i * bytes % 524'288 != 0) pool.deallocate(blocks[i], bytes);
      }
    }
    return pool.stats().bytes_reserved;
  };
  BOOST_TEST(reserved_after_phases(1_MiB) < reserved_after_phases(SIZE_MAX));
}

// Found by planting a container that outlives its scope: the rewind frees its blocks, its
// destructor freed them again, and two users were given the same one.
BOOST_AUTO_TEST_CASE(a_container_that_outlives_its_scope_gives_nothing_back) {
  thread_local_resource pool{unchecked()};
  for (bool const kept : {false, true}) {
    std::optional<memory_scope<thread_local_resource>> scope{pool};
    auto bytes = std::make_unique<std::pmr::vector<char>>(64, 'x', *scope);
    if (kept) scope->keep();
    scope.reset();
    bytes.reset();
    BOOST_TEST(pool.stats().late_frees == 1U);  // of the first round
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
  }
  std::set<void*> taken;
  for (int i = 0; i < 8; ++i) BOOST_TEST(taken.insert(pool.allocate(64)).second);
}
