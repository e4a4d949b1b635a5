// SPDX-License-Identifier: BSL-1.0

// Bytes in use and their peak, which is exact whatever shrinks first.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <tidemark/detail/frame_space.hpp>

#include "support/space_on_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::space_on_shelf;

BOOST_FIXTURE_TEST_SUITE(frame_space_counts, space_on_shelf)

BOOST_AUTO_TEST_CASE(padding_is_in_use_and_the_unused_end_of_a_chunk_is_not) {
  get(outer, true, 1, 1);
  get(outer, true, 8, 64);
  BOOST_TEST(used() == 72U);
  get(outer, true, 5000, 8);
  BOOST_TEST(used() == 5072U);
  get(outer, true, 7000, 8);
  BOOST_TEST(used() == 12072U);
  get(outer, false, 1, 1);
  get(outer, false, 8, 64);
  BOOST_TEST(used() == 12144U);
  std::byte* const own = get(outer, true, 20000, 8192);
  std::size_t const padding = outer.own_chunks.front()->used() - 20000;
  BOOST_TEST(used() == 32144 + padding);
  BOOST_TEST(space.free(outer, to_cursor(), own, 20000));
  BOOST_TEST(used() == 12144U);
}

BOOST_AUTO_TEST_CASE(a_pop_and_then_a_block_beside_do_not_add_up_to_a_peak) {
  std::byte* const block = get(outer, true, 1000);
  space.pop_main(block);
  BOOST_TEST(peak() == 1000U);
  get(outer, false, 600);
  BOOST_TEST(peak() == 1000U);
  get(outer, false, 600);
  BOOST_TEST(peak() == 1200U);
  get(outer, true, 1000);
  BOOST_TEST(peak() == 2200U);
}

BOOST_AUTO_TEST_CASE(a_pop_and_then_a_chunk_of_its_own_do_not_add_up_to_a_peak) {
  space.pop_main(get(outer, true, 1000));
  get(outer, true, 20000);
  BOOST_TEST(peak() == 20000U);
}

BOOST_AUTO_TEST_CASE(what_shrinks_beside_is_noted_before) {
  get(outer, true, 8);
  std::byte* const beside = get(outer, false, 1000);
  space.free(outer, to_cursor(), beside, 1000);
  BOOST_TEST(peak() == 1008U);
  std::byte* const grown = get(outer, false, 3000);
  space.resize(outer, false, grown, 3000, 100);
  BOOST_TEST(peak() == 3008U);
}

BOOST_AUTO_TEST_CASE(a_pop_and_then_the_next_chunk_do_not_lose_the_peak) {
  std::byte* const block = get(outer, true, 4096);
  space.pop_main(block + 100);
  // The padding is too large for the first chunk; the second one begins at a page and needs none.
  std::size_t const over_page = address_of(space.head()->end) % 4096;
  shelf.bytes(2 * 4096 - chunk_alignment - over_page);
  std::byte* const next = get(outer, true, 128, 4096);
  BOOST_TEST(next == space.current()->begin);
  BOOST_TEST(used() == 228U);
  BOOST_TEST(peak() == 4096U);
}

BOOST_AUTO_TEST_CASE(a_free_beside_and_then_a_block_do_not_add_up_to_a_peak) {
  get(outer, true, 8);
  std::byte* const beside = get(outer, false, 1000);
  std::byte* const own = get(outer, true, 20000);
  space.free(outer, to_cursor(), own, 20000);
  space.free(outer, to_cursor(), beside, 1000);
  BOOST_TEST(peak() == 21008U);
  get(outer, true, 2000);
  BOOST_TEST(peak() == 21008U);
  std::byte* const grown = get(outer, false, 100);
  space.resize(outer, false, grown, 100, 3000);
  space.resize(outer, false, grown, 3000, 100);
  get(outer, true, 19000);
  BOOST_TEST(peak() == 21108U);
}

BOOST_AUTO_TEST_CASE(a_peak_survives_drops_shrinking_and_the_next_chunk) {
  std::byte* const block = get(outer, true, 3000);
  space.resize(outer, true, block, 3000, 100);
  BOOST_TEST(peak() == 3000U);
  get(outer, true, 5000);  // 104 or 100 bytes, and the next chunk
  BOOST_TEST(peak() == 5100U);
  space.drop(outer);
  BOOST_TEST(used() == 0U);
  BOOST_TEST(peak() == 5100U);
  get(outer, true, 100);
  BOOST_TEST(peak() == 5100U);
  space.drop(outer);
  space.take_chain();
  BOOST_TEST(peak() == 5100U);
}

// Found a bug: growing a shrunken block to less than it had lowered the bytes in use unnoticed, and
// with them the peak.
BOOST_AUTO_TEST_CASE(
    a_block_that_shrank_in_a_chunk_of_its_own_grows_again_without_losing_the_peak) {
  std::byte* const block = get(outer, true, 20000);
  BOOST_TEST(space.resize(outer, true, block, 20000, 17000));
  BOOST_TEST(space.resize(outer, true, block, 17000, 18000));
  BOOST_TEST(peak() == 20000U);
  BOOST_TEST(space.resize(outer, true, block, 18000, 20300));
  BOOST_TEST(used() == 20300U);
  BOOST_TEST(peak() == 20300U);
  BOOST_TEST(space.free(outer, to_cursor(), block, 20300));
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
