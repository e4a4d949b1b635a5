// SPDX-License-Identifier: BSL-1.0

// Markers of a fixed-block pool that are stale, foreign or out of order.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <set>
#include <vector>

#include "support/block_pools.hpp"

using namespace tidemark;
using test::block_scope;
using test::unchecked_blocks;
using testing::misuse_recorder;

namespace {

struct ordered_pool {
  fixed_block_resource pool{unchecked_blocks(64)};

  std::size_t live() const { return pool.stats().bytes_in_use / 64; }
  // That `wrong` is reported as `kind` and changes nothing.
  template <class F>
  misuse check_refused(misuse_kind kind, F wrong) const {
    misuse_recorder recorder;
    auto const before = pool.stats();
    wrong();
    BOOST_TEST((pool.stats() == before));
    BOOST_TEST(recorder.count(kind) == 1U);
    BOOST_REQUIRE(recorder.seen.size() == 1U);
    return recorder.seen[0];
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_marker_closes_once, ordered_pool) {
  marker const outer = pool.checkpoint();
  marker const mark = pool.checkpoint();
  pool.rewind(mark);
  for (int i = 0; i < 2; ++i) {
    check_refused(misuse_kind::stale_marker, [&] { pool.rewind(mark); });
    check_refused(misuse_kind::stale_marker, [&] { pool.keep(mark); });
  }
  pool.keep(outer);
  check_refused(misuse_kind::stale_marker, [&] { pool.rewind(outer); });
}

BOOST_FIXTURE_TEST_CASE(a_marker_of_a_depth_that_was_opened_again_is_stale, ordered_pool) {
  marker const old = pool.checkpoint();
  pool.rewind(old);
  marker const fresh = pool.checkpoint();
  check_refused(misuse_kind::stale_marker, [&] { pool.rewind(old); });
  BOOST_TEST(pool.depth() == 1U);
  pool.rewind(fresh);
}

BOOST_FIXTURE_TEST_CASE(a_null_marker_is_stale, ordered_pool) {
  check_refused(misuse_kind::stale_marker, [&] { pool.rewind(marker{}); });
  static_cast<void>(pool.checkpoint());
  check_refused(misuse_kind::stale_marker, [&] { pool.keep(marker{}); });
}

BOOST_FIXTURE_TEST_CASE(a_marker_of_another_pool_is_foreign, ordered_pool) {
  fixed_block_resource other{unchecked_blocks(64)};
  marker const ours = pool.checkpoint();
  marker const theirs = other.checkpoint();
  check_refused(misuse_kind::foreign_marker, [&] { pool.rewind(theirs); });
  check_refused(misuse_kind::foreign_marker, [&] { pool.keep(theirs); });
  check_refused(misuse_kind::foreign_marker,
                [&] { BOOST_TEST(pool.resource_of(theirs) == std::pmr::null_memory_resource()); });
  BOOST_TEST(pool.depth() == 1U);
  BOOST_TEST(other.depth() == 1U);
  pool.rewind(ours);
}

BOOST_AUTO_TEST_CASE(a_report_names_the_pool_and_the_call) {
  misuse_recorder recorder;
  fixed_block_resource pool{{.name = "nodes"}};
  pool.rewind(marker{}, source_location{"caller.cpp", 12});
  BOOST_TEST((recorder.seen.at(0).resource == "nodes"));
  BOOST_TEST(recorder.seen.at(0).used.file == "caller.cpp");
  BOOST_TEST(recorder.seen.at(0).used.line == 12U);
}

BOOST_FIXTURE_TEST_CASE(the_resource_of_a_bad_marker_is_null_memory_and_reported, ordered_pool) {
  marker const mark = pool.checkpoint();
  BOOST_TEST(pool.resource_of(mark) != std::pmr::null_memory_resource());
  BOOST_TEST(pool.resource_of(mark) == pool.resource_of(mark));
  pool.rewind(mark);
  check_refused(misuse_kind::stale_marker,
                [&] { BOOST_TEST(pool.resource_of(mark) == std::pmr::null_memory_resource()); });
}

BOOST_FIXTURE_TEST_CASE(raw_checkpoints_above_a_marker_are_closed_with_it_and_counted,
                        ordered_pool) {
  marker const outer = pool.checkpoint();
  marker inner;
  for (int i = 0; i < 7; ++i) {
    inner = pool.checkpoint();
    static_cast<void>(pool.resource_of(inner)->allocate(64));
  }
  pool.rewind(outer);
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(live() == 0U);
  BOOST_TEST(pool.stats().closed_from_below == 7U);
  check_refused(misuse_kind::stale_marker, [&] { pool.rewind(inner); });
}

BOOST_FIXTURE_TEST_CASE(an_open_scope_is_not_closed_from_below, ordered_pool) {
  marker const mark = pool.checkpoint();
  block_scope scope{pool, source_location{"opener.cpp", 7}};
  static_cast<void>(scope.allocate(64));
  check_refused(misuse_kind::out_of_order, [&] { pool.keep(mark); });
  misuse const bug = check_refused(misuse_kind::out_of_order, [&] { pool.rewind(mark); });
  BOOST_TEST(bug.opened.file == "opener.cpp");
  BOOST_TEST(bug.opened.line == 7U);
  BOOST_TEST(scope.is_open());
}

BOOST_FIXTURE_TEST_CASE(a_scope_below_an_open_one_is_not_emptied, ordered_pool) {
  block_scope outer{pool};
  static_cast<void>(outer.allocate(64));
  block_scope inner{pool};
  check_refused(misuse_kind::out_of_order, [&] { outer.reset(); });
  BOOST_TEST(live() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_scope_ended_below_another_closes_with_it, ordered_pool) {
  for (bool const keep : {false, true}) {
    std::optional<block_scope> lower{std::in_place, pool};
    std::optional<block_scope> upper{std::in_place, pool};
    void* const block = lower->allocate(64);
    static_cast<void>(upper->allocate(64));
    if (keep) lower->keep();
    check_refused(misuse_kind::out_of_order, [&] { lower.reset(); });
    BOOST_TEST(pool.depth() == 2U);
    BOOST_TEST(live() == 2U);
    upper.reset();
    BOOST_TEST(pool.depth() == 0U);
    BOOST_TEST(live() == (keep ? 1U : 0U));
    if (keep) pool.deallocate(block, 64);
  }
}

BOOST_FIXTURE_TEST_CASE(an_allocation_in_a_closed_scope_is_refused, ordered_pool) {
  marker const mark = pool.checkpoint(source_location{"opener.cpp", 7});
  std::pmr::memory_resource* const resource = pool.resource_of(mark);
  pool.rewind(mark);
  misuse const bug = check_refused(misuse_kind::scope_closed, [&] {
    BOOST_CHECK_THROW(static_cast<void>(resource->allocate(64)), std::bad_alloc);
  });
  BOOST_TEST(bug.opened.line == 7U);
}

BOOST_FIXTURE_TEST_CASE(exceptions_pass_scopes_and_raw_checkpoints_alike, ordered_pool) {
  marker const outer = pool.checkpoint();
  static_cast<void>(pool.resource_of(outer)->allocate(64));
  try {
    block_scope first{pool};
    static_cast<void>(pool.resource_of(pool.checkpoint())->allocate(64));
    static_cast<void>(first.allocate(64));
    block_scope second{pool};
    static_cast<void>(pool.checkpoint());
    throw 1;
  } catch (int) {
  }
  BOOST_TEST(pool.depth() == 1U);
  BOOST_TEST(live() == 1U);
  BOOST_TEST(pool.stats().closed_from_below == 2U);
  pool.rewind(outer);
  BOOST_TEST(live() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_checkpoint_at_depth_32768_throws_and_changes_nothing, ordered_pool) {
  marker const outermost = pool.checkpoint();
  for (int d = 2; d <= 32767; ++d) static_cast<void>(pool.checkpoint());
  auto const before = pool.stats();
  BOOST_TEST(before.depth == 32767U);
  BOOST_CHECK_THROW(static_cast<void>(pool.checkpoint()), std::bad_alloc);
  BOOST_CHECK_THROW(block_scope scope{pool}, std::bad_alloc);
  BOOST_TEST((pool.stats() == before));
  BOOST_TEST(pool.allocate(16) != nullptr);
  pool.rewind(outermost);
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(pool.stats().closed_from_below == 32766U);
}

BOOST_FIXTURE_TEST_CASE(blocks_of_the_deepest_checkpoint_are_freed_with_it, ordered_pool) {
  marker const outermost = pool.checkpoint();
  marker deepest;
  for (int d = 2; d <= 32767; ++d) deepest = pool.checkpoint();
  std::pmr::memory_resource* const inner = pool.resource_of(deepest);
  static_cast<void>(pool.resource_of(outermost)->allocate(64));
  for (int i = 0; i < 2000; ++i) static_cast<void>(inner->allocate(64));
  pool.rewind(deepest);
  BOOST_TEST(live() == 1U);
  pool.rewind(outermost);
  BOOST_TEST(live() == 0U);
}

// Found by planting a container that outlives its scope: the rewind frees its blocks, its
// destructor freed them again, and two users were given the same one.
BOOST_FIXTURE_TEST_CASE(a_container_that_outlives_its_scope_gives_nothing_back, ordered_pool) {
  std::optional<block_scope> scope{pool};
  auto bytes = std::make_unique<std::pmr::vector<char>>(64, 'x', *scope);
  scope.reset();
  bytes.reset();
  BOOST_TEST(pool.stats().late_frees == 1U);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
  std::set<void*> taken;
  for (int i = 0; i < 8; ++i) BOOST_TEST(taken.insert(pool.allocate(64)).second);
}

BOOST_FIXTURE_TEST_CASE(a_container_of_a_kept_scope_gives_back_what_it_has, ordered_pool) {
  std::optional<block_scope> scope{pool};
  auto bytes = std::make_unique<std::pmr::vector<char>>(64, 'x', *scope);
  scope->keep();
  scope.reset();
  bytes.reset();
  BOOST_TEST(pool.stats().late_frees == 0U);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}
