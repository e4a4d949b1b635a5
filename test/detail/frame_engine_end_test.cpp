// SPDX-License-Identifier: BSL-1.0

// Who may close what, scopes that end before those above them, finalizers that call back.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/frame_engine.hpp>
#include <vector>

#include "support/engine_on_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::action;
using tidemark::test::engine_on_shelf;

BOOST_FIXTURE_TEST_SUITE(frame_engine_end, engine_on_shelf)

BOOST_AUTO_TEST_CASE(an_open_scope_blocks_what_lies_below_it_and_not_itself) {
  open(true);
  open();
  BOOST_TEST(!engine.blocker(1));
  BOOST_TEST(!engine.blocker(2));
  open(true);
  open();
  BOOST_TEST(engine.blocker(1).scope == &engine.record(3));
  BOOST_TEST(engine.blocker(2).scope == &engine.record(3));
  BOOST_TEST(!engine.blocker(2).in_finalizer);
  BOOST_TEST(!engine.blocker(3));
  BOOST_TEST(!engine.blocker(4));
  rewind(3);
  BOOST_TEST(!engine.blocker(1));
}

BOOST_AUTO_TEST_CASE(a_scope_that_ends_early_closes_with_the_one_above_it) {
  get_on_top(8);
  std::uint64_t const first = open(true);
  get_on_top(100);
  open(true);
  get_on_top(100);
  end(1, scope_end::rewind);
  BOOST_TEST(is_open(first, 1));
  BOOST_TEST(engine.depth() == 2U);
  BOOST_TEST(engine.top().eventful);  // its end is not a plain one
  end(2, scope_end::rewind);
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(engine.closed_from_below() == 0U);
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_scope_ended_under_a_raw_checkpoint_under_a_scope_closes_both) {
  get_on_top(8);
  open(true);
  std::uint64_t const raw = open();
  get_on_top(100);
  open(true);
  end(1, scope_end::rewind);
  end(3, scope_end::rewind);
  BOOST_TEST(!is_open(raw, 2));
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(engine.closed_from_below() == 1U);
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_chain_of_ended_scopes_closes_as_one) {
  get_on_top(8);
  for (int i = 0; i < 6; ++i) {
    open(true);
    get_on_top(48);
  }
  for (std::uint32_t depth : {3U, 1U, 5U, 2U, 4U}) end(depth, scope_end::rewind);
  BOOST_TEST(engine.depth() == 6U);
  end(6, scope_end::rewind);
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_chain_stops_at_a_scope_that_is_still_held) {
  open(true);
  std::uint64_t const held = open(true);
  open(true);
  open(true);
  end(3, scope_end::rewind);
  end(1, scope_end::rewind);
  end(4, scope_end::rewind);
  BOOST_TEST(engine.depth() == 2U);
  BOOST_TEST(is_open(held, 2));
  BOOST_TEST(engine.top().eventful);
  end(2, scope_end::rewind);
  BOOST_TEST(engine.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(each_ended_scope_is_kept_or_rewound_as_it_was_told) {
  get_on_top(8);
  open(true);
  get_on_top(104);
  open(true);
  get_on_top(208);
  open(true);
  get_on_top(304);
  end(1, scope_end::keep);
  end(2, scope_end::rewind);
  end(3, scope_end::keep);
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(used() == 112U);

  open(true);
  get_on_top(104);
  open(true);
  get_on_top(208);
  end(1, scope_end::rewind);
  end(2, scope_end::keep);
  BOOST_TEST(used() == 112U);
}

BOOST_AUTO_TEST_CASE(what_opens_and_closes_plainly_above_an_ended_scope_does_not_hide_it) {
  open(true);
  open(true);
  end(1, scope_end::rewind);
  open();
  BOOST_TEST(!engine.top().eventful);
  engine.close_plain();
  open(true);
  engine.close_plain();
  BOOST_TEST(engine.depth() == 2U);
  BOOST_TEST(engine.top().eventful);
  end(2, scope_end::rewind);
  BOOST_TEST(engine.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(an_emptied_scope_above_an_ended_one_still_closes_it) {
  open(true);
  open(true);
  end(1, scope_end::rewind);
  engine.empty(2);
  BOOST_TEST(engine.top().eventful);
  end(2, scope_end::rewind);
  BOOST_TEST(engine.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_reset_forgets_what_had_ended) {
  open(true);
  open(true);
  end(1, scope_end::rewind);
  reset();
  std::uint64_t const serial = open(true);
  open(true);
  end(2, scope_end::rewind);
  BOOST_TEST(is_open(serial, 1));
  BOOST_TEST(!engine.top().eventful);
  engine.empty(1);
  BOOST_TEST(!engine.top().eventful);
}

// Finalizers.

BOOST_AUTO_TEST_CASE(finalizers_run_newest_first_and_inner_scopes_before_outer_ones) {
  std::vector<int> log;
  std::vector<action> nodes;
  for (int i = 0; i < 6; ++i) nodes.emplace_back([&log, i] { log.push_back(i); });
  open();
  engine.link(1, nodes[0]);
  engine.link(1, nodes[1]);
  open();
  engine.link(2, nodes[2]);
  engine.link(1, nodes[3]);  // through the outer scope while the inner one is open
  engine.link(2, nodes[4]);
  engine.link(0, nodes[5]);
  rewind(1);
  BOOST_TEST(log == (std::vector<int>{4, 2, 3, 1, 0}), boost::test_tools::per_element());
  reset();
  BOOST_TEST(log.back() == 5);
  BOOST_TEST(log.size() == 6U);
}

BOOST_AUTO_TEST_CASE(memory_is_in_use_while_finalizers_run) {
  std::size_t in_use = 0;
  open();
  get_on_top(104);
  get_on_top(20000);
  action node{[&] { in_use = used(); }};
  engine.link(1, node);
  BOOST_TEST(engine.top().eventful);
  rewind(1);
  BOOST_TEST(in_use == 20104U);
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_finalizer_may_allocate_and_make_for_its_own_scope) {
  std::vector<int> log;
  get_on_top(8);
  open();
  action late{[&log] { log.push_back(2); }};
  action node{[&] {
    log.push_back(1);
    get_on_top(20000);
    engine.link(1, late);
  }};
  engine.link(1, node);
  rewind(1);
  BOOST_TEST(log == (std::vector<int>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(no_finalizer_may_close_what_is_being_closed) {
  std::vector<bool> blocked;
  for (int i = 0; i < 3; ++i) open();
  action node{[&] {
    open();  // on top of the two that are left
    for (std::uint32_t depth = 1; depth <= 3; ++depth) {
      blocked.push_back(engine.blocker(depth).in_finalizer);
    }
    rewind(3);
  }};
  engine.link(2, node);
  BOOST_TEST(!engine.in_finalizer());
  rewind(2);
  std::vector<bool> const expected{true, true, false};
  BOOST_TEST(blocked == expected, boost::test_tools::per_element());
  BOOST_TEST(!engine.in_finalizer());
  BOOST_TEST(!engine.blocker(1));
  BOOST_TEST(engine.depth() == 1U);
}

BOOST_AUTO_TEST_CASE(what_a_finalizer_leaves_open_is_closed) {
  get_on_top(8);
  open();
  std::vector<int> log;
  action inner{[&log] { log.push_back(2); }};
  action last{[&log] { log.push_back(3); }};
  action node{[&] {
    log.push_back(1);
    open(true);
    open();
    get_on_top(5000);
    engine.link(3, inner);
  }};
  engine.link(1, last);
  engine.link(1, node);
  rewind(1);
  BOOST_TEST(log == (std::vector<int>{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_finalizer_that_runs_finalizers_is_still_one) {
  bool still = false;
  action inner{[] {}};
  action node{[&] {
    std::uint32_t const depth = engine.depth() + 1;
    open();
    engine.link(depth, inner);
    rewind(depth);
    still = engine.in_finalizer() && engine.blocker(1).in_finalizer;
  }};
  open();
  engine.link(1, node);
  rewind(1);
  BOOST_TEST(still);
  BOOST_TEST(!engine.in_finalizer());
}

BOOST_AUTO_TEST_CASE(records_may_move_while_finalizers_run) {
  std::vector<int> log;
  get_on_top(8);
  for (int i = 0; i < 4; ++i) open();
  action first{[&log] { log.push_back(2); }};
  action node{[&] {
    log.push_back(1);
    for (int i = 0; i < 8; ++i) open();
    get_on_top(5000);
  }};
  engine.link(4, first);
  engine.link(4, node);
  rewind(3);
  BOOST_TEST(engine.record_count() > frame_engine::inline_records);
  BOOST_TEST(log == (std::vector<int>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(engine.depth() == 2U);
  BOOST_TEST(&engine.top() == &engine.record(2));
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(a_scope_that_ends_in_a_finalizer_closes_after_it) {
  get_on_top(8);
  std::uint64_t const outer = open(true);
  open();
  bool open_after_end = false;
  action node{[&] {
    end(1, scope_end::rewind);
    open();
    rewind(3);  // closes what had ended, but not what is being closed
    open_after_end = is_open(outer, 1) && engine.depth() == 2;
  }};
  engine.link(2, node);
  rewind(2);
  BOOST_TEST(open_after_end);
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(used() == 8U);
}

BOOST_AUTO_TEST_CASE(finalizers_of_an_emptied_checkpoint_run_once) {
  int runs = 0;
  open(true);
  action node{[&runs] { ++runs; }};
  engine.link(1, node);
  engine.empty(1);
  BOOST_TEST(runs == 1);
  BOOST_TEST(!engine.top().eventful);
  rewind(1);
  BOOST_TEST(runs == 1);
}

BOOST_AUTO_TEST_CASE(a_reset_runs_the_finalizers_of_depth_0_and_closes_what_they_open) {
  int runs = 0;
  action node{[&] {
    ++runs;
    open();
    get_on_top(100);
  }};
  engine.link(0, node);
  BOOST_TEST(!engine.can_reset_plainly());
  reset();
  BOOST_TEST(runs == 1);
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
