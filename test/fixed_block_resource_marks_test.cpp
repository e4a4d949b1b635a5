// SPDX-License-Identifier: BSL-1.0

// Markers of a fixed-block pool cannot lie: what they hold, what may be closed, and what is
// reported instead.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <list>
#include <memory_resource>
#include <new>
#include <optional>
#include <vector>

#include "support/block_pools.hpp"

using namespace tidemark;
using test::block_scope;
using test::unchecked_blocks;
using testing::misuse_recorder;

namespace {

struct marked_pool {
  fixed_block_resource pool{unchecked_blocks(64)};

  std::size_t live() const { return pool.stats().bytes_in_use / 64; }
  std::size_t depth() const { return pool.depth(); }
  // `count` blocks through `from`, each filled with `text`.
  static std::vector<char*> take(std::pmr::memory_resource* from, int count, char text = 'x') {
    std::vector<char*> blocks;
    while (count-- != 0) {
      blocks.push_back(static_cast<char*>(from->allocate(64)));
      std::memset(blocks.back(), text, 64);
    }
    return blocks;
  }
  void free(std::vector<char*> const& blocks) {
    for (char* const block : blocks) pool.deallocate(block, 64);
  }
  static void check_filled(std::vector<char*> const& blocks, char text) {
    for (char const* const block : blocks) {
      for (int i = 0; i < 64; ++i) BOOST_REQUIRE(block[i] == text);
    }
  }
  // That `wrong` is reported as `kind` and changes nothing.
  template <class F>
  void check_refused(misuse_kind kind, F wrong) const {
    misuse_recorder recorder;
    auto const before = pool.stats();
    wrong();
    BOOST_TEST((pool.stats() == before));
    BOOST_TEST(recorder.count(kind) == 1U);
    BOOST_TEST(recorder.seen.size() == 1U);
  }
};

}  // namespace

// What a checkpoint holds.

BOOST_FIXTURE_TEST_CASE(a_rewind_frees_exactly_what_was_taken_for_its_checkpoint, marked_pool) {
  auto const before = take(&pool, 10, 'b');
  marker const mark = pool.checkpoint();
  static_cast<void>(take(pool.resource_of(mark), 10, 's'));
  auto const beside = take(&pool, 10, 'u');
  static_cast<void>(take(pool.resource_of(mark), 10, 's'));
  BOOST_TEST(live() == 40U);
  pool.rewind(mark);
  BOOST_TEST(live() == 20U);
  BOOST_TEST(depth() == 0U);
  static_cast<void>(take(&pool, 20, 'n'));  // in what was freed
  check_filled(before, 'b');
  check_filled(beside, 'u');
}

BOOST_FIXTURE_TEST_CASE(the_bare_pool_belongs_to_no_checkpoint, marked_pool) {
  BOOST_TEST(pool.unscoped() == &pool);
  std::pmr::list<int> numbers{&pool};
  {
    block_scope scope{pool};
    for (int i = 0; i < 100; ++i) numbers.push_back(i);
  }
  int expected = 0;
  for (int const number : numbers) BOOST_REQUIRE(number == expected++);
  BOOST_TEST(live() == 100U);
}

BOOST_FIXTURE_TEST_CASE(blocks_freed_before_the_rewind_are_freed_once, marked_pool) {
  block_scope scope{pool};
  auto const blocks = take(scope, 10);
  free({blocks[2], blocks[5], blocks[9]});
  scope.reset();
  BOOST_TEST(live() == 0U);
  auto const again = take(&pool, 12, 'a');  // none of them twice
  for (std::size_t i = 0; i < again.size(); ++i) std::memset(again[i], static_cast<int>(i), 64);
  for (std::size_t i = 0; i < again.size(); ++i) BOOST_TEST(again[i][63] == static_cast<char>(i));
}

BOOST_FIXTURE_TEST_CASE(a_block_freed_in_a_scope_and_taken_by_the_bare_pool_stays, marked_pool) {
  marker const mark = pool.checkpoint();
  auto const blocks = take(pool.resource_of(mark), 3);
  free({blocks[1]});
  auto const taken = take(&pool, 1, 'u');
  BOOST_REQUIRE((taken[0] == blocks[1]));
  pool.rewind(mark);
  BOOST_TEST(live() == 1U);
  static_cast<void>(take(&pool, 3, 'n'));
  check_filled(taken, 'u');
}

BOOST_FIXTURE_TEST_CASE(a_block_freed_in_a_scope_and_taken_again_in_it_is_freed_once, marked_pool) {
  marker const mark = pool.checkpoint();
  for (int i = 0; i < 20; ++i) free(take(pool.resource_of(mark), 2));
  static_cast<void>(take(pool.resource_of(mark), 2));
  pool.rewind(mark);
  BOOST_TEST(live() == 0U);
  auto const again = take(&pool, 3);
  BOOST_TEST((again[0] != again[1]));  // as addresses, not as strings
  BOOST_TEST((again[1] != again[2]));
  BOOST_TEST((again[0] != again[2]));
}

BOOST_FIXTURE_TEST_CASE(a_block_of_an_inner_scope_taken_again_by_an_outer_one_stays, marked_pool) {
  block_scope outer{pool};
  std::vector<char*> kept;
  {
    block_scope inner{pool};
    auto const blocks = take(inner, 5);
    free(blocks);
    kept = take(outer, 5, 'o');
    BOOST_REQUIRE((kept.front() == blocks.back()));
  }
  BOOST_TEST(live() == 5U);
  static_cast<void>(take(&pool, 5, 'n'));
  check_filled(kept, 'o');
}

BOOST_FIXTURE_TEST_CASE(an_outer_scope_may_allocate_while_an_inner_is_open, marked_pool) {
  block_scope outer{pool};
  std::pmr::list<int> numbers{outer};
  for (int round = 0; round < 50; ++round) {
    block_scope inner{pool};
    std::pmr::list<int> scratch{inner};
    for (int i = 0; i < 10; ++i) scratch.push_back(i);
    numbers.push_back(round);
  }
  int expected = 0;
  for (int const number : numbers) BOOST_REQUIRE(number == expected++);
  BOOST_TEST(live() == 50U);
  BOOST_TEST(depth() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_block_from_before_the_mark_may_be_freed_after_it, marked_pool) {
  auto const before = take(&pool, 4);
  marker const mark = pool.checkpoint();
  free({before[1], before[2]});
  BOOST_TEST(live() == 2U);
  pool.rewind(mark);
  BOOST_TEST(live() == 2U);
  free({before[0], before[3]});
  BOOST_TEST(live() == 0U);
}

BOOST_FIXTURE_TEST_CASE(blocks_of_a_scope_may_be_freed_through_any_handle, marked_pool) {
  block_scope outer{pool};
  block_scope inner{pool};
  auto const blocks = take(outer, 4);
  pool.deallocate(blocks[0], 64);
  outer.deallocate(blocks[1], 64);
  inner.deallocate(blocks[2], 64);
  inner.resource()->deallocate(blocks[3], 64);
  BOOST_TEST(live() == 0U);
}

BOOST_FIXTURE_TEST_CASE(larger_blocks_obey_the_same_marks, marked_pool) {
  auto* const bare = static_cast<char*>(pool.allocate(5000));
  std::memset(bare, 'b', 5000);
  marker const outer = pool.checkpoint();
  auto* const kept = static_cast<char*>(pool.resource_of(outer)->allocate(6000));
  std::memset(kept, 'o', 6000);
  marker const inner = pool.checkpoint();
  static_cast<void>(pool.resource_of(inner)->allocate(7000));
  void* const freed = pool.resource_of(inner)->allocate(8000);
  pool.deallocate(freed, 8000);
  pool.rewind(inner);
  BOOST_TEST(pool.stats().bytes_in_use == 11'000U);
  static_cast<void>(pool.allocate(7000));
  BOOST_TEST(kept[5999] == 'o');
  pool.rewind(outer);
  BOOST_TEST(pool.stats().bytes_in_use == 12'000U);
  BOOST_TEST(bare[4999] == 'b');
}

// Keep.

BOOST_FIXTURE_TEST_CASE(what_is_kept_passes_to_the_enclosing_checkpoint, marked_pool) {
  marker const outer = pool.checkpoint();
  marker const inner = pool.checkpoint();
  auto const blocks = take(pool.resource_of(inner), 10, 'k');
  static_cast<void>(pool.resource_of(inner)->allocate(5000));
  pool.keep(inner);
  BOOST_TEST(depth() == 1U);
  pool.rewind(pool.checkpoint());
  check_filled(blocks, 'k');
  pool.rewind(outer);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_is_kept_outermost_lives_until_it_is_freed, marked_pool) {
  marker const mark = pool.checkpoint();
  auto const blocks = take(pool.resource_of(mark), 10, 'k');
  pool.keep(mark);
  pool.rewind(pool.checkpoint());
  check_filled(blocks, 'k');
  free(blocks);
  BOOST_TEST(live() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_keep_from_below_keeps_the_raw_checkpoints_above_too, marked_pool) {
  marker const outer = pool.checkpoint();
  marker const middle = pool.checkpoint();
  static_cast<void>(take(pool.resource_of(middle), 3));
  static_cast<void>(take(pool.resource_of(pool.checkpoint()), 4));
  pool.keep(middle);
  BOOST_TEST(depth() == 1U);
  BOOST_TEST(live() == 7U);
  BOOST_TEST(pool.stats().closed_from_below == 1U);
  pool.rewind(outer);
  BOOST_TEST(live() == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_resource_of_a_kept_checkpoint_means_the_enclosing_one, marked_pool) {
  marker const outer = pool.checkpoint();
  std::optional<std::pmr::list<int>> kept;
  {
    block_scope scope{pool};
    kept.emplace(scope.resource());
    kept->push_back(1);
    scope.keep();
  }
  kept->push_back(2);
  static_cast<void>(take(pool.resource_of(pool.checkpoint()), 1));
  kept->push_back(3);
  BOOST_TEST(live() == 4U);
  BOOST_TEST(kept->back() == 3);
  kept.reset();
  pool.rewind(outer);
  BOOST_TEST(live() == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_resource_of_a_checkpoint_kept_outermost_means_the_bare_pool,
                        marked_pool) {
  marker const mark = pool.checkpoint();
  std::pmr::memory_resource* const resource = pool.resource_of(mark);
  pool.keep(mark);
  marker const next = pool.checkpoint();
  BOOST_TEST(pool.resource_of(next) != resource);
  auto const blocks = take(resource, 5, 'k');
  pool.rewind(next);
  check_filled(blocks, 'k');
  BOOST_TEST(live() == 5U);
}

BOOST_FIXTURE_TEST_CASE(a_scope_keeps_at_its_end, marked_pool) {
  std::vector<char*> blocks;
  {
    block_scope scope{pool};
    blocks = take(scope, 5, 'k');
    scope.keep();
    BOOST_TEST(depth() == 1U);
  }
  BOOST_TEST(depth() == 0U);
  BOOST_TEST(live() == 5U);
  check_filled(blocks, 'k');
}

// Reset of a scope, and of the pool.

BOOST_FIXTURE_TEST_CASE(a_scope_that_is_reset_stays_open_and_empty, marked_pool) {
  block_scope scope{pool};
  auto const beside = take(&pool, 3, 'b');
  for (int round = 0; round < 3; ++round) {
    static_cast<void>(take(scope, 10));
    static_cast<void>(take(pool.resource_of(pool.checkpoint()), 10));
    scope.reset();
    BOOST_TEST(scope.is_open());
    BOOST_TEST(depth() == 1U);
    BOOST_TEST(live() == 3U);
  }
  check_filled(beside, 'b');
}

BOOST_FIXTURE_TEST_CASE(reset_and_release_close_every_checkpoint, marked_pool) {
  for (bool const release : {false, true}) {
    marker const mark = pool.checkpoint();
    static_cast<void>(take(pool.resource_of(pool.checkpoint()), 3));
    static_cast<void>(take(&pool, 3));
    release ? pool.release() : pool.reset();
    BOOST_TEST(depth() == 0U);
    BOOST_TEST(live() == 0U);
    check_refused(misuse_kind::stale_marker, [&] { pool.rewind(mark); });
  }
}

BOOST_FIXTURE_TEST_CASE(a_reset_with_scopes_open_leaves_their_ends_nothing_to_do, marked_pool) {
  misuse_recorder recorder;
  {
    block_scope scope{pool};
    block_scope inner{pool};
    static_cast<void>(take(inner, 3));
    pool.reset();
    BOOST_TEST(!scope.is_open());
    static_cast<void>(take(&pool, 2));
  }
  BOOST_TEST(depth() == 0U);
  BOOST_TEST(live() == 2U);
  BOOST_TEST(recorder.seen.empty());
}

BOOST_FIXTURE_TEST_CASE(a_scope_that_a_reset_closed_serves_nobody, marked_pool) {
  block_scope scope{pool};
  std::pmr::memory_resource* const resource = scope.resource();
  pool.reset();
  check_refused(misuse_kind::scope_closed,
                [&] { BOOST_CHECK_THROW(static_cast<void>(scope.allocate(8)), std::bad_alloc); });
  check_refused(misuse_kind::scope_closed, [&] {
    BOOST_CHECK_THROW(static_cast<void>(resource->allocate(8)), std::bad_alloc);
  });
  check_refused(misuse_kind::scope_closed, [&] { BOOST_TEST(scope.try_allocate(8) == nullptr); });
}
