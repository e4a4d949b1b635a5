// SPDX-License-Identifier: BSL-1.0

// Checkpoints kept: where their memory, their finalizers and their resources go.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/frame_engine.hpp>
#include <vector>

#include "support/engine_on_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::action;
using tidemark::test::engine_on_shelf;

namespace {

struct keeping : engine_on_shelf {
  // Whether the resource means the open record at `depth`, perhaps after looking where it went.
  bool means(scope_binding& binding, std::uint32_t depth) {
    if (!engine.is_open(binding)) engine.resolve(binding);
    return engine.is_open(binding) && binding.depth == depth &&
           binding.serial == engine.record(depth).serial;
  }
  bool means_none(scope_binding& binding) {
    engine.resolve(binding);
    return !engine.is_open(binding);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(frame_engine_keep, keeping)

BOOST_AUTO_TEST_CASE(kept_memory_falls_with_the_enclosing_checkpoint) {
  get_on_top(8);
  open();
  std::uint64_t const inner = open();
  get_on_top(104);
  keep(2);
  BOOST_TEST(!is_open(inner, 2));
  BOOST_TEST(engine.depth() == 1U);
  BOOST_TEST(used() == 112U);
  open();
  get_on_top(5000);
  get_on_top(20000);
  get(1, 16);
  keep(2);
  BOOST_TEST(used() == 112U + 25000 + 16);
  rewind(1);
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_plain_checkpoint_that_is_kept_leaves_its_encloser_plain) {
  get_on_top(8);
  open();
  open();
  get_on_top(100);
  keep(2);
  BOOST_TEST(!engine.top().eventful);
  BOOST_TEST(engine.can_open());
  engine.close_plain();
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_did_more_makes_its_encloser_close_with_care) {
  get_on_top(8);
  open();
  open();
  get_on_top(5000);  // the next chunk
  keep(2);
  BOOST_TEST(engine.top().eventful);
  keep(1);
  BOOST_TEST(!engine.can_reset_plainly());
  reset();
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_CASE(kept_blocks_are_the_enclosers_to_pop_and_recycle) {
  std::byte* const below = get_on_top(96);
  open();
  std::byte* const first = get_on_top(2200);
  open();
  std::byte* const second = get_on_top(104);
  keep(2);
  BOOST_TEST(engine.space.main.floor == first);
  BOOST_TEST(engine.free(1, second, 104));
  BOOST_TEST(engine.free(1, first, 2200));
  BOOST_TEST(!engine.free(1, below, 96));
  BOOST_TEST(used() == 96U);
}

BOOST_AUTO_TEST_CASE(the_floor_of_a_kept_checkpoint_in_a_later_chunk_is_that_chunks_begin) {
  get_on_top(96);
  open();
  get_on_top(8);
  open();
  std::byte* const block = get_on_top(5000);
  keep(2);
  BOOST_TEST(engine.space.main.floor == block);
  BOOST_TEST(engine.free(1, block, 5000));
  keep(1);
  BOOST_TEST(engine.space.main.floor == block);
  open();
  get_on_top(8);
  rewind(1);
  BOOST_TEST(engine.space.main.floor == block);
  reset();
  BOOST_TEST(engine.space.main.floor == engine.space.head()->begin);
}

BOOST_AUTO_TEST_CASE(deeper_checkpoints_are_kept_too_and_counted) {
  get_on_top(8);
  open(true);
  open();
  get_on_top(104);
  open();
  get_on_top(104);
  open();
  get_on_top(20000);
  keep(2);
  BOOST_TEST(engine.depth() == 1U);
  BOOST_TEST(engine.closed_from_below() == 2U);
  BOOST_TEST(used() == 216U + 20000);
  keep(1);
  BOOST_TEST(engine.closed_from_below() == 2U);
  BOOST_TEST(used() == 216U + 20000);
  reset();
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_CASE(kept_finalizers_run_with_the_encloser_newest_first) {
  std::vector<int> log;
  action first{[&log] { log.push_back(1); }};
  action second{[&log] { log.push_back(2); }};
  action third{[&log] { log.push_back(3); }};
  open();
  engine.link(1, first);
  open();
  engine.link(2, second);
  keep(2);
  BOOST_TEST(log.empty());
  engine.link(1, third);
  rewind(1);
  BOOST_TEST(log == (std::vector<int>{3, 2, 1}), boost::test_tools::per_element());
}

// Resources.

BOOST_AUTO_TEST_CASE(a_resource_that_nobody_holds_stays_with_its_depth) {
  open();
  open();
  scope_binding const* const binding = engine.top().binding;
  keep(2);
  BOOST_TEST(!engine.needs_binding());
  std::uint64_t const serial = open();
  BOOST_TEST(engine.top().binding == binding);
  BOOST_TEST(binding->serial == serial);
  BOOST_TEST(binding->depth == 2U);
}

BOOST_AUTO_TEST_CASE(a_resource_that_somebody_holds_means_the_encloser_after_keep) {
  open();
  open();
  scope_binding& binding = hand_out(2);
  keep(2);
  BOOST_TEST(means(binding, 1));
  BOOST_TEST(engine.top().eventful);
  BOOST_TEST(engine.record(1).binding->handed_out);
  // The depth gets another one.
  BOOST_TEST(!engine.can_open());
  BOOST_TEST(engine.needs_binding());
  open();
  BOOST_TEST(engine.top().binding != &binding);
  BOOST_TEST(!engine.top().binding->handed_out);
  BOOST_TEST(means(binding, 1));
  rewind(2);
  BOOST_TEST(engine.can_open());
}

BOOST_AUTO_TEST_CASE(a_kept_resource_serves_nobody_once_its_encloser_closed) {
  open();
  open();
  scope_binding& binding = hand_out(2);
  keep(2);
  rewind(1);
  BOOST_TEST(means_none(binding));
  BOOST_TEST(binding.serial == scope_binding::closed);
  open();
  BOOST_TEST(means_none(binding));
  open();  // the depth that lost its resource takes a spare one: this
  BOOST_TEST(engine.top().binding == &binding);
  BOOST_TEST(binding.serial == engine.top_serial());
  BOOST_TEST(engine.is_open(binding));
  BOOST_TEST((!binding.handed_out && binding.forward == nullptr && binding.next == nullptr));
}

BOOST_AUTO_TEST_CASE(resources_of_deeper_checkpoints_are_spare_when_asked_for) {
  for (int i = 0; i < 4; ++i) open();
  scope_binding const* const deepest = engine.top().binding;
  rewind(2);
  open();
  hand_out(2);
  keep(2);
  BOOST_TEST(engine.needs_binding());
  BOOST_TEST(engine.spare_deeper_bindings());  // of depths 3 and 4
  BOOST_TEST(!engine.needs_binding());
  engine.make_ready();
  std::uint64_t const serial = engine.open(false, {});
  BOOST_TEST(engine.top().binding == deepest);
  BOOST_TEST(deepest->serial == serial);
  BOOST_TEST(deepest->depth == 2U);
  engine.make_ready();  // the other one
  BOOST_TEST(engine.can_open());
  engine.open(false, {});
  BOOST_TEST(engine.needs_binding());
  BOOST_TEST(!engine.spare_deeper_bindings());
  rewind(1);
}

BOOST_AUTO_TEST_CASE(a_resource_kept_out_of_every_checkpoint_means_the_pool) {
  open();
  scope_binding& binding = hand_out(1);
  keep(1);
  BOOST_TEST(means(binding, 0));
  open();
  BOOST_TEST(means(binding, 0));
  reset();
  BOOST_TEST(means_none(binding));
  BOOST_TEST(engine.is_open(bindings[0]));
}

BOOST_AUTO_TEST_CASE(a_resource_is_followed_through_two_keeps) {
  for (int i = 0; i < 3; ++i) open();
  scope_binding& binding = hand_out(3);
  keep(3);
  BOOST_TEST(means(binding, 2));
  keep(2);
  BOOST_TEST(!engine.is_open(binding));
  BOOST_TEST(means(binding, 1));
  keep(1);
  BOOST_TEST(means(binding, 0));
  reset();
  BOOST_TEST(means_none(binding));
}

BOOST_AUTO_TEST_CASE(a_resource_that_is_asked_late_is_followed_through_all_keeps_at_once) {
  for (int i = 0; i < 10; ++i) open();
  scope_binding& binding = hand_out(10);
  keep(1);
  BOOST_TEST(means(binding, 0));
  BOOST_TEST(binding.forward == &bindings[0]);  // the next look-up is one step
}

BOOST_AUTO_TEST_CASE(several_resources_of_a_depth_are_kept_side_by_side) {
  open();
  std::vector<scope_binding*> held;
  for (int i = 0; i < 3; ++i) {
    open();
    held.push_back(&hand_out(2));
    keep(2);
  }
  BOOST_TEST((held[0] != held[1] && held[1] != held[2] && held[0] != held[2]));
  for (scope_binding* const b : held) BOOST_TEST(means(*b, 1));
  keep(1);
  for (scope_binding* const b : held) BOOST_TEST(means(*b, 0));
  reset();
  for (scope_binding* const b : held) BOOST_TEST(means_none(*b));
  // All of them are spare again, that of depth 1 too: nothing more is needed for a while.
  std::size_t const before = bindings_used;
  for (int round = 0; round < 4; ++round) {
    open();
    hand_out(1);
    keep(1);
  }
  BOOST_TEST(bindings_used == before);
}

BOOST_AUTO_TEST_CASE(a_resource_kept_twice_falls_with_the_checkpoint_it_went_to) {
  for (int i = 0; i < 3; ++i) open();
  scope_binding& binding = hand_out(3);
  scope_binding& middle = hand_out(2);
  keep(2);
  BOOST_TEST(means(middle, 1));
  rewind(1);
  BOOST_TEST(means_none(binding));
  BOOST_TEST(means_none(middle));
  open();
  BOOST_TEST(means_none(binding));
  BOOST_TEST(means_none(middle));
}

BOOST_AUTO_TEST_CASE(an_emptied_checkpoint_drops_the_resources_kept_into_it_and_keeps_its_own) {
  open(true);
  scope_binding& own = hand_out(1);
  open();
  scope_binding& kept = hand_out(2);
  keep(2);
  engine.empty(1);
  BOOST_TEST(means_none(kept));
  BOOST_TEST(means(own, 1));
}

BOOST_AUTO_TEST_SUITE_END()
