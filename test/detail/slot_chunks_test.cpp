// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <new>
#include <set>
#include <tidemark/detail/slot_chunks.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

using namespace tidemark::detail;
using tidemark::testing::checked_upstream;

namespace {

using small = slot_chunks<4, 4>;        // 64 in the first chunk, 16384 in the largest
using big = slot_chunks<300, 4>;        // 2 in the first chunk
using huge = slot_chunks<300'000, 64>;  // every chunk holds one

template <class Chunks>
void take_many(Chunks& chunks, std::uint32_t count, checked_upstream& upstream) {
  for (std::uint32_t i = 0; i < count; ++i) BOOST_REQUIRE(chunks.take(upstream) == i);
}

// Whether slots 0, 1, ... lie one behind another in chunks of the sizes that `slots_of` tells.
template <class Chunks>
bool lies_in_chunks(Chunks const& chunks) {
  std::size_t index = 0;
  std::set<void const*> firsts;
  for (std::size_t chunk = 0; index < chunks.used(); ++chunk) {
    auto const* const first = &chunks.at(index);
    if (!firsts.insert(first).second) return false;
    for (std::size_t i = 0; i < Chunks::slots_of(chunk) && index < chunks.used(); ++i, ++index) {
      if (&chunks.at(index) != first + i) return false;
    }
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_CASE(chunks_double_up_to_the_largest) {
  BOOST_TEST(small::slots_of(0) == 64U);
  BOOST_TEST(small::slots_of(1) == 64U);
  BOOST_TEST(small::slots_of(2) == 128U);
  BOOST_TEST(small::slots_of(9) == 16384U);
  BOOST_TEST(small::slots_of(10) == 16384U);
  BOOST_TEST(small::slots_of(100'000) == 16384U);
  BOOST_TEST(big::slots_of(0) == 2U);
  BOOST_TEST(huge::slots_of(0) == 1U);
  BOOST_TEST(huge::slots_of(7) == 1U);
}

BOOST_AUTO_TEST_CASE(every_index_has_a_place_of_its_own) {
  checked_upstream upstream;
  small of_small;
  take_many(of_small, 70'000, upstream);
  BOOST_TEST(lies_in_chunks(of_small));
  big of_big;
  take_many(of_big, 5'000, upstream);
  BOOST_TEST(lies_in_chunks(of_big));
  huge of_huge;
  take_many(of_huge, 20, upstream);
  BOOST_TEST(lies_in_chunks(of_huge));
  of_small.release(upstream);
  of_big.release(upstream);
  of_huge.release(upstream);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(the_slot_that_became_free_last_is_taken_first_with_its_generation) {
  checked_upstream upstream;
  small chunks;
  take_many(chunks, 3, upstream);
  BOOST_TEST(chunks.at(1).generation == 0U);
  chunks.at(1).generation = 8;
  chunks.put_back(2);
  chunks.put_back(1);
  BOOST_TEST(chunks.take(upstream) == 1U);
  BOOST_TEST(chunks.at(1).generation == 8U);
  BOOST_TEST(chunks.take(upstream) == 2U);
  BOOST_TEST(chunks.take(upstream) == 3U);
  chunks.release(upstream);
}

BOOST_AUTO_TEST_CASE(live_slots_are_found_across_words_and_chunks) {
  checked_upstream upstream;
  small chunks;
  BOOST_TEST(chunks.next_live(0) == small::no_index);
  take_many(chunks, 1000, upstream);
  BOOST_TEST(chunks.next_live(0) == small::no_index);
  std::vector<std::uint32_t> const live{0, 1, 63, 64, 127, 128, 191, 192, 255, 256, 700, 999};
  for (std::uint32_t const each : live) chunks.set_live(each);
  std::vector<std::uint32_t> found;
  for (auto i = chunks.next_live(0); i != small::no_index; i = chunks.next_live(i + 1U)) {
    found.push_back(i);
  }
  BOOST_TEST(found == live, boost::test_tools::per_element());
  chunks.clear_live(64);
  BOOST_TEST(chunks.next_live(64) == 127U);
  BOOST_TEST(chunks.next_live(1000) == small::no_index);
  BOOST_TEST(chunks.next_live(SIZE_MAX) == small::no_index);
  chunks.release(upstream);
}

BOOST_AUTO_TEST_CASE(live_slots_are_found_in_chunks_smaller_than_a_word) {
  checked_upstream upstream;
  huge chunks;
  take_many(chunks, 9, upstream);
  chunks.set_live(3);
  chunks.set_live(8);
  BOOST_TEST(chunks.next_live(0) == 3U);
  BOOST_TEST(chunks.next_live(4) == 8U);
  chunks.release(upstream);
}

BOOST_AUTO_TEST_CASE(a_reserve_that_fails_changes_nothing) {
  for (std::size_t call = 1; call <= 4; ++call) {
    checked_upstream upstream;
    big chunks;
    take_many(chunks, 2, upstream);
    upstream.fail_at(call);
    BOOST_CHECK_THROW(chunks.reserve(20, upstream), std::bad_alloc);
    BOOST_TEST(chunks.slots() == 2U);
    chunks.reserve(20, upstream);
    BOOST_TEST(chunks.slots() == 32U);
    chunks.release(upstream);
    BOOST_TEST(upstream.complaint() == "");
  }
}

BOOST_AUTO_TEST_CASE(no_more_slots_are_reserved_than_there_can_be) {
  checked_upstream upstream;
  small chunks;
  BOOST_CHECK_THROW(chunks.reserve(small::max_slots() + 1, upstream), std::bad_alloc);
  BOOST_CHECK_THROW(chunks.reserve(SIZE_MAX, upstream), std::bad_alloc);
  BOOST_TEST(upstream.calls() == 0U);
  BOOST_TEST(small::max_slots() == (std::uint64_t{1} << 32U) - 16384U);
}

BOOST_AUTO_TEST_CASE(slots_are_aligned) {
  checked_upstream upstream;
  slot_chunks<64, 4096> chunks;
  take_many(chunks, 5, upstream);
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(chunks.at(i).bytes) % 4096 == 0U);
  }
  chunks.release(upstream);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_released_one_begins_again) {
  checked_upstream upstream;
  small chunks;
  take_many(chunks, 100, upstream);
  chunks.release(upstream);
  BOOST_TEST(upstream.complaint() == "");
  BOOST_TEST(chunks.slots() == 0U);
  BOOST_TEST(chunks.take(upstream) == 0U);
  chunks.release(upstream);
}
