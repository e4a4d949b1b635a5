// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/detail/lane.hpp>

#include "support/chunk_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::chunk_shelf;

namespace {

struct particle {
  double x, y;
};
template <int>
struct numbered {};
template <std::size_t Alignment>
struct alignas(Alignment) aligned {
  char value;
};

constexpr std::size_t header = chunk_alignment;

// A lane with chunks of 256, 512 and 1024 bytes.
struct three_chunks {
  chunk_shelf shelf;
  lane l;

  three_chunks() {
    for (std::size_t bytes : {256U, 512U, 1024U}) l.give(shelf.make(bytes + header));
  }
  // A chunk that the lane has, counted from its first.
  chunk* nth(int n) const {
    chunk* c = l.head;
    for (; n != 0; --n) c = c->next;
    return c;
  }
  static int length(chunk const* list) {
    int n = 0;
    for (; list != nullptr; list = list->next) ++n;
    return n;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(built_in_types_have_the_first_eight_numbers_each_its_own) {
  std::uint32_t const numbers[] = {
      built_in_number<double>(),
      built_in_number<float>(),
      built_in_number<std::int64_t>(),
      built_in_number<std::int32_t>(),
      built_in_number<std::complex<double>>(),
      built_in_number<std::complex<float>>(),
      built_in_number<bool>(),
      built_in_number<bit_words>(),
  };
  for (std::uint32_t i = 0; i < built_in_lanes; ++i) BOOST_TEST(numbers[i] == i);
  BOOST_TEST(number_of(type_of<float>) == 1U);
}

BOOST_AUTO_TEST_CASE(any_other_type_takes_a_number_at_its_first_use_and_keeps_it) {
  BOOST_TEST(type_of<numbered<0>>.number == lane_type::unnumbered);
  std::uint32_t const first = number_of(type_of<numbered<0>>);
  std::uint32_t const second = number_of(type_of<numbered<1>>);
  BOOST_TEST(first >= built_in_lanes);
  BOOST_TEST(second == first + 1);
  BOOST_TEST(number_of(type_of<numbered<0>>) == first);
  BOOST_TEST(type_of<numbered<1>>.number == second);
}

BOOST_AUTO_TEST_CASE(a_type_is_known_by_its_name_size_and_alignment) {
  BOOST_TEST(type_of<double>.name == "double");
  BOOST_TEST(type_of<bit_words>.name == "bits");
  BOOST_TEST(type_of<bit_words>.element_bytes == 8U);
  BOOST_TEST(type_of<std::complex<float>>.name == "std::complex<float>");
  BOOST_TEST(type_of<particle>.name.ends_with("particle"));
  BOOST_TEST(type_of<particle>.element_bytes == 16U);
  BOOST_TEST(type_of<particle>.element_alignment == 8U);
}

BOOST_AUTO_TEST_CASE(an_array_takes_whole_16_bytes) {
  static_assert(array_bytes(0, 8) == 0);
  static_assert(array_bytes(1, 1) == 16);
  static_assert(array_bytes(16, 1) == 16);
  static_assert(array_bytes(17, 1) == 32);
  static_assert(array_bytes(1, 24) == 32);
  static_assert(array_bytes(3, 8) == 32);
  static_assert(array_bytes(5, 12) == 64);
}

BOOST_AUTO_TEST_CASE(arrays_are_aligned_to_16_bytes_or_as_their_elements_need_more) {
  BOOST_TEST(type_of<char>.alignment() == 16U);
  BOOST_TEST(type_of<double>.alignment() == 16U);
  BOOST_TEST(type_of<aligned<16>>.alignment() == 16U);
  BOOST_TEST(type_of<aligned<64>>.alignment() == 64U);
  BOOST_TEST(type_of<aligned<128>>.alignment() == 128U);
}

BOOST_AUTO_TEST_CASE(a_lane_without_a_chunk_has_no_room_and_holds_nothing) {
  lane l;
  BOOST_TEST(l.take(16) == nullptr);
  BOOST_TEST(l.used_bytes() == 0U);
  BOOST_TEST(l.peak() == 0U);
  BOOST_TEST(l.reserved_bytes() == 0U);
  BOOST_TEST(l.chunk_count() == 0U);
  BOOST_TEST(l.take_idle() == nullptr);
  l.rewind_to_start();
  BOOST_TEST(l.cursor == nullptr);
  BOOST_TEST(l.at == nullptr);
}

BOOST_FIXTURE_TEST_CASE(arrays_lie_one_behind_the_other, three_chunks) {
  std::byte* const a = l.take(48);
  std::byte* const b = l.take(16);
  BOOST_TEST(a == nth(0)->begin);
  BOOST_TEST(b == a + 48);
  BOOST_TEST(l.used_bytes() == 64U);
  BOOST_TEST(l.reserved_bytes() == 256U + 512U + 1024U + 3 * header);
  BOOST_TEST(l.chunk_count() == 3U);
}

BOOST_FIXTURE_TEST_CASE(an_array_that_fits_to_the_byte_stays_in_the_chunk, three_chunks) {
  l.take(64);
  BOOST_TEST(l.take(192) == nth(0)->begin + 64);
  BOOST_TEST(l.cursor == l.end);
  BOOST_TEST(l.take(512) == nth(1)->begin);
  BOOST_TEST(l.at == nth(1));
  BOOST_TEST(l.used_bytes() == 768U);
}

BOOST_FIXTURE_TEST_CASE(what_does_not_fit_enters_the_next_chunk_that_is_large_enough,
                        three_chunks) {
  l.take(208);
  BOOST_TEST(l.take(608) == nth(2)->begin);  // the second is skipped
  BOOST_TEST(l.used_bytes() == 816U);        // and the rest of the first is not in use
  BOOST_TEST(l.take(432) == nullptr);
  BOOST_TEST(l.used_bytes() == 816U);  // nothing was taken
  BOOST_TEST(l.take(416) == nth(2)->begin + 608);
}

BOOST_FIXTURE_TEST_CASE(a_size_near_the_largest_number_does_not_fit, three_chunks) {
  l.take(16);
  BOOST_TEST(l.take(SIZE_MAX - 15) == nullptr);
  BOOST_TEST(l.used_bytes() == 16U);
}

BOOST_FIXTURE_TEST_CASE(back_at_the_start_the_same_arrays_find_the_same_places, three_chunks) {
  std::byte* const a = l.take(240);
  std::byte* const b = l.take(240);
  l.note_peak();
  l.rewind_to_start();
  BOOST_TEST(l.used_bytes() == 0U);
  BOOST_TEST(l.take(240) == a);
  BOOST_TEST(l.take(240) == b);
  BOOST_TEST(l.used_bytes() == 480U);
}

BOOST_FIXTURE_TEST_CASE(the_peak_counts_what_lies_beside_as_well, three_chunks) {
  l.take(96);
  l.note_peak();
  l.beside_bytes = 5000;
  BOOST_TEST(l.used_bytes() == 5096U);
  BOOST_TEST(l.peak() == 5096U);
  BOOST_TEST(l.chain_peak() == 96U);
  l.note_peak();
  l.beside_bytes = 0;
  l.rewind_to_start();
  l.take(208);
  BOOST_TEST(l.peak() == 5096U);
  BOOST_TEST(l.chain_peak() == 208U);
}

BOOST_FIXTURE_TEST_CASE(the_peak_is_known_across_chunks, three_chunks) {
  l.take(240);
  l.take(512);
  l.take(16);  // does not fit any more: the third chunk
  BOOST_TEST(l.peak() == 768U);
  l.note_peak();
  l.rewind_to_start();
  l.take(16);
  BOOST_TEST(l.peak() == 768U);
}

BOOST_FIXTURE_TEST_CASE(an_empty_lane_gives_every_chunk_up, three_chunks) {
  l.take(240);
  l.take(240);
  l.note_peak();
  l.rewind_to_start();
  chunk* const first = nth(0);
  BOOST_TEST(l.take_idle() == first);
  BOOST_TEST(length(first) == 3);
  BOOST_TEST(l.head == nullptr);
  BOOST_TEST(l.tail == nullptr);
  BOOST_TEST(l.at == nullptr);
  BOOST_TEST(l.cursor == nullptr);
  BOOST_TEST(l.end == nullptr);
  BOOST_TEST(l.peak() == 480U);  // as before
  l.give(shelf.make(256 + header));
  BOOST_TEST((l.take(256) != nullptr));
}

BOOST_FIXTURE_TEST_CASE(the_chunk_in_use_and_those_before_it_stay, three_chunks) {
  l.take(240);
  std::byte* const array = l.take(240);
  chunk* const third = nth(2);
  BOOST_TEST(l.take_idle() == third);
  BOOST_TEST(length(third) == 1);
  BOOST_TEST(l.tail == nth(1));
  BOOST_TEST(l.used_bytes() == 480U);
  BOOST_TEST(l.cursor == array + 240);
  BOOST_TEST(l.take_idle() == nullptr);
}

BOOST_FIXTURE_TEST_CASE(while_a_checkpoint_has_saved_the_lane_its_chunk_stays, three_chunks) {
  l.saved = 7;
  BOOST_TEST(length(l.take_idle()) == 2);
  BOOST_TEST(l.at == l.head);
  BOOST_TEST(l.tail == l.head);
}

BOOST_FIXTURE_TEST_CASE(what_no_array_has_entered_since_the_last_time_is_given_up, three_chunks) {
  l.take(96);
  l.take(304);
  l.rewind_to_start();
  BOOST_TEST(l.take_idle_since_last() == nullptr);  // the third was given: it was needed
  l.take(96);
  l.take(304);  // most of the first is wasted: bytes alone would not say that it needs two chunks
  l.note_peak();
  l.rewind_to_start();
  BOOST_TEST(length(l.take_idle_since_last()) == 1);
  BOOST_TEST(l.chunk_count() == 2U);
  l.take(16);
  l.note_peak();
  l.rewind_to_start();
  BOOST_TEST(length(l.take_idle_since_last()) == 1);
  BOOST_TEST(l.chunk_count() == 1U);
  BOOST_TEST(length(l.take_idle_since_last()) == 1);
  BOOST_TEST(l.head == nullptr);
  BOOST_TEST(l.peak() == 400U);
}

BOOST_FIXTURE_TEST_CASE(what_is_in_use_is_never_given_up, three_chunks) {
  l.take(256);
  std::byte* const array = l.take(304);
  BOOST_TEST(l.take_idle_since_last() == nullptr);
  BOOST_TEST(length(l.take_idle_since_last()) == 1);
  BOOST_TEST(l.take_idle_since_last() == nullptr);
  BOOST_TEST(l.cursor == array + 304);
  l.note_peak();
  l.rewind_to_start();
  BOOST_TEST(l.take_idle_since_last() == nullptr);  // it was, since
  BOOST_TEST(length(l.take_idle_since_last()) == 2);
}
