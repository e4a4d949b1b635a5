// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/block_engine.hpp>
#include <vector>

#include "support/engine_of_blocks.hpp"

using namespace tidemark::detail;
using tidemark::test::engine_of_blocks;

BOOST_FIXTURE_TEST_SUITE(block_engine_log_, engine_of_blocks)

BOOST_AUTO_TEST_CASE(compaction_leaves_one_entry_for_each_block_that_is_held) {
  open();
  take_and_put(20, 0, 1);
  std::vector<std::byte*> const held = take_many(5, 0, 1);
  take_and_put(20, 1, 1);
  engine.compact_log();
  BOOST_TEST(engine.log.size() == 5U);
  for (std::byte* const block : held) BOOST_TEST(stamp(block, 0) == 1U);
  engine.rewind_to(1);
  BOOST_TEST((live(0) == 0 && live(1) == 0));
}

BOOST_AUTO_TEST_CASE(compaction_moves_the_bases_of_all_checkpoints) {
  for (std::uint32_t d = 1; d <= 4; ++d) {
    open();
    take_many(3, 0, d);
    take_and_put(10, 2, d);
    take(0, 1);
  }
  engine.compact_log();
  for (std::uint32_t d = 1; d <= 4; ++d) BOOST_TEST(engine.record(d).log_base == 4 * (d - 1));
  for (std::uint32_t d = 4; d >= 2; --d) {
    engine.rewind_to(d);
    BOOST_TEST(live(0) == 3 * (d - 1) + 4);
  }
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
}

BOOST_AUTO_TEST_CASE(compaction_keeps_the_entry_behind_the_base_of_the_checkpoint_that_holds) {
  open();
  std::byte* const block = take(0, 1);
  open();
  engine.put(block, 0);
  BOOST_TEST((take(0, 2) == block));
  engine.compact_log();
  BOOST_TEST((engine.record(2).log_base == 0 && engine.log.size() == 1));
  engine.rewind_to(2);
  BOOST_TEST(live(0) == 0U);
}

BOOST_AUTO_TEST_CASE(compaction_without_checkpoints_leaves_an_empty_log) {
  engine.compact_log();
  BOOST_TEST(engine.log.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_log_that_is_full_of_stale_entries_does_not_grow) {
  open();
  take_many(100, 0, 1);
  take_and_put(100000, 2, 1);
  BOOST_TEST(engine.log.capacity() == 256U);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
}

BOOST_AUTO_TEST_CASE(a_slab_with_a_stale_entry_may_serve_another_class) {
  open();
  std::vector<std::byte*> const freed = take_many(200, 0, 1);
  for (std::byte* const block : freed) engine.put(block, 0);
  engine.collect_idle_slabs();
  BOOST_TEST(engine.log.size() == 0U);
  take_many(40, 2);
  BOOST_TEST((slab_of(freed[0], small_slab)->class_index == 2));
  engine.rewind_to(1);
  BOOST_TEST(live(2) == 40U);
}

BOOST_AUTO_TEST_CASE(a_slab_with_one_block_that_is_held_does_not_become_idle) {
  open();
  take_and_put(5, 0, 1);
  std::byte* const held = take(0, 1);
  engine.collect_idle_slabs();
  BOOST_TEST(trim() == 0U);
  BOOST_TEST(stamp(held, 0) == 1U);
  engine.rewind_to(1);
  BOOST_TEST(trim() == 1U);
}

BOOST_AUTO_TEST_CASE(stamps_hold_the_deepest_checkpoint_that_there_may_be) {
  constexpr std::uint32_t deepest = block_engine::max_depth;
  while (engine.depth() < deepest) open();
  std::byte* const block = take(0, deepest);
  std::byte* const outer = take(1, deepest - 1);
  engine.compact_log();
  BOOST_TEST((stamp(block, 0) == deepest && stamp(outer, 1) == deepest - 1));
  engine.rewind_to(deepest);
  BOOST_TEST((live(0) == 0 && live(1) == 1));
  take(0, deepest - 1);
  engine.keep_to(2);
  BOOST_TEST(stamp(outer, 1) == 1U);
  engine.rewind_to(1);
  BOOST_TEST(engine.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
