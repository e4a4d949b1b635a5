// SPDX-License-Identifier: BSL-1.0

// Level 1 of a fixed-block pool: what every block is. Overruns and threads: see the other
// test/fixed_block_resource_level1_*_test.cpp.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

#include "support/block_pools.hpp"
#include "support/level1.hpp"

using namespace tidemark;
using level1::scribble;
using test::block_scope;
using test::checked_blocks;
using test::checked_pool;

namespace {

constexpr source_location opened{"tides.cpp", 10};
constexpr source_location closed{"tides.cpp", 20};
constexpr std::size_t large = 500'000;

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_block_freed_twice_is_reported, checked_pool) {
  void* const one = pool.allocate(64);
  void* const two = pool.allocate(64);
  pool.deallocate(one, 64);
  pool.deallocate(one, 64);
  expect(misuse_kind::double_free, one);
  pool.deallocate(two, 64);
  pool.deallocate(two, 64);
  expect(misuse_kind::double_free, two);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_block_freed_twice_is_handed_out_once, checked_pool) {
  void* const block = pool.allocate(64);
  pool.deallocate(block, 64);
  pool.deallocate(block, 64);
  expect(misuse_kind::double_free, block);
  void* const one = pool.allocate(64);
  void* const two = pool.allocate(64);
  BOOST_TEST(one != two);
}

BOOST_FIXTURE_TEST_CASE(a_large_block_freed_twice_is_reported, checked_pool) {
  void* const block = pool.allocate(large);
  pool.deallocate(block, large);
  pool.deallocate(block, large);
  expect(misuse_kind::double_free, block);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_a_scope_freed_twice_is_reported_through_scope_and_pool,
                        checked_pool) {
  block_scope scope{pool};
  void* const block = scope.allocate(64);
  pool.deallocate(block, 64);
  scope.deallocate(block, 64);
  expect(misuse_kind::double_free, block);
  pool.deallocate(block, 64);
  expect(misuse_kind::double_free, block);
}

BOOST_FIXTURE_TEST_CASE(a_block_freed_twice_in_a_scope_that_closed_is_told_with_the_scope,
                        checked_pool) {
  marker const mark = pool.checkpoint(opened);
  void* const block = pool.resource_of(mark)->allocate(64);
  pool.deallocate(block, 64);
  pool.rewind(mark, closed);
  pool.deallocate(block, 64);
  expect(misuse_kind::double_free, block);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(what_the_pool_never_handed_out_is_foreign, checked_pool) {
  int local = 0;
  pool.deallocate(&local, sizeof local);  // before it has handed out anything
  expect(misuse_kind::foreign_block, &local);
  auto* const block = static_cast<std::byte*>(pool.allocate(64));
  pool.deallocate(block + 16, 48);
  expect(misuse_kind::foreign_block, block + 16);
  fixed_block_resource another{checked_blocks(64)};
  void* const theirs = another.allocate(64);
  pool.deallocate(theirs, 64);
  expect(misuse_kind::foreign_block, theirs);
  another.deallocate(theirs, 64);
  pool.deallocate(block, 64);
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(a_block_of_another_size_is_foreign, checked_pool) {
  void* const block = pool.allocate(40);
  pool.deallocate(block, 41);
  expect(misuse_kind::foreign_block, block);
  pool.deallocate(block, 39);
  expect(misuse_kind::foreign_block, block);
  pool.deallocate(block, 1000);  // of that size the engine would look for it elsewhere
  expect(misuse_kind::foreign_block, block);
  pool.deallocate(block, 40);
  expect_nothing();
  void* const empty = pool.allocate(0);
  pool.deallocate(empty, 0);
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(a_block_of_another_alignment_is_foreign, checked_pool) {
  void* const block = pool.allocate(64, 8);
  void* const aligned = pool.allocate(64, 4096);
  pool.deallocate(block, 64, 4096);
  expect(misuse_kind::foreign_block, block);
  pool.deallocate(aligned, 64, 8);
  expect(misuse_kind::foreign_block, aligned);
  pool.deallocate(block, 64, 8);
  pool.deallocate(aligned, 64, 4096);
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(an_expanded_block_has_its_new_size, checked_pool) {
  void* const block = pool.allocate(20);
  BOOST_REQUIRE(pool.try_expand(block, 20, 64));
  pool.deallocate(block, 20);
  expect(misuse_kind::foreign_block, block);
  BOOST_REQUIRE(pool.try_expand(block, 64, 5));
  pool.deallocate(block, 5);
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(what_is_no_live_block_cannot_be_expanded, checked_pool) {
  void* const block = pool.allocate(40);
  BOOST_TEST(!pool.try_expand(block, 41, 50));
  BOOST_TEST(!pool.try_expand(static_cast<std::byte*>(block) + 16, 24, 20));
  pool.deallocate(block, 40);
  BOOST_TEST(!pool.try_expand(block, 40, 50));
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(a_large_block_has_its_red_zone_behind_what_was_asked_for, checked_pool) {
  void* const block = pool.allocate(1000);
  BOOST_TEST(!pool.try_expand(block, 1000, 1001));  // the zone is not for sale
  BOOST_REQUIRE(pool.try_expand(block, 1000, 900));
  BOOST_REQUIRE(pool.try_expand(block, 900, 1000));
  scribble(block, 1000);
  pool.deallocate(block, 1000);
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(a_block_handed_out_again_is_live_again, checked_pool) {
  for (int round = 0; round < 3; ++round) {
    marker const mark = pool.checkpoint();
    void* const scoped = pool.resource_of(mark)->allocate(64);
    pool.rewind(mark);
    void* const again = pool.allocate(64);
    BOOST_REQUIRE(again == scoped);
    scribble(again, 64);
    pool.deallocate(again, 64);
  }
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(a_container_that_outlives_its_scope_is_found_out, checked_pool) {
  std::optional<std::pmr::vector<int>> numbers;
  {
    block_scope scope{pool, opened};
    numbers.emplace(10U, 1, scope);
  }
  void const* const outlived = numbers->data();
  expect_nothing();
  numbers.reset();
  expect(misuse_kind::outlived, outlived);
  BOOST_TEST(bugs.seen[0].opened.line == opened.line);
  BOOST_TEST(bugs.seen[0].closed_at != nullptr);
  BOOST_TEST(bugs.seen[0].used_at != nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_container_that_grows_after_its_scope_is_refused, checked_pool) {
  std::optional<std::pmr::vector<int>> numbers;
  {
    block_scope scope{pool, opened};
    numbers.emplace(scope);
  }
  BOOST_CHECK_THROW(numbers->push_back(1), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_TEST(bugs.seen[0].opened.line == opened.line);
  BOOST_TEST(bugs.seen[0].closed_at != nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_a_closed_scope_is_late_whoever_frees_it, checked_pool) {
  marker const mark = pool.checkpoint(opened);
  std::pmr::memory_resource* const scope = pool.resource_of(mark);
  void* const first = scope->allocate(64);
  void* const second = scope->allocate(64);
  void* const third = scope->allocate(large);
  pool.rewind(mark, closed);
  pool.deallocate(first, 64);
  expect(misuse_kind::outlived, first);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
  BOOST_TEST(bugs.seen.back().closed_at == nullptr);
  scope->deallocate(second, 64);
  expect(misuse_kind::outlived, second);
  pool.deallocate(third, large);
  expect(misuse_kind::outlived, third);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(a_late_free_changes_nothing, checked_pool) {
  marker const mark = pool.checkpoint();
  void* const block = pool.resource_of(mark)->allocate(64);
  pool.rewind(mark);
  auto const before = pool.stats();
  pool.deallocate(block, 64);
  expect(misuse_kind::outlived, block);
  BOOST_TEST((pool.stats() == before));
  BOOST_TEST(pool.allocate(64) != pool.allocate(64));  // its block is not in the list twice
}

BOOST_FIXTURE_TEST_CASE(a_block_is_late_after_reset_and_after_release, checked_pool) {
  void* block = pool.allocate(64);
  pool.reset();
  pool.deallocate(block, 64);
  expect(misuse_kind::outlived, block);
  block = pool.allocate(64);
  pool.release();
  pool.deallocate(block, 64);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(bugs.seen.back().closed_at != nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_double_free_after_a_reset_is_not_told_with_that_reset, checked_pool) {
  pool.reset();
  void* const block = pool.allocate(64);
  pool.deallocate(block, 64);
  pool.deallocate(block, 64);
  expect(misuse_kind::double_free, block);
  BOOST_TEST(bugs.seen.back().closed_at == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_a_kept_scope_outlives_what_it_was_kept_into, checked_pool) {
  void* block = nullptr;
  marker const outer = pool.checkpoint(opened);
  {
    block_scope inner{pool};
    block = inner.allocate(64);
    inner.keep();
  }
  pool.rewind(outer, closed);
  pool.deallocate(block, 64);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(a_block_kept_into_no_scope_is_live, checked_pool) {
  marker const mark = pool.checkpoint();
  void* const block = pool.resource_of(mark)->allocate(64);
  pool.keep(mark);
  pool.rewind(pool.checkpoint());
  scribble(block, 64);
  pool.deallocate(block, 64);
  expect_nothing();
}

BOOST_FIXTURE_TEST_CASE(a_block_of_an_emptied_scope_is_told_by_the_emptying, checked_pool) {
  void* block = nullptr;
  {
    block_scope scope{pool, opened};
    block = scope.allocate(64);
    scope.reset(closed);
  }
  pool.deallocate(block, 64);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(a_scope_closed_long_ago_is_forgotten_but_its_blocks_are_not, checked_pool) {
  marker const mark = pool.checkpoint(opened);
  void* const block = pool.resource_of(mark)->allocate(64);
  pool.rewind(mark, closed);
  for (int i = 0; i < 64; ++i) pool.rewind(pool.checkpoint());
  pool.deallocate(block, 64);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(!bugs.seen.back().opened);
  BOOST_TEST(!bugs.seen.back().closed);
}

BOOST_FIXTURE_TEST_CASE(an_allocation_in_a_closed_scope_names_both_ends_of_it, checked_pool) {
  marker const mark = pool.checkpoint(opened);
  std::pmr::memory_resource* const late = pool.resource_of(mark);
  pool.rewind(mark, closed);
  BOOST_CHECK_THROW(static_cast<void>(late->allocate(1)), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(a_marker_used_twice_is_told_with_its_first_use, checked_pool) {
  marker const mark = pool.checkpoint(opened);
  pool.rewind(mark, closed);
  pool.rewind(mark);
  expect(misuse_kind::stale_marker);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_AUTO_TEST_CASE(the_memory_of_checks_is_not_asked_of_upstream) {
  testing::checked_upstream upstream;
  {
    fixed_block_resource pool{checked_blocks(64), &upstream};
    for (int round = 0; round < 100; ++round) {
      for (int i = 0; i < 200; ++i) static_cast<void>(pool.allocate(64));
      pool.reset();
    }
    BOOST_TEST(upstream.calls() == 1U);
    BOOST_TEST(pool.stats().upstream_calls == 1U);
    BOOST_TEST(pool.stats().bytes_reserved == upstream.bytes_outstanding());
  }
  BOOST_TEST(upstream.complaint() == "");
}

// What a test without tools sees of memory that is not live.

BOOST_FIXTURE_TEST_CASE(memory_goes_back_upstream_accessible, checked_pool) {
  // AddressSanitizer watches: this upstream writes to what it gets back.
  testing::checked_upstream upstream;
  {
    fixed_block_resource other{checked_blocks(64), &upstream};
    block_scope scope{other};
    for (int i = 0; i < 3000; ++i) static_cast<void>(scope.allocate(64));
    static_cast<void>(scope.allocate(large));
    other.deallocate(other.allocate(large), large);
    scope.reset();
    BOOST_TEST(other.trim() > large);
    static_cast<void>(scope.allocate(large));
    static_cast<void>(scope.allocate(64));
    other.release();
  }
  BOOST_TEST(upstream.complaint() == "");
  expect_nothing();
}
