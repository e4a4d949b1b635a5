// SPDX-License-Identifier: BSL-1.0

// The main region of a checked engine is out only while a window is open.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/frame_engine.hpp>

#include "support/engine_on_shelf.hpp"

using tidemark::test::action;
using tidemark::test::checked_engine_on_shelf;

BOOST_FIXTURE_TEST_SUITE(checked_frame_engine, checked_engine_on_shelf)

BOOST_AUTO_TEST_CASE(a_checked_engine_ends_every_inline_half_in_its_slow_one) {
  BOOST_TEST(engine.is_checked());
  get_on_top(100);
  void* block = nullptr;
  BOOST_TEST(!engine.can_open());
  BOOST_TEST(!engine.can_reset_plainly());
  BOOST_TEST(!engine.space.main.take_small(1, 1, block));
  open();
  get(0, 8);
  BOOST_TEST(!engine.can_open());
  BOOST_TEST(!engine.take_beside(0, 8, 8, block));
}

BOOST_AUTO_TEST_CASE(the_main_region_is_there_in_a_window_and_known_outside) {
  std::byte* const block = get_on_top(100);
  BOOST_TEST((engine.space.main.cursor == nullptr && engine.space.main.end == nullptr));
  BOOST_TEST(engine.main_region().cursor == block + 100);
  BOOST_TEST(used() == 100U);
  {
    window const outer{engine};
    BOOST_TEST(engine.space.main.cursor == block + 100);
    {
      window const nested{engine};
      engine.space.main.cursor += 8;
    }
    BOOST_TEST(engine.space.main.cursor == block + 108);
    BOOST_TEST(engine.main_region().cursor == block + 108);
  }
  BOOST_TEST((engine.space.main.cursor == nullptr));
  BOOST_TEST(engine.main_region().cursor == block + 108);
}

BOOST_AUTO_TEST_CASE(a_checked_engine_opens_keeps_and_rewinds_as_others_do) {
  get_on_top(8);
  std::uint64_t const first = open();
  std::byte* const block = get_on_top(104);
  open();
  get_on_top(5000);
  get(1, 24);
  keep(2);
  BOOST_TEST(used() == 8U + 104 + 5000 + 24);
  open();
  get_on_top(20000);
  rewind(2);
  BOOST_TEST(is_open(first, 1));
  BOOST_TEST(used() == 8U + 104 + 5000 + 24);
  {
    window const open{engine};
    engine.empty(1);
  }
  BOOST_TEST(engine.top().eventful);
  BOOST_TEST(get_on_top(104) == block);
  reset();
  BOOST_TEST(used() == 0U);
  BOOST_TEST(engine.record(0).eventful);
}

BOOST_AUTO_TEST_CASE(a_finalizer_meets_a_checked_engine_as_everybody_else_does) {
  bool parked = false;
  std::size_t in_use = 0;
  open();
  get_on_top(104);
  action node{[&] {
    parked = engine.space.main.cursor == nullptr;
    get_on_top(8);
    in_use = used();
  }};
  engine.link(1, node);
  rewind(1);
  BOOST_TEST(parked);
  BOOST_TEST(in_use == 112U);
  BOOST_TEST(used() == 0U);
  BOOST_TEST((engine.space.main.cursor == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
