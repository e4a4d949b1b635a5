// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <set>
#include <tidemark/detail/block_engine.hpp>
#include <vector>

#include "support/engine_of_blocks.hpp"

using namespace tidemark::detail;
using tidemark::test::engine_of_blocks;

namespace {

struct marked_engine : engine_of_blocks {
  /// Whether the next `count` blocks of a class are all different: none was freed twice.
  bool distinct_blocks(std::size_t count, std::uint32_t index) {
    std::set<std::byte*> found;
    for (std::size_t i = 0; i < count; ++i) found.insert(take(index));
    return found.size() == count;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(block_engine_marks_, marked_engine)

BOOST_AUTO_TEST_CASE(a_rewind_frees_what_its_checkpoint_holds_and_nothing_else) {
  take_many(3, 0);
  open();
  take_many(4, 0, 1);
  take_many(5, 1, 1);
  take_many(2, 0);
  take_many(6, 0, 1);
  engine.rewind_to(1);
  BOOST_TEST((live(0) == 5 && live(1) == 0));
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(engine.log.size() == 0U);
  BOOST_TEST(distinct_blocks(12, 0));
}

BOOST_AUTO_TEST_CASE(a_rewind_of_classes_in_turn_frees_the_blocks_of_each) {
  for (std::uint32_t c = 0; c < class_count; ++c) engine.put(take(c), c);
  open();
  for (int i = 0; i < 10; ++i) {
    for (std::uint32_t c = 0; c < class_count; ++c) take(c, 1);
  }
  engine.rewind_to(1);
  for (std::uint32_t c = 0; c < class_count; ++c) {
    BOOST_TEST(live(c) == 0U);
    std::byte* const fresh = infos[c].carving->fresh;
    BOOST_TEST(distinct_blocks(10, c));
    BOOST_TEST((infos[c].carving->fresh == fresh));  // none of them was lost
  }
}

BOOST_AUTO_TEST_CASE(blocks_that_were_rewound_serve_again_without_upstream) {
  for (int round = 0; round < 3; ++round) {
    open();
    for (std::uint32_t c = 0; c < class_count; ++c) take_many(300, c, 1);
    take_large(70000, 1);
    engine.rewind_to(1);
    if (round == 0) upstream.fail_at(1);
  }
  BOOST_TEST(upstream.totals().failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_that_was_freed_is_not_freed_again) {
  open();
  std::byte* const freed = take(0, 1);
  engine.put(freed, 0);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
  BOOST_TEST(distinct_blocks(3, 0));
}

BOOST_AUTO_TEST_CASE(a_block_that_was_freed_and_taken_bare_stays) {
  open();
  std::byte* const block = take(0, 1);
  engine.put(block, 0);
  BOOST_TEST((take(0) == block));
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 1U);
  BOOST_TEST((take(0) != block));
}

BOOST_AUTO_TEST_CASE(a_block_that_was_freed_and_taken_for_the_encloser_stays_until_that_closes) {
  open();
  open();
  std::byte* const block = take(0, 2);
  engine.put(block, 0);
  BOOST_TEST((take(0, 1) == block));
  engine.rewind_to(2);
  BOOST_TEST(stamp(block, 0) == 1U);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
  BOOST_TEST(distinct_blocks(3, 0));
}

BOOST_AUTO_TEST_CASE(a_block_of_the_encloser_that_was_taken_for_the_inner_one_goes_with_that) {
  open();
  std::byte* const block = take(0, 1);
  open();
  engine.put(block, 0);
  BOOST_TEST((take(0, 2) == block));
  engine.rewind_to(2);
  BOOST_TEST(live(0) == 0U);
  BOOST_TEST((take(0) == block));  // for nobody: the encloser's entry is stale
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 1U);
}

BOOST_AUTO_TEST_CASE(a_block_that_was_taken_many_times_is_freed_once) {
  open();
  take_and_put(10, 0, 1);
  std::byte* const block = take(0, 1);
  BOOST_TEST(engine.log.size() == 11U);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
  BOOST_TEST((take(0) == block));
  BOOST_TEST(distinct_blocks(3, 0));
}

BOOST_AUTO_TEST_CASE(a_rewind_takes_all_that_is_open_above) {
  for (std::uint32_t d = 1; d <= 7; ++d) {
    open();
    take(0, d);
    take(2, d);
    take_large(9000, d);
  }
  engine.rewind_to(3);
  BOOST_TEST(engine.depth() == 2U);
  BOOST_TEST(engine.closed_from_below() == 4U);
  BOOST_TEST((live(0) == 2 && live(2) == 2 && engine.large_bytes() == 18000));
  engine.rewind_to(1);
  BOOST_TEST(engine.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(what_an_outer_checkpoint_takes_below_an_open_one_outlives_that) {
  open();
  open();
  open();
  take_many(3, 0, 1);
  take_many(2, 1, 2);
  take_many(5, 0, 3);
  take_many(3, 1, 1);
  take_large(5000, 1);
  engine.rewind_to(2);
  BOOST_TEST((live(0) == 3 && live(1) == 3 && engine.large_bytes() == 5000));
  engine.rewind_to(1);
  BOOST_TEST(engine.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(a_keep_hands_blocks_to_the_encloser) {
  open();
  open();
  std::byte* const block = take(0, 2);
  large_block& large = take_large(5000, 2);
  engine.keep_to(2);
  BOOST_TEST((engine.depth() == 1 && stamp(block, 0) == 1 && large.depth == 1));
  engine.rewind_to(1);
  BOOST_TEST(engine.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_out_of_the_outermost_checkpoint_is_nobodys) {
  open();
  std::byte* const block = take(0, 1);
  large_block& large = take_large(5000, 1);
  engine.keep_to(1);
  BOOST_TEST((engine.log.size() == 0 && stamp(block, 0) == 0 && large.depth == 0));
  open();
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 1U);
  BOOST_TEST(engine.large_bytes() == 5000U);
  free_large(large);
}

BOOST_AUTO_TEST_CASE(a_keep_over_several_checkpoints_hands_all_to_what_encloses_them) {
  for (std::uint32_t d = 1; d <= 5; ++d) open();
  std::vector<std::byte*> blocks;
  std::vector<large_block*> large;
  for (std::uint32_t d = 5; d >= 1; --d) {
    blocks.push_back(take(0, d));
    large.push_back(&take_large(1000 + d, d));
  }
  engine.keep_to(3);
  BOOST_TEST(engine.depth() == 2U);
  BOOST_TEST(engine.closed_from_below() == 2U);
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(stamp(blocks[i], 0) == 2U);
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(large[i]->depth == 2U);
  free_large(*large[2]);
  engine.rewind_to(2);
  BOOST_TEST((live(0) == 1 && engine.large_bytes() == 1001));
}

BOOST_AUTO_TEST_CASE(a_kept_checkpoint_with_a_large_block_leaves_its_encloser_something_to_free) {
  open();
  open();
  take_large(5000, 2);
  engine.keep_to(2);
  BOOST_TEST(!engine.is_top_plain());
}

BOOST_AUTO_TEST_CASE(a_block_kept_after_it_was_taken_twice_is_freed_once) {
  open();
  open();
  take_and_put(1, 0, 2);
  take(0, 2);
  engine.keep_to(2);
  BOOST_TEST(live(0) == 1U);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
  BOOST_TEST(distinct_blocks(3, 0));
}

BOOST_AUTO_TEST_CASE(an_emptied_checkpoint_stays_open_and_holds_what_it_takes_then) {
  std::uint64_t const outer = open();
  open();
  take(0, 1);
  take(0, 2);
  take_large(5000, 1);
  engine.empty(1);
  BOOST_TEST((engine.depth() == 1 && engine.is_open(outer, 1)));
  BOOST_TEST(engine.record(1).emptied_count == 1U);
  BOOST_TEST(engine.bytes_in_use() == 0U);
  BOOST_TEST(engine.is_top_plain());
  take(0, 1);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
}

BOOST_AUTO_TEST_CASE(emptying_leaves_what_an_encloser_took_meanwhile) {
  open();
  open();
  take(0, 1);
  take(0, 2);
  engine.empty(2);
  BOOST_TEST(live(0) == 1U);
  engine.rewind_to(2);
  BOOST_TEST(live(0) == 1U);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
}

BOOST_AUTO_TEST_CASE(what_abandoned_checkpoints_took_is_as_if_taken_bare) {
  open();
  open();
  std::byte* const block = take(0, 2);
  take_large(5000, 1);
  engine.abandon_marks();
  BOOST_TEST((engine.depth() == 0 && engine.log.size() == 0 && stamp(block, 0) == 0));
  BOOST_TEST((live(0) == 1 && engine.large_bytes() == 5000));
  engine.abandon_marks();
  BOOST_TEST(engine.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_took_nothing_closes_plainly) {
  open();
  take(0);
  BOOST_TEST(engine.is_top_plain());
  open();
  BOOST_TEST(engine.is_top_plain());
  take(0, 1);
  BOOST_TEST(!engine.is_top_plain());  // its encloser's entry lies above its base
  engine.rewind_to(2);
  BOOST_TEST(!engine.is_top_plain());
}

// The inline half.

BOOST_AUTO_TEST_CASE(the_inline_half_takes_a_free_block_for_a_checkpoint) {
  engine.put(take(1), 1);
  open();
  make_room();
  std::byte* const block = take_inline(1, 1);
  BOOST_REQUIRE(block != nullptr);
  BOOST_TEST((live(1) == 1 && stamp(block, 1) == 1));
  engine.rewind_to(1);
  BOOST_TEST(live(1) == 0U);
  BOOST_TEST((take(1) == block));
}

BOOST_AUTO_TEST_CASE(the_inline_half_refuses_where_no_block_is_free_or_the_log_is_full) {
  open();
  make_room();
  BOOST_TEST((take_inline(0, 1) == nullptr));
  while (!engine.log.is_full()) take(0, 1);
  engine.put(take(0), 0);
  BOOST_TEST((take_inline(0, 1) == nullptr));
  BOOST_TEST(live(0) == engine.log.size());
}

// Each was handed from checkpoint to checkpoint, 2000 times.
BOOST_AUTO_TEST_CASE(large_blocks_pass_through_many_checkpoints) {
  for (std::uint32_t d = 1; d <= 2000; ++d) open();
  for (int i = 0; i < 1000; ++i) take_large(1000, 2000);
  engine.keep_to(2);
  BOOST_TEST((engine.depth() == 1 && engine.large_bytes() == 1000000));
  for (large_block* b = engine.record(1).large.first; b != nullptr; b = b->next) {
    BOOST_TEST_REQUIRE(b->depth == 1U);
  }
  engine.rewind_to(1);
  BOOST_TEST(give_back_idle_large() == 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
