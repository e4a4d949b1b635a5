// SPDX-License-Identifier: BSL-1.0

// What a rewind frees and what it leaves, in one thread. Threads and their marks: see
// test/thread_local_resource_marks_threads_test.cpp.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <set>
#include <stdexcept>
#include <tidemark/error.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

#include "support/local_pools.hpp"

using namespace tidemark;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

// Small, wide and large ones: each goes its own way.
constexpr std::size_t all_kinds[] = {0, 8, 64, 1000, 5000, 20'000, 50'000};

template <class From>
std::vector<written_block> take_all_kinds(From& from) {
  std::vector<written_block> taken;
  for (std::size_t const bytes : all_kinds) {
    for (std::size_t i = 0; i < 4; ++i) {
      taken.push_back(written_block::take(from, bytes, 8, bytes + i));
    }
  }
  return taken;
}

void check_intact(std::vector<written_block> const& blocks) {
  for (written_block const& each : blocks) BOOST_TEST(each.is_intact());
}

void give_back(thread_local_resource& pool, std::vector<written_block> const& blocks) {
  for (written_block const& each : blocks) each.give_back(pool);
}

// Whether blocks of the pool lie apart now.
void check_apart(thread_local_resource& pool, std::size_t bytes) {
  std::set<std::uintptr_t> begins;
  for (int i = 0; i < 200; ++i) {
    auto const begin = reinterpret_cast<std::uintptr_t>(pool.allocate(bytes));
    auto const next = begins.lower_bound(begin);
    BOOST_REQUIRE((next == begins.end() || *next >= begin + bytes));
    BOOST_REQUIRE((next == begins.begin() || *std::prev(next) + bytes <= begin));
    begins.insert(begin);
  }
}

std::size_t in_use(thread_local_resource const& pool) { return pool.stats().bytes_in_use; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_rewind_frees_what_its_scope_took_and_nothing_else) {
  thread_local_resource pool{unchecked()};
  auto const bare = take_all_kinds(pool);
  std::size_t const before = in_use(pool);
  std::vector<written_block> meanwhile;
  {
    memory_scope scope{pool};
    take_all_kinds(scope);
    meanwhile = take_all_kinds(pool);
    BOOST_TEST(in_use(pool) == 3 * before);
  }
  BOOST_TEST(in_use(pool) == 2 * before);
  static_cast<void>(take_all_kinds(pool));  // where the scope's blocks were
  check_intact(bare);
  check_intact(meanwhile);
}

BOOST_AUTO_TEST_CASE(blocks_that_a_scope_freed_and_took_again_are_freed_once) {
  thread_local_resource pool{unchecked()};
  for (std::size_t const bytes : {8U, 64U, 20'000U, 50'000U}) {
    {
      memory_scope scope{pool};
      for (int round = 0; round < 100; ++round) {
        void* const block = scope.allocate(bytes);
        if (round % 3 != 0) scope.deallocate(block, bytes);
      }
    }
    BOOST_TEST(in_use(pool) == 0U);
    check_apart(pool, bytes);
    pool.reset();
  }
}

BOOST_AUTO_TEST_CASE(a_block_that_its_scope_freed_and_the_pool_took_lives_on) {
  thread_local_resource pool{unchecked()};
  for (std::size_t const bytes : {8U, 64U, 20'000U}) {
    written_block reused{};
    {
      memory_scope scope{pool};
      void* const block = scope.allocate(bytes);
      scope.deallocate(block, bytes);
      reused = written_block::take(pool, bytes, 16, 7);
      BOOST_TEST(reused.begin == block);
    }
    check_apart(pool, bytes);
    BOOST_TEST(reused.is_intact());
    pool.reset();
  }
}

BOOST_AUTO_TEST_CASE(a_block_that_the_pool_freed_and_a_scope_took_dies_with_that) {
  thread_local_resource pool{unchecked()};
  void* const block = pool.allocate(64);
  {
    memory_scope scope{pool};
    pool.deallocate(block, 64);
    BOOST_TEST(scope.allocate(64) == block);
  }
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(blocks_of_an_outer_scope_live_whatever_inner_ones_do) {
  thread_local_resource pool{unchecked()};
  memory_scope outer{pool};
  auto kept = take_all_kinds(outer);
  std::size_t const of_one = in_use(pool);
  for (int round = 0; round < 3; ++round) {
    memory_scope inner{pool};
    take_all_kinds(inner);
    auto const beside = take_all_kinds(outer);
    kept.insert(kept.end(), beside.begin(), beside.end());
  }
  BOOST_TEST(in_use(pool) == 4 * of_one);
  check_intact(kept);
  outer.reset();
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_passes_from_an_inner_to_an_outer_scope_by_a_free_and_back) {
  thread_local_resource pool{unchecked()};
  memory_scope outer{pool};
  void* block = nullptr;
  {
    memory_scope inner{pool};
    block = inner.allocate(64);
    inner.deallocate(block, 64);
    BOOST_TEST(outer.allocate(64) == block);
  }
  BOOST_TEST(in_use(pool) == 64U);
  pool.deallocate(block, 64);
  {
    memory_scope inner{pool};
    BOOST_TEST(inner.allocate(64) == block);
  }
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(the_bare_pool_and_unscoped_allocate_for_no_checkpoint) {
  thread_local_resource pool{unchecked()};
  memory_scope outer{pool};
  memory_scope inner{pool};
  auto const bare = take_all_kinds(pool);
  auto const unscoped = take_all_kinds(*pool.unscoped());
  std::size_t const both = in_use(pool);
  inner.reset();
  BOOST_TEST(in_use(pool) == both);
  check_intact(bare);
  check_intact(unscoped);
  give_back(pool, bare);
  give_back(pool, unscoped);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_frees_blocks_from_before_the_mark) {
  thread_local_resource pool{unchecked()};
  auto const before = take_all_kinds(pool);
  {
    memory_scope scope{pool};
    for (written_block const& each : before) {
      scope.deallocate(each.begin, each.bytes, each.alignment);
    }
    BOOST_TEST(in_use(pool) == 0U);
  }
  BOOST_TEST(in_use(pool) == 0U);
  for (std::size_t const bytes : all_kinds) check_apart(pool, bytes);
}

BOOST_AUTO_TEST_CASE(a_raw_checkpoint_does_as_a_scope) {
  thread_local_resource pool{unchecked()};
  marker const outer = pool.checkpoint();
  auto const of_outer = take_all_kinds(*pool.resource_of(outer));
  std::size_t const of_one = in_use(pool);
  marker const inner = pool.checkpoint();
  BOOST_TEST(pool.depth() == 2U);
  take_all_kinds(*pool.resource_of(inner));
  pool.rewind(inner);
  BOOST_TEST(in_use(pool) == of_one);
  check_intact(of_outer);
  static_cast<void>(pool.checkpoint());
  pool.rewind(outer);
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(pool.stats().closed_from_below == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_belongs_to_the_enclosing_scope) {
  thread_local_resource pool{unchecked()};
  std::size_t of_one = 0;
  {
    memory_scope outer{pool};
    std::vector<written_block> kept;
    std::pmr::memory_resource* handed_over = nullptr;
    {
      memory_scope inner{pool};
      handed_over = inner.resource();
      kept = take_all_kinds(inner);
      of_one = in_use(pool);
      inner.keep();
    }
    BOOST_TEST(in_use(pool) == of_one);
    take_all_kinds(*handed_over);  // it means the outer one now
    BOOST_TEST(in_use(pool) == 2 * of_one);
    check_intact(kept);
  }
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(what_the_outermost_scope_keeps_lives_until_it_is_freed) {
  thread_local_resource pool{unchecked()};
  std::vector<written_block> kept;
  {
    memory_scope scope{pool};
    kept = take_all_kinds(scope);
    scope.keep();
  }
  for (int round = 0; round < 3; ++round) {
    memory_scope next{pool};
    take_all_kinds(next);
  }
  check_intact(kept);
  give_back(pool, kept);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_that_is_reset_stays_open) {
  thread_local_resource pool{unchecked()};
  memory_scope scope{pool};
  std::pmr::memory_resource* const resource = scope.resource();
  for (int round = 0; round < 3; ++round) {
    take_all_kinds(scope);
    take_all_kinds(*resource);
    scope.reset();
    BOOST_TEST(in_use(pool) == 0U);
    BOOST_TEST(scope.is_open());
  }
}

BOOST_AUTO_TEST_CASE(containers_live_in_a_scope) {
  thread_local_resource pool{unchecked()};
  std::pmr::vector<int> outside{&pool};
  {
    memory_scope scope{pool};
    std::pmr::vector<std::pmr::vector<int>> rows{scope};
    for (int i = 0; i < 100; ++i) {
      rows.emplace_back().assign(100, i);
      outside.push_back(i);
    }
    BOOST_TEST(rows[99][99] == 99);
  }
  BOOST_TEST(outside.back() == 99);
  BOOST_TEST(in_use(pool) == 512U);  // of `outside`
}

BOOST_AUTO_TEST_CASE(an_exception_closes_the_scopes_that_it_passes) {
  thread_local_resource pool{unchecked()};
  auto const fail = [&](auto& self, int depth) -> void {
    memory_scope scope{pool};
    take_all_kinds(scope);
    if (depth == 20) throw std::runtime_error("deep");
    self(self, depth + 1);
  };
  BOOST_CHECK_THROW(fail(fail, 1), std::runtime_error);
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(scopes_nest_100_deep) {
  thread_local_resource pool{unchecked()};
  std::vector<marker> marks;
  for (std::size_t d = 0; d < 100; ++d) {
    marks.push_back(pool.checkpoint());
    static_cast<void>(pool.resource_of(marks.back())->allocate(64));
    static_cast<void>(pool.resource_of(marks[d / 2])->allocate(64));
  }
  BOOST_TEST(pool.depth() == 100U);
  BOOST_TEST(in_use(pool) == 200U * 64U);
  pool.rewind(marks[50]);  // what the others took for marks below stays
  BOOST_TEST(in_use(pool) == (50U + 100U) * 64U);
  pool.rewind(marks[0]);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(reset_and_release_close_scopes_whose_objects_are_left) {
  for (bool const releases : {false, true}) {
    testing::misuse_recorder misuse;
    thread_local_resource pool;
    {
      memory_scope outer{pool};
      memory_scope inner{pool};
      std::pmr::memory_resource* const resource = inner.resource();
      static_cast<void>(outer.allocate(64));
      releases ? pool.release() : pool.reset();
      BOOST_TEST(!outer.is_open());
      BOOST_TEST(!inner.is_open());
      BOOST_CHECK_THROW(static_cast<void>(inner.allocate(64)), std::bad_alloc);
      BOOST_CHECK_THROW(static_cast<void>(resource->allocate(64)), std::bad_alloc);
      BOOST_TEST(misuse.count(misuse_kind::scope_closed) == 2U);
      BOOST_TEST(outer.try_allocate(64) == nullptr);
    }
    BOOST_TEST(misuse.seen.size() == 3U);  // the destructors report nothing
    BOOST_TEST(pool.depth() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(markers_that_name_no_open_checkpoint_change_nothing) {
  testing::misuse_recorder misuse;
  thread_local_resource pool, other;
  marker const foreign = other.checkpoint();
  for (bool const used_before : {false, true}) {
    marker stale{};
    if (used_before) {
      stale = pool.checkpoint();
      pool.rewind(stale);
      static_cast<void>(pool.checkpoint());
    }
    for (auto const& [mark, kind] : {std::pair{marker{}, misuse_kind::stale_marker},
                                     {stale, misuse_kind::stale_marker},
                                     {foreign, misuse_kind::foreign_marker}}) {
      auto const before = pool.stats();
      misuse.seen.clear();
      pool.rewind(mark);
      pool.keep(mark);
      BOOST_TEST(pool.resource_of(mark) == std::pmr::null_memory_resource());
      BOOST_TEST(misuse.seen.size() == 3U);
      BOOST_TEST(misuse.count(kind) == 3U);
      BOOST_TEST((pool.stats() == before));
    }
    BOOST_TEST(pool.depth() == (used_before ? 1U : 0U));
  }
  BOOST_TEST(other.depth() == 1U);
}

BOOST_AUTO_TEST_CASE(a_mark_below_an_open_scope_cannot_be_closed) {
  testing::misuse_recorder misuse;
  thread_local_resource pool{unchecked()};
  marker const below = pool.checkpoint();
  static_cast<void>(pool.resource_of(below)->allocate(64));
  {
    memory_scope scope{pool};
    static_cast<void>(scope.allocate(64));
    pool.rewind(below);
    pool.keep(below);
    BOOST_TEST(misuse.count(misuse_kind::out_of_order) == 2U);
    BOOST_TEST(pool.depth() == 2U);
    BOOST_TEST(in_use(pool) == 128U);
  }
  pool.rewind(below);
  BOOST_TEST(misuse.seen.size() == 2U);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(no_checkpoint_is_deeper_than_32767) {
  thread_local_resource pool{unchecked()};
  marker const first = pool.checkpoint();
  for (int d = 2; d <= 32'767; ++d) static_cast<void>(pool.checkpoint());
  auto const before = pool.stats();
  BOOST_CHECK_THROW(static_cast<void>(pool.checkpoint()), std::bad_alloc);
  BOOST_TEST((pool.stats() == before));
  pool.rewind(first);
  BOOST_TEST(pool.depth() == 0U);
}
