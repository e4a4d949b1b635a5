// SPDX-License-Identifier: BSL-1.0

// Level 1 of a fixed-block pool: which thread may use it.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>

#include "support/block_pools.hpp"
#include "support/level1.hpp"

using namespace tidemark;
using level1::elsewhere;
using test::block_scope;
using test::checked_blocks;
using testing::misuse_recorder;

namespace {

constexpr source_location outermost{"tides.cpp", 3};

// A pool whose outermost checkpoint this thread holds open.
struct open_pool {
  fixed_block_resource pool{checked_blocks(64)};
  marker mark = pool.checkpoint(outermost);
  misuse_recorder bugs;

  ~open_pool() { pool.reset(); }
  // As many reports, all of that kind, and nothing was changed.
  void expect_wrong_thread(resource_stats const& before, std::size_t count = 1) const {
    BOOST_REQUIRE(bugs.seen.size() == count);
    for (misuse const& bug : bugs.seen) {
      BOOST_TEST((bug.kind == misuse_kind::wrong_thread));
      BOOST_TEST((bug.resource == "tides"));
      BOOST_TEST(bug.opened.line == outermost.line);
    }
    BOOST_TEST((pool.stats() == before));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(another_thread_gets_no_block_while_a_checkpoint_is_open, open_pool) {
  std::pmr::memory_resource* const scope = pool.resource_of(mark);
  resource_stats const before = pool.stats();
  elsewhere([&] { BOOST_CHECK_THROW(static_cast<void>(pool.allocate(8)), std::bad_alloc); });
  elsewhere([&] { BOOST_TEST(pool.try_allocate(8) == nullptr); });
  elsewhere([&] { BOOST_CHECK_THROW(static_cast<void>(scope->allocate(8)), std::bad_alloc); });
  expect_wrong_thread(before, 3);
}

BOOST_FIXTURE_TEST_CASE(another_thread_opens_no_checkpoint, open_pool) {
  resource_stats const before = pool.stats();
  marker other = mark;
  elsewhere([&] { other = pool.checkpoint({"other.cpp", 9}); });
  BOOST_TEST((other == marker{}));
  expect_wrong_thread(before);
  BOOST_TEST(bugs.seen[0].used.line == 9U);
}

BOOST_FIXTURE_TEST_CASE(another_thread_closes_no_checkpoint, open_pool) {
  resource_stats const before = pool.stats();
  elsewhere([&] { pool.rewind(mark, {"other.cpp", 9}); });
  expect_wrong_thread(before);
  BOOST_TEST(bugs.seen[0].used.line == 9U);
  elsewhere([&] { pool.keep(mark); });
  expect_wrong_thread(before, 2);
}

BOOST_FIXTURE_TEST_CASE(another_thread_frees_and_expands_no_block, open_pool) {
  void* const block = pool.allocate(40);
  level1::scribble(block, 40);
  resource_stats const before = pool.stats();
  elsewhere([&] { pool.deallocate(block, 40); });
  expect_wrong_thread(before);
  elsewhere([&] { BOOST_TEST(!pool.try_expand(block, 40, 50)); });
  expect_wrong_thread(before, 2);
  BOOST_TEST(static_cast<char*>(block)[39] == 'x');
  pool.deallocate(block, 40);
  BOOST_TEST(bugs.seen.size() == 2U);  // so it was not freed before
}

BOOST_FIXTURE_TEST_CASE(another_thread_resets_releases_and_trims_nothing, open_pool) {
  static_cast<void>(pool.resource_of(mark)->allocate(500'000));
  block_scope{pool}.reset();
  resource_stats const before = pool.stats();
  elsewhere([&] { pool.reset(); });
  elsewhere([&] { pool.release(); });
  elsewhere([&] { BOOST_TEST(pool.trim() == 0U); });
  expect_wrong_thread(before, 3);
}

BOOST_FIXTURE_TEST_CASE(a_scope_ends_and_is_emptied_on_its_own_thread_only, open_pool) {
  std::optional<block_scope> scope{std::in_place, pool};
  static_cast<void>(scope->allocate(64));
  resource_stats const before = pool.stats();
  elsewhere([&] { scope->reset(); });
  expect_wrong_thread(before);
  elsewhere([&] { scope.reset(); });
  expect_wrong_thread(before, 2);
  BOOST_TEST(pool.depth() == 2U);
}

BOOST_FIXTURE_TEST_CASE(the_owner_goes_on_after_a_report, open_pool) {
  elsewhere([&] { BOOST_TEST(pool.try_allocate(8) == nullptr); });
  static_cast<void>(pool.allocate(8));
  pool.rewind(mark);
  BOOST_TEST(bugs.seen.size() == 1U);
  BOOST_TEST(pool.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_of_a_pool_that_was_handed_over_is_freed_by_the_new_holder) {
  misuse_recorder bugs;
  fixed_block_resource pool{checked_blocks(64)};
  void* const block = pool.allocate(64);
  elsewhere([&] { pool.deallocate(block, 64); });
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(who_opens_the_outermost_checkpoint_next_is_the_next_owner) {
  misuse_recorder bugs;
  fixed_block_resource pool{checked_blocks(64)};
  pool.rewind(pool.checkpoint());
  elsewhere([&] {
    static_cast<void>(pool.checkpoint());
    pool.rewind(pool.checkpoint());  // an inner one changes no owner
    static_cast<void>(pool.allocate(8));
  });
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(pool.try_allocate(8) == nullptr);
  BOOST_TEST(bugs.count(misuse_kind::wrong_thread) == 1U);
}

BOOST_AUTO_TEST_CASE(two_threads_at_once_are_reported) {
  misuse_recorder bugs;
  level1::inviting_upstream upstream;
  fixed_block_resource pool{checked_blocks(64), &upstream};
  static_cast<void>(pool.allocate(16));
  marker theirs;
  upstream.during = [&] {
    elsewhere([&] {
      BOOST_CHECK_THROW(static_cast<void>(pool.allocate(16)), std::bad_alloc);
      theirs = pool.checkpoint({"other.cpp", 9});
      pool.reset();
    });
  };
  void* const block = pool.allocate(10'000);  // upstream is asked in its middle
  BOOST_TEST(bugs.count(misuse_kind::concurrent_use) == 3U);
  BOOST_TEST(bugs.seen.size() == 3U);
  BOOST_TEST((theirs == marker{}));
  BOOST_TEST(pool.depth() == 0U);
  level1::scribble(block, 10'000);
  pool.deallocate(block, 10'000);  // the call in whose middle they came was not disturbed
  elsewhere([&] { static_cast<void>(pool.allocate(16)); });  // one after the other is no bug
  BOOST_TEST(bugs.seen.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_pool_without_checks_asks_no_thread) {
  misuse_recorder bugs;
  fixed_block_resource pool{test::unchecked_blocks(64)};
  marker const mark = pool.checkpoint();
  elsewhere([&] { pool.rewind(mark); });
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(pool.depth() == 0U);
}
