// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/lane_set.hpp>
#include <utility>

#include "support/lanes_on_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::lanes_on_shelf;

namespace {

template <int>
struct numbered {
  double value;
};

// Takes an array in each of the lanes.
template <int... Is>
void take_each(lanes_on_shelf& s, std::integer_sequence<int, Is...>) {
  (static_cast<void>(s.take(s.of<numbered<Is>>(), 16)), ...);
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(built_in_lanes_are_there_from_the_beginning, lanes_on_shelf) {
  lane& first = lanes.find(0);
  for (std::uint32_t n = 0; n < built_in_lanes; ++n) {
    BOOST_TEST(!lanes.is_missing(n));
    BOOST_TEST(&lanes.find(n) == &first + n);
  }
  int used = 0;
  lanes.for_each([&](lane const&) { ++used; });
  BOOST_TEST(used == 0);
}

BOOST_FIXTURE_TEST_CASE(an_unknown_number_finds_a_lane_that_holds_nothing, lanes_on_shelf) {
  for (std::uint32_t const unknown : {8U, 9U, 1000U, lane_type::unnumbered}) {
    BOOST_TEST(lanes.is_missing(unknown));
    BOOST_TEST(lanes.find(unknown).cursor == nullptr);
    BOOST_TEST(lanes.find(unknown).end == nullptr);
    BOOST_TEST(lanes.find(unknown).ready == 0U);
  }
}

BOOST_FIXTURE_TEST_CASE(lanes_of_other_types_are_found_again_in_any_order, lanes_on_shelf) {
  lane& a = of<numbered<0>>();
  lane& b = of<numbered<1>>();
  std::uint32_t const number_a = number_of(type_of<numbered<0>>);
  std::uint32_t const number_b = number_of(type_of<numbered<1>>);
  std::uint32_t const missing = number_of(type_of<numbered<2>>);
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(&lanes.find(number_a) == &a);
    BOOST_TEST(&lanes.find_own(number_a) == &a);
    BOOST_TEST(lanes.is_missing(missing));
    BOOST_TEST(lanes.is_missing(lane_type::unnumbered));
    BOOST_TEST(&lanes.find(number_b) == &b);
    BOOST_TEST(&lanes.find(0) != &b);
  }
  lane& c = of<numbered<2>>();
  BOOST_TEST(&lanes.find(missing) == &c);
  BOOST_TEST(&lanes.find(number_a) == &a);
}

BOOST_FIXTURE_TEST_CASE(the_table_grows_and_lanes_stay_where_they_are, lanes_on_shelf) {
  lane& first = of<numbered<0>>();
  std::byte* const array = take(first, 16);
  take_each(*this, std::make_integer_sequence<int, 40>{});
  BOOST_TEST(&of<numbered<0>>() == &first);
  BOOST_TEST(first.cursor == array + 32);
  int used = 0;
  lane const* former = nullptr;
  lanes.for_each([&](lane const& l) {
    ++used;
    BOOST_TEST(&l != former);
    former = &l;
  });
  BOOST_TEST(used == 40);
  BOOST_TEST(former == &of<numbered<39>>());  // oldest first
}

BOOST_FIXTURE_TEST_CASE(an_array_of_an_odd_size_takes_whole_16_bytes, lanes_on_shelf) {
  lane& l = of<char>();
  chunk_request wanted;
  BOOST_TEST(lanes.take(l, 1, wanted) == nullptr);
  BOOST_TEST(wanted.payload_bytes == 16U);
  std::byte* const first = take(l, 1);
  BOOST_TEST(take(l, 17) == first + 16);
  BOOST_TEST(take(l, initial_bytes - 48 - 15) == first + 48);  // up to the end of the chunk
  BOOST_TEST(l.cursor == l.end);
  BOOST_TEST(l.used_bytes() == initial_bytes);
  take(l, max_chunk_bytes / 4 - 1);  // not a large one, though it takes a quarter
  BOOST_TEST(l.used_bytes() == initial_bytes + max_chunk_bytes / 4);
  BOOST_TEST(l.beside_bytes == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_first_touch_saves_and_later_ones_do_not, lanes_on_shelf) {
  lane& l = of<double>();
  open();
  touch(l);
  BOOST_TEST(l.saved == serial());
  BOOST_TEST(l.ready == serial());
  std::byte* const inside = take(l, 64);
  for (int i = 0; i < 20; ++i) touch(l);  // must not save what the checkpoint took itself
  BOOST_TEST(journals_given == 0);
  rewind();
  BOOST_TEST(l.used_bytes() == 0U);
  BOOST_TEST(l.cursor == inside);
  BOOST_TEST(l.saved == 0U);
  BOOST_TEST(l.ready == 0U);
}

BOOST_FIXTURE_TEST_CASE(only_what_was_touched_falls_back, lanes_on_shelf) {
  lane& doubles = of<double>();
  lane& floats = of<float>();
  open();
  take(doubles, 64);
  open();  // the outer checkpoint takes floats after its own opening, the inner one none
  take(doubles, 16);
  rewind();
  take(floats, 32);
  open();
  take(doubles, 16);
  rewind();
  BOOST_TEST(floats.used_bytes() == 32U);  // "restore from the ancestor's save" would give 0
  BOOST_TEST(doubles.used_bytes() == 64U);
  rewind();
  BOOST_TEST(floats.used_bytes() == 0U);
  BOOST_TEST(doubles.used_bytes() == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_no_checkpoint_held_stays, lanes_on_shelf) {
  lane& l = of<double>();
  take(l, 64);
  open();
  open();  // its encloser has not touched the lane
  take(l, 128);
  rewind(1);
  BOOST_TEST(l.used_bytes() == 64U);
}

BOOST_FIXTURE_TEST_CASE(a_lane_that_is_new_inside_ends_with_nothing, lanes_on_shelf) {
  open();
  open();
  lane& l = of<numbered<3>>();
  std::byte* const first = take(l, 48);
  rewind();
  BOOST_TEST(l.used_bytes() == 0U);
  BOOST_TEST(l.saved == 0U);
  open();
  BOOST_TEST(take(l, 48) == first);
  rewind(1);
  BOOST_TEST(l.used_bytes() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_rewind_crosses_chunks_and_depths, lanes_on_shelf) {
  lane& l = of<double>();
  open();
  std::byte* const before = take(l, 400);
  chunk* const first = l.at;
  for (int d = 0; d < 5; ++d) {
    open();
    take(l, 400);
    take(l, 1008);
  }
  BOOST_TEST(l.at != first);
  BOOST_TEST(l.used_bytes() == 400U + 5 * 1408U);
  std::size_t const chunks = l.chunk_count();
  rewind(2);
  BOOST_TEST(l.at == first);
  BOOST_TEST(l.cursor == before + 400);
  BOOST_TEST(l.end == first->end);
  BOOST_TEST(l.used_bytes() == 400U);
  BOOST_TEST(l.peak() == 400U + 5 * 1408U);
  BOOST_TEST(l.chunk_count() == chunks);
  rewind();
  BOOST_TEST(l.used_bytes() == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_journal_grows_and_keeps_its_entries, lanes_on_shelf) {
  for (int d = 0; d < 14; ++d) {
    open();
    take_each(*this, std::make_integer_sequence<int, 5>{});
  }
  BOOST_TEST(journals_given == 2);
  BOOST_TEST(of<numbered<4>>().used_bytes() == 224U);
  rewind(3);
  BOOST_TEST(of<numbered<0>>().used_bytes() == 32U);
  BOOST_TEST(of<numbered<4>>().used_bytes() == 32U);
  rewind(1);
  lanes.for_each([](lane const& l) {
    BOOST_TEST(l.used_bytes() == 0U);
    BOOST_TEST(l.saved == 0U);
  });
}

BOOST_FIXTURE_TEST_CASE(the_journal_does_not_grow_with_the_history, lanes_on_shelf) {
  open();
  for (int i = 0; i < 1000; ++i) {
    open();
    take(of<double>(), 16);
    open();
    take(of<float>(), 16);
    if (i % 3 == 0) {
      keep();
      keep();  // into one that has saved both lanes, or takes the saves over
    } else {
      rewind(2);
    }
  }
  rewind();
  BOOST_TEST(journals_given == 0);
}

BOOST_FIXTURE_TEST_CASE(the_journal_has_room_for_as_many_as_were_asked_for, lanes_on_shelf) {
  BOOST_TEST(!lanes.needs_journal(lane_set::inline_saves - 1));
  BOOST_TEST(lanes.needs_journal(lane_set::inline_saves));
  std::size_t const size = lanes.journal_size_for(100);
  lanes.use_journal(shelf.bytes(size * sizeof(lane_save)), size);
  BOOST_TEST(!lanes.needs_journal(100));
}

BOOST_FIXTURE_TEST_CASE(kept_into_no_checkpoint_arrays_stay, lanes_on_shelf) {
  lane& l = of<double>();
  open();
  take(l, 64);
  keep();
  BOOST_TEST(l.used_bytes() == 64U);
  BOOST_TEST(l.saved == 0U);
  BOOST_TEST(l.ready == 0U);
  open();
  take(l, 16);
  rewind();
  BOOST_TEST(l.used_bytes() == 64U);
}

BOOST_FIXTURE_TEST_CASE(kept_into_one_that_saved_the_lane_its_own_save_holds, lanes_on_shelf) {
  lane& l = of<double>();
  take(l, 16);
  open();
  take(l, 64);
  open();
  take(l, 128);
  keep();
  BOOST_TEST(l.saved == serial());
  BOOST_TEST(l.ready == serial());
  BOOST_TEST(l.used_bytes() == 208U);
  touch(l);  // saved already
  rewind();
  BOOST_TEST(l.used_bytes() == 16U);
  BOOST_TEST(l.saved == 0U);
}

BOOST_FIXTURE_TEST_CASE(kept_into_one_that_did_not_it_takes_over_the_save, lanes_on_shelf) {
  lane& doubles = of<double>();
  lane& floats = of<float>();
  open();
  take(floats, 16);
  open();
  open();
  take(doubles, 64);
  take(floats, 16);
  keep();  // the encloser has saved neither
  BOOST_TEST(doubles.saved == serial());
  BOOST_TEST(floats.ready == serial());
  take(doubles, 64);
  rewind();
  BOOST_TEST(doubles.used_bytes() == 0U);
  BOOST_TEST(floats.used_bytes() == 16U);
  BOOST_TEST(floats.saved == serial());  // what the outermost had saved it still has
  rewind();
  BOOST_TEST(floats.used_bytes() == 0U);
}

BOOST_FIXTURE_TEST_CASE(kept_several_times_arrays_fall_with_the_last_checkpoint, lanes_on_shelf) {
  for (int d = 0; d < 5; ++d) {
    open();
    take(of<double>(), 400);
    if (d % 2 == 0) take(of<float>(), 304);
  }
  for (int d = 0; d < 4; ++d) keep();
  BOOST_TEST(of<double>().used_bytes() == 2000U);
  BOOST_TEST(of<float>().used_bytes() == 912U);
  rewind();
  BOOST_TEST(of<double>().used_bytes() == 0U);
  BOOST_TEST(of<float>().used_bytes() == 0U);
}

BOOST_FIXTURE_TEST_CASE(arrays_beside_a_lane_fall_back_with_it, lanes_on_shelf) {
  lane& l = of<double>();
  open();
  take(l, 64);
  BOOST_TEST(take(l, 100'000) == nullptr);
  open();
  BOOST_TEST(take(l, 50'000) == nullptr);
  take(l, 16);
  BOOST_TEST(l.used_bytes() == 150'080U);
  rewind();
  BOOST_TEST(l.used_bytes() == 100'064U);
  BOOST_TEST(l.peak() == 150'080U);
  BOOST_TEST(l.chain_peak() == 80U);
  rewind();
  BOOST_TEST(l.used_bytes() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_reset_empties_every_lane_and_keeps_the_chunks, lanes_on_shelf) {
  lane& l = of<double>();
  std::byte* const first = take(l, 400);
  take(l, 400);
  take(of<numbered<0>>(), 16);
  BOOST_TEST(take(l, 5008) == nullptr);  // it lies beside
  l.unscoped_arrays = 2;
  open();
  take(l, 5008);
  std::size_t const chunks = l.chunk_count();
  reset();
  lanes.for_each([](lane const& each) { BOOST_TEST(each.used_bytes() == 0U); });
  BOOST_TEST(l.unscoped_arrays == 0U);
  BOOST_TEST(l.chunk_count() == chunks);
  BOOST_TEST(take(l, 400) == first);
}

BOOST_FIXTURE_TEST_CASE(chunks_grow_by_doubling_up_to_the_largest, lanes_on_shelf) {
  lane& l = of<double>();
  std::size_t former = 0;
  for (std::size_t const expected : {512U, 1024U, 2048U, 4096U, 4096U}) {
    while (l.reserved_bytes() == former) take(l, 64);
    BOOST_TEST(l.reserved_bytes() - former == expected);
    former = l.reserved_bytes();
  }
}

BOOST_FIXTURE_TEST_CASE(the_first_chunk_has_room_for_the_first_array, lanes_on_shelf) {
  lane& l = of<double>();
  take(l, 1008);
  BOOST_TEST(l.chunk_count() == 1U);
  BOOST_TEST(l.reserved_bytes() == 1024U + chunk_alignment);  // in whole lines
}

BOOST_FIXTURE_TEST_CASE(held_lanes_are_ready_for_nobody, lanes_on_shelf) {
  lane& l = of<double>();
  open();
  take(l, 16);
  lanes.hold(true);
  BOOST_TEST(l.ready == 0U);
  BOOST_TEST(l.saved == serial());
  open();
  take(l, 16);
  BOOST_TEST(l.ready == 0U);
  rewind();
  BOOST_TEST(l.ready == 0U);
  open();
  take(l, 16);
  keep();
  BOOST_TEST(l.ready == 0U);
  lanes.hold(false);
  BOOST_TEST(l.ready == serial());
  rewind();
  BOOST_TEST(l.used_bytes() == 0U);
}
