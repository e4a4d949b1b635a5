// SPDX-License-Identifier: BSL-1.0

// Level 1 of a fixed-block pool: writes behind the end of a block.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <optional>
#include <tidemark/detail/poison.hpp>

#include "support/block_pools.hpp"
#include "support/level1.hpp"

using namespace tidemark;
using detail::red_zone_bytes;
using level1::scribble;
using test::block_scope;
using test::checked_blocks;

namespace {

struct overrun_pool : test::checked_pool {
  void expect_overruns(std::size_t count) const {
    BOOST_TEST(bugs.count(misuse_kind::overrun) == count);
    BOOST_TEST(bugs.seen.size() == count);
  }
};

void scribble_behind(void* block, std::size_t bytes, std::size_t from = 0) {
  scribble(static_cast<std::byte*>(block) + bytes + from, 1);
}

constexpr source_location opened{"tides.cpp", 10};

}  // namespace

BOOST_FIXTURE_TEST_CASE(every_byte_of_a_block_may_be_written, overrun_pool) {
  for (std::size_t bytes = 0; bytes < 100; ++bytes) {  // of the pool's size, and larger
    block_scope scope{pool};
    void* const first = scope.allocate(bytes, 1);
    void* const second = pool.allocate(bytes, 1);
    scribble(first, bytes);
    scribble(second, bytes);
    pool.deallocate(second, bytes, 1);
  }
  expect_overruns(0);
}

BOOST_FIXTURE_TEST_CASE(each_of_the_16_bytes_behind_a_block_is_watched, overrun_pool) {
  std::size_t count = 0;
  for (std::size_t const bytes : {13U, 64U, 1000U}) {
    for (std::size_t i = 0; i < red_zone_bytes; ++i) {
      void* const block = pool.allocate(bytes, 1);
      scribble_behind(block, bytes, i);
      pool.deallocate(block, bytes, 1);
      expect_overruns(++count);
      BOOST_TEST(bugs.seen.back().address == block);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(an_overrun_harms_no_neighbour, overrun_pool) {
  void* const first = pool.allocate(64, 1);
  void* const second = pool.allocate(64, 1);
  scribble(first, 64, 'f');
  scribble(second, 64, 's');
  for (void* const block : {first, second}) {
    scribble(static_cast<std::byte*>(block) + 64, red_zone_bytes);
  }
  BOOST_TEST(static_cast<char*>(first)[0] == 'f');
  BOOST_TEST(static_cast<char*>(second)[0] == 's');
  pool.deallocate(second, 64, 1);
  pool.deallocate(first, 64, 1);
  expect_overruns(2);
  BOOST_TEST(pool.allocate(64, 1) == first);
  BOOST_TEST(pool.allocate(64, 1) == second);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_found_when_the_block_is_expanded, overrun_pool) {
  block_scope scope{pool, opened};
  void* const block = scope.allocate(20);
  scribble_behind(block, 20);
  BOOST_TEST(scope.try_expand(block, 20, 60));
  expect_overruns(1);
  BOOST_TEST(bugs.seen[0].opened.line == opened.line);
  scope.deallocate(block, 60);
  expect_overruns(1);
}

BOOST_FIXTURE_TEST_CASE(the_zone_moves_with_the_end_of_a_block, overrun_pool) {
  void* const block = pool.allocate(20);
  BOOST_REQUIRE(pool.try_expand(block, 20, 64));
  scribble(block, 64);
  BOOST_REQUIRE(pool.try_expand(block, 64, 30));
  scribble(block, 31);
  pool.deallocate(block, 30);
  expect_overruns(1);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_found_at_the_end_of_its_scope, overrun_pool) {
  {
    block_scope outer{pool, opened};
    void* const small = outer.allocate(1);
    void* const own = outer.allocate(500'000);
    block_scope inner{pool};
    void* const later = outer.allocate(40);
    scribble_behind(small, 1);
    scribble_behind(own, 500'000);
    scribble_behind(later, 40);
  }
  expect_overruns(3);
  for (misuse const& bug : bugs.seen) BOOST_TEST(bug.opened.line == opened.line);
}

BOOST_FIXTURE_TEST_CASE(the_end_of_a_scope_looks_at_its_own_blocks_alone, overrun_pool) {
  void* const bare = pool.allocate(64);
  block_scope outer{pool};
  void* const theirs = outer.allocate(64);
  scribble_behind(bare, 64);
  scribble_behind(theirs, 64);
  pool.rewind(pool.checkpoint());
  expect_overruns(0);
  outer.reset();
  expect_overruns(1);
  BOOST_TEST(bugs.seen[0].address == theirs);
  pool.deallocate(bare, 64);
  expect_overruns(2);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_found_by_reset_release_and_the_end_of_the_pool,
                        overrun_pool) {
  std::optional<fixed_block_resource> other{std::in_place, checked_blocks(16)};
  scribble_behind(other->allocate(10), 10);
  other->reset();
  expect_overruns(1);
  scribble_behind(other->allocate(10), 10);
  other->release();
  expect_overruns(2);
  scribble_behind(other->allocate(10), 10);
  other.reset();
  expect_overruns(3);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_of_a_kept_block_is_found_when_that_ends, overrun_pool) {
  void* block = nullptr;
  {
    block_scope inner{pool};
    block = inner.allocate(10);
    inner.keep();
  }
  scribble_behind(block, 10);
  expect_overruns(0);
  pool.reset();
  expect_overruns(1);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_reported_once, overrun_pool) {
  void* const block = pool.allocate(10);
  scribble_behind(block, 10);
  BOOST_TEST(!pool.try_expand(block, 10, 65));
  expect_overruns(1);
  pool.deallocate(block, 10);
  expect_overruns(1);
}

BOOST_AUTO_TEST_CASE(a_handler_may_close_the_scope_whose_end_found_the_overrun) {
  struct context {
    fixed_block_resource pool{checked_blocks(16)};
    marker outer{};
    int reports = 0;
  } shared;
  auto const close = [](misuse const&, void* pointer) noexcept {
    auto& c = *static_cast<context*>(pointer);
    ++c.reports;
    c.pool.rewind(c.outer);
  };
  misuse_hook const former = set_misuse_handler(close, &shared);
  shared.outer = shared.pool.checkpoint();
  marker const inner = shared.pool.checkpoint();
  std::pmr::memory_resource* const scope = shared.pool.resource_of(inner);
  for (int i = 0; i < 3; ++i) scribble_behind(scope->allocate(10), 10);
  shared.pool.rewind(inner);
  set_misuse_handler(former.handler, former.context);
  BOOST_TEST(shared.pool.depth() == 0U);
  BOOST_TEST(shared.reports == 3);  // each rewind of the handler's finds the next overrun
  BOOST_TEST(shared.pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_use_the_pool_while_it_is_told_of_a_block) {
  struct context {
    fixed_block_resource pool{checked_blocks(16)};
    int reports = 0;
  } shared;
  auto const use = [](misuse const&, void* pointer) noexcept {
    auto& c = *static_cast<context*>(pointer);
    ++c.reports;
    c.pool.reset();
    static_cast<void>(c.pool.allocate(16));
  };
  misuse_hook const former = set_misuse_handler(use, &shared);
  void* const block = shared.pool.allocate(10);
  scribble_behind(block, 10);
  shared.pool.deallocate(block, 10);
  set_misuse_handler(former.handler, former.context);
  BOOST_TEST(shared.reports == 1);
  BOOST_TEST(shared.pool.stats().bytes_in_use == 16U);
}
