// SPDX-License-Identifier: BSL-1.0

// Checkpoints opened, rewound and emptied; memory of a scope that is on top or is not.
// Keeping: frame_engine_keep_test.cpp. Early ends and finalizers: frame_engine_end_test.cpp.
// Checked engines: frame_engine_checked_test.cpp.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/frame_engine.hpp>
#include <vector>

#include "support/engine_on_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::engine_on_shelf;

BOOST_FIXTURE_TEST_SUITE(frame_engine_, engine_on_shelf)

BOOST_AUTO_TEST_CASE(depth_0_is_open_from_the_beginning) {
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(engine.top_serial() == scope_binding::base);
  BOOST_TEST(&engine.top() == &engine.record(0));
  BOOST_TEST(engine.is_open(bindings[0]));
  BOOST_TEST(bindings[0].handed_out);
  BOOST_TEST(!engine.is_open(bindings[1]));
  BOOST_TEST(!is_open(0, 0));
  BOOST_TEST(!is_open(0, 1));
}

BOOST_AUTO_TEST_CASE(four_checkpoints_need_no_bookkeeping) {
  for (std::uint32_t depth = 1; depth < frame_engine::inline_records; ++depth) {
    BOOST_REQUIRE(engine.can_open());
    engine.open(false, {});
    BOOST_TEST(engine.depth() == depth);
  }
  BOOST_TEST(!engine.can_open());
  BOOST_TEST(engine.needs_records());
}

BOOST_AUTO_TEST_CASE(a_record_without_a_binding_cannot_be_opened_inline) {
  frame_engine bare{
      {.initial_bytes = 0, .max_chunk_bytes = 0, .recycle_outgrown = false, .checked = false}};
  scope_binding base;
  scope_binding first;
  scope_binding third;
  bare.bind(0, base);
  BOOST_TEST(!bare.can_open());
  BOOST_TEST(bare.needs_binding());
  bare.bind(3, third);
  BOOST_TEST(!bare.can_open());
  bare.bind(1, first);
  BOOST_TEST(bare.can_open());
  bare.open(false, {});
  BOOST_TEST(!bare.can_open());
}

BOOST_AUTO_TEST_CASE(an_open_checkpoint_is_known_by_its_serial_and_depth) {
  std::uint64_t const first = open();
  std::uint64_t const second = open(true);
  BOOST_TEST(first < second);
  BOOST_TEST(engine.top_serial() == second);
  BOOST_TEST(&engine.top() == &engine.record(2));
  BOOST_TEST((engine.top().scoped && !engine.record(1).scoped));
  BOOST_TEST(is_open(first, 1));
  BOOST_TEST(is_open(second, 2));
  BOOST_TEST(!is_open(first, 2));
  BOOST_TEST(!is_open(second, 1));
  BOOST_TEST(!is_open(second, 3));
  BOOST_TEST(!is_open(0, 1));
  BOOST_TEST(!is_open(second, UINT32_MAX));
  BOOST_TEST(engine.record(2).binding->serial == second);
  BOOST_TEST(engine.is_open(*engine.record(2).binding));
}

BOOST_AUTO_TEST_CASE(a_closed_checkpoint_is_not_open_when_its_depth_is_open_again) {
  std::uint64_t const first = open();
  engine.close_plain();
  BOOST_TEST(!is_open(first, 1));
  BOOST_TEST(!engine.is_open(bindings[1]));
  std::uint64_t const second = open();
  rewind(1);
  std::uint64_t const third = open();
  BOOST_TEST((first < second && second < third));
  BOOST_TEST((!is_open(first, 1) && !is_open(second, 1)));
}

BOOST_AUTO_TEST_CASE(a_plain_close_and_a_rewind_lead_to_the_same_place) {
  get_on_top(100);
  for (bool const plain : {true, false}) {
    open();
    std::byte* const before = engine.space.main.cursor;
    get_on_top(50);
    open();
    BOOST_TEST(engine.space.main.floor == engine.space.main.cursor);
    get_on_top(500);
    for (int i = 0; i < 2; ++i) {
      BOOST_TEST(!engine.top().eventful);
      if (plain) {
        engine.close_plain();
      } else {
        rewind(engine.depth());
      }
    }
    BOOST_TEST(engine.depth() == 0U);
    BOOST_TEST(engine.top_serial() == scope_binding::base);
    BOOST_TEST(engine.space.main.cursor == before);
    BOOST_TEST(engine.space.main.floor == engine.space.head()->begin);
    BOOST_TEST(used() == 100U);
    BOOST_TEST(engine.space.peak_bytes(before) == 660U);
  }
}

BOOST_AUTO_TEST_CASE(checkpoints_before_the_first_chunk_begin_where_it_does) {
  open();
  open();
  std::byte* const block = get_on_top(100);
  BOOST_TEST(!engine.top().eventful);
  engine.close_plain();
  BOOST_TEST(engine.space.main.floor == block);
  BOOST_TEST(used() == 0U);
  BOOST_TEST(get_on_top(10) == block);
  rewind(1);
  BOOST_TEST(engine.space.main.floor == block);
  BOOST_TEST(get_on_top(10) == block);
  reset();
  BOOST_TEST(get_on_top(10) == block);
}

BOOST_AUTO_TEST_CASE(a_rewind_closes_all_that_is_deeper_and_counts_it) {
  std::byte* const kept = get_on_top(8);
  std::uint64_t const first = open();
  open();
  get_on_top(5000);
  std::uint64_t const third = open();
  get_on_top(20000);
  get(1, 100);
  rewind(3);
  BOOST_TEST(engine.closed_from_below() == 0U);
  open();
  rewind(1);
  BOOST_TEST(engine.closed_from_below() == 2U);
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST((!is_open(first, 1) && !is_open(third, 3)));
  BOOST_TEST(used() == 8U);
  BOOST_TEST(get_on_top(8) == kept + 8);
}

BOOST_AUTO_TEST_CASE(records_move_with_all_they_hold) {
  std::vector<std::uint64_t> serials{scope_binding::base};
  std::vector<int> log;
  std::vector<tidemark::test::action> nodes;
  nodes.reserve(20);
  for (std::uint32_t depth = 1; depth <= 20; ++depth) {
    serials.push_back(open(depth == 20));
    get_on_top(100);
    nodes.emplace_back([&log, depth] { log.push_back(static_cast<int>(depth)); });
    engine.link(depth, nodes.back());
    if (depth > 1) get(depth - 1, 64);  // beside
  }
  BOOST_TEST(engine.record_count() == 40U);
  BOOST_TEST(&engine.top() == &engine.record(20));
  for (std::uint32_t depth = 0; depth <= 20; ++depth) BOOST_TEST(is_open(serials[depth], depth));
  rewind(20);
  rewind(1);
  BOOST_TEST(log.size() == 20U);
  BOOST_TEST((std::is_sorted(log.rbegin(), log.rend())));
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_CASE(records_that_moved_are_those_in_use) {
  constexpr std::uint32_t count = 8;
  open();
  std::uint64_t const serial = open();
  engine.use_records(shelf.bytes(count * sizeof(scope_record)), count);
  BOOST_TEST(engine.record_count() == count);
  BOOST_TEST(&engine.top() == &engine.record(2));
  BOOST_TEST(engine.top().serial == serial);
  BOOST_TEST(engine.top().binding == &bindings[2]);
  BOOST_TEST(engine.record(4).binding == &bindings[4]);
  BOOST_TEST((engine.record(5).binding == nullptr));
}

BOOST_AUTO_TEST_CASE(no_checkpoint_is_deeper_than_the_largest_depth) {
  constexpr std::uint32_t count = frame_engine::max_depth + 2;  // more than may be used
  alignas(scope_record) static std::array<std::byte, count * sizeof(scope_record)> records;
  static std::array<scope_binding, count> spare;
  engine.use_records(records.data(), count);
  for (scope_binding& b : spare) engine.add_spare(b);
  while (engine.depth() < frame_engine::max_depth) {
    BOOST_REQUIRE(!engine.needs_binding());
    engine.make_ready();
    BOOST_REQUIRE(engine.can_open());
    engine.open(false, {});
  }
  engine.make_ready();
  BOOST_TEST(!engine.can_open());
  rewind(1);
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(engine.can_open());
}

// Memory of a scope that is not on top.

BOOST_AUTO_TEST_CASE(a_scope_below_allocates_beside_and_an_inner_rewind_does_not_take_it) {
  open();
  std::byte* const main = get_on_top(100);
  open();
  std::byte* const beside = get(1, 100);
  void* inline_block = nullptr;
  BOOST_REQUIRE(engine.take_beside(1, 50, 1, inline_block));
  BOOST_TEST(inline_block == beside + 100);
  get_on_top(1000);
  rewind(2);
  BOOST_TEST(used() == 104U - 4 + 150);
  BOOST_TEST(get_on_top(8) == main + 104);
  rewind(1);
  BOOST_TEST(used() == 0U);
  BOOST_TEST(!engine.take_beside(0, 8, 8, inline_block));  // there is no side region yet
}

BOOST_AUTO_TEST_CASE(a_pop_and_then_a_block_beside_do_not_add_up_to_a_peak) {
  get_on_top(8);
  open();
  get(0, 8);
  std::byte* const popped = get_on_top(1000);
  BOOST_TEST(engine.free(1, popped, 1000));
  void* block = nullptr;
  BOOST_TEST(!engine.take_beside(0, 600, 8, block));  // the slow half notes the peak first
  get(0, 600);
  BOOST_TEST(engine.space.peak_bytes(engine.space.main.cursor) == 1016U);
  BOOST_TEST(engine.take_beside(0, 600, 8, block));
  BOOST_TEST(engine.space.peak_bytes(engine.space.main.cursor) == 1216U);
}

BOOST_AUTO_TEST_CASE(what_no_checkpoint_holds_outlives_every_rewind) {
  open();
  get_on_top(8);
  std::byte* const block = get(0, 100);
  rewind(1);
  BOOST_TEST(used() == 100U);
  BOOST_TEST(!engine.can_reset_plainly());
  BOOST_TEST(engine.free(0, block, 100));
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_CASE(only_the_top_scope_pops_in_the_main_region) {
  std::byte* const below = get_on_top(100);
  open();
  BOOST_TEST(!engine.free(1, below, 100));
  BOOST_TEST(!engine.free(0, below, 100));
  std::byte* const block = get_on_top(200);
  BOOST_TEST(!engine.free(0, block, 200));
  BOOST_TEST(engine.free(1, block, 200));
  engine.close_plain();
  BOOST_TEST(engine.free(0, below, 100));
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_large_block_is_recycled_through_its_own_scope_only) {
  open();
  std::byte* const of_outer = get_on_top(2400);
  open();
  std::byte* const of_inner = get_on_top(2400);
  get_on_top(8);
  BOOST_TEST(!engine.free(1, of_inner, 2400));
  BOOST_TEST(!engine.free(2, of_outer, 2400));
  BOOST_TEST(!engine.free(0, of_outer, 2400));
  BOOST_TEST(engine.free(1, of_outer, 2400));
  BOOST_TEST(engine.free(2, of_inner, 2400));
}

BOOST_AUTO_TEST_CASE(a_block_grows_in_place_for_the_scope_that_is_on_top) {
  std::byte* const block = get_on_top(100);
  BOOST_TEST(engine.resize(0, block, 100, 200));
  open();
  BOOST_TEST(!engine.resize(0, block, 200, 201));
  BOOST_TEST(!engine.resize(1, block, 200, 201));
  BOOST_TEST(used() == 200U);
  engine.close_plain();
  BOOST_TEST(engine.resize(0, block, 200, 100));
  BOOST_TEST(used() == 100U);
}

// Emptying.

BOOST_AUTO_TEST_CASE(an_emptied_checkpoint_stays_open_and_plain) {
  get_on_top(8);
  std::uint64_t const serial = open(true);
  std::byte* const first = get_on_top(100);
  get_on_top(5000);
  open();
  get_on_top(9000);
  get(1, 100);
  open();
  engine.empty(1);
  BOOST_TEST(is_open(serial, 1));
  BOOST_TEST(engine.depth() == 1U);
  BOOST_TEST(engine.closed_from_below() == 2U);
  BOOST_TEST(used() == 8U);
  BOOST_TEST(engine.top().scoped);
  BOOST_TEST(!engine.top().eventful);
  BOOST_TEST(engine.space.main.floor == engine.space.main.cursor);
  BOOST_TEST(get_on_top(100) == first);
  engine.close_plain();
  BOOST_TEST(engine.space.main.floor == engine.space.head()->begin);
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_reset_closes_everything_and_frees_what_no_checkpoint_held) {
  std::byte* const first = get_on_top(100);
  open(true);
  get_on_top(5000);
  get(0, 300);
  std::uint64_t const second = open(true);
  get_on_top(20000);
  int const chunks = shelf.chunk_count();
  reset();
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(engine.closed_from_below() == 2U);
  BOOST_TEST(!is_open(second, 2));
  BOOST_TEST(used() == 0U);
  BOOST_TEST(engine.can_reset_plainly());
  BOOST_TEST(get_on_top(100) == first);
  get_on_top(5000);
  get_on_top(20000);
  BOOST_TEST(shelf.chunk_count() == chunks);
}

BOOST_AUTO_TEST_CASE(a_frame_in_one_chunk_is_reset_plainly) {
  std::byte* const first = get_on_top(100);
  BOOST_TEST(engine.can_reset_plainly());
  engine.reset_plainly();
  BOOST_TEST(used() == 0U);
  BOOST_TEST(get_on_top(100) == first);
  open();
  BOOST_TEST(!engine.can_reset_plainly());
  engine.close_plain();
  get_on_top(5000);  // in the next chunk
  BOOST_TEST(!engine.can_reset_plainly());
  reset();
  get_on_top(20000);  // in a chunk of its own
  BOOST_TEST(!engine.can_reset_plainly());
}

BOOST_AUTO_TEST_CASE(depth_0_begins_anew_where_the_new_chain_does) {
  get_on_top(100);
  reset();
  engine.space.take_chain();
  engine.rebase();
  BOOST_TEST((engine.record(0).at == nullptr && engine.record(0).cursor == nullptr));
  BOOST_TEST(engine.can_reset_plainly());
  engine.reset_plainly();
  std::uint64_t const serial = open();
  get_on_top(50);
  BOOST_TEST(engine.record(0).at == engine.space.head());
  BOOST_TEST(is_open(serial, 1));
  rewind(1);
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
