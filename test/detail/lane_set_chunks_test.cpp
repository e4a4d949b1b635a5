// SPDX-License-Identifier: BSL-1.0

// Which chunks the lanes of a set want, enter again and give up.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/lane_set.hpp>

#include "support/lanes_on_shelf.hpp"
#include "support/model_source.hpp"

using namespace tidemark::detail;
using tidemark::test::lanes_on_shelf;

namespace {

int length(chunk const* list) {
  int n = 0;
  for (; list != nullptr; list = list->next) ++n;
  return n;
}

// What a lane of this set takes without a chunk of its own: a quarter of the largest chunk.
constexpr std::size_t largest = lanes_on_shelf::max_chunk_bytes / 4;

// Nested checkpoints that only a seed tells from others; some are kept.
void random_history(lanes_on_shelf& s, model::command_source& source, int most_depth) {
  s.open();
  for (std::uint32_t n = source.below(10); n != 0; --n) {
    std::size_t const bytes = 16 * (1 + source.below(source.one_in(5) ? 150 : 20));
    switch (source.below(5)) {
      case 0:
        if (most_depth > 0) random_history(s, source, most_depth - 1);
        break;
      case 1:
        s.take(s.of<float>(), bytes);
        break;
      default:
        s.take(s.of<double>(), bytes);
    }
  }
  source.one_in(3) ? s.keep() : s.rewind();
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_array_of_a_quarter_of_the_largest_chunk_lies_in_the_lane,
                        lanes_on_shelf) {
  lane& l = of<double>();
  take(l, 16);
  BOOST_TEST((take(l, largest) != nullptr));
  auto const has_room = [&] { return static_cast<std::size_t>(l.end - l.cursor) > largest; };
  while (!has_room()) take(l, 64);
  std::byte* const place = l.cursor;
  BOOST_TEST(take(l, largest + 16) == place);  // a larger one, where the chunk in use has room
  while (has_room()) take(l, 64);
  BOOST_TEST(take(l, largest + 16) == nullptr);  // it would enter another
  BOOST_TEST(l.beside_bytes == largest + 16);
}

BOOST_FIXTURE_TEST_CASE(the_first_array_may_be_as_large_as_the_first_chunk, lanes_on_shelf) {
  lane_set large{2 * max_chunk_bytes, max_chunk_bytes};
  chunk_request wanted;
  lane& l = large.find(0);
  BOOST_TEST(large.take(l, 2 * max_chunk_bytes + 16, wanted) == nullptr);
  BOOST_TEST(wanted.payload_bytes == 0U);
  BOOST_TEST(large.take(l, 2 * max_chunk_bytes, wanted) == nullptr);
  BOOST_TEST(wanted.wanted_bytes == 2 * max_chunk_bytes + chunk_alignment);
  large.give(l, shelf.make(wanted.wanted_bytes), wanted);
  BOOST_TEST((large.take(l, 2 * max_chunk_bytes, wanted) != nullptr));
  BOOST_TEST(l.cursor == l.end);
}

BOOST_FIXTURE_TEST_CASE(a_size_near_the_largest_number_wants_no_chunk, lanes_on_shelf) {
  chunk_request wanted;
  BOOST_TEST(lanes.take(of<double>(), SIZE_MAX - 15, wanted) == nullptr);
  BOOST_TEST(wanted.payload_bytes == 0U);
}

BOOST_FIXTURE_TEST_CASE(checkpoints_that_found_no_chunk_fall_back_to_the_first_one,
                        lanes_on_shelf) {
  lane& l = of<double>();
  for (int d = 0; d < 3; ++d) {
    open();
    touch(l);
  }
  std::byte* const first = take(l, 64);
  take(l, 1008);
  rewind();
  BOOST_TEST(l.cursor == first);
  open();
  BOOST_TEST(take(l, 64) == first);
  rewind(1);
  BOOST_TEST(l.used_bytes() == 0U);
  BOOST_TEST(l.cursor == first);
}

BOOST_FIXTURE_TEST_CASE(a_chunk_that_a_checkpoint_falls_back_to_is_not_given_up, lanes_on_shelf) {
  lane& doubles = of<double>();
  lane& floats = of<float>();
  take(floats, 16);
  open();
  take(doubles, 400);
  open();
  for (int i = 0; i < 20; ++i) take(doubles, 400);
  for (int i = 0; i < 20; ++i) take(floats, 400);
  rewind();
  std::size_t const doubles_chunks = doubles.chunk_count();
  std::size_t const floats_chunks = floats.chunk_count();
  BOOST_TEST(length(lanes.take_idle()) == static_cast<int>(doubles_chunks + floats_chunks) - 2);
  BOOST_TEST(doubles.used_bytes() == 400U);
  BOOST_TEST(floats.used_bytes() == 16U);
  rewind();
  BOOST_TEST(doubles.used_bytes() == 0U);
  BOOST_TEST(length(lanes.take_idle()) == 1);  // of the lane that holds nothing
  BOOST_TEST(lanes.take_idle() == nullptr);
  BOOST_TEST((take(doubles, 400) != nullptr));
}

BOOST_FIXTURE_TEST_CASE(a_lane_that_was_emptied_grows_on_from_where_it_was, lanes_on_shelf) {
  lane& l = of<double>();
  for (int i = 0; i < 20; ++i) take(l, 400);
  reset();
  BOOST_TEST(length(lanes.take_idle()) > 3);
  chunk_request wanted;
  BOOST_TEST(lanes.take(l, 16, wanted) == nullptr);
  BOOST_TEST(wanted.wanted_bytes == 512U);  // the first is as the first always is
  for (int i = 0; i < 20; ++i) take(l, 400);
  reset();
  BOOST_TEST(length(lanes.take_all()) > 3);
  BOOST_TEST(l.next_chunk_bytes == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_arrays_needed_since_the_last_time_stays_with_the_lanes,
                        lanes_on_shelf) {
  lane& l = of<double>();
  take(of<float>(), 16);
  for (int i = 0; i < 20; ++i) take(l, 400);
  reset();
  BOOST_TEST(lanes.take_idle_since_last() == nullptr);
  take(l, 400);
  take(l, 400);
  reset();
  std::size_t const chunks = l.chunk_count();
  BOOST_TEST(length(lanes.take_idle_since_last()) == static_cast<int>(chunks - 2) + 1);
  BOOST_TEST(l.chunk_count() == 2U);
  BOOST_TEST(of<float>().chunk_count() == 0U);
}

BOOST_AUTO_TEST_CASE(equal_histories_find_the_same_chunks_again) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    lanes_on_shelf s;
    int chunks = 0;
    std::byte const* places[3] = {};
    for (int round = 0; round < 4; ++round) {
      model::command_source source{seed};
      for (int i = 0; i < 5; ++i) random_history(s, source, 6);
      BOOST_TEST(s.depth == 0U);
      places[round % 3] = s.of<double>().cursor;
      if (round == 0) chunks = s.shelf.chunk_count();
      BOOST_TEST(s.shelf.chunk_count() == chunks, "seed " << seed);
      s.reset();
    }
    BOOST_TEST(places[0] == places[1]);
    BOOST_TEST(places[1] == places[2]);
  }
}
