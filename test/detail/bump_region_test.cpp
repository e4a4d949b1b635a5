// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/bump_region.hpp>

using tidemark::detail::bump_region;
using tidemark::detail::large_block_bytes;

namespace {

struct region_on_a_buffer {
  alignas(4096) static inline std::array<std::byte, 16384> buffer;

  bump_region region{buffer.data(), buffer.data() + buffer.size(), buffer.data()};

  static std::byte* at(std::size_t offset) { return buffer.data() + offset; }
  void* small(std::size_t bytes, std::size_t alignment) {
    void* block = nullptr;
    return region.take_small(bytes, alignment, block) ? block : nullptr;
  }
  void leave(std::size_t bytes) { region.cursor = region.end - bytes; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(bump_region_, region_on_a_buffer)

BOOST_AUTO_TEST_CASE(an_empty_region_has_room_for_nothing) {
  region = {};
  for (std::size_t const alignment : {std::size_t{1}, std::size_t{4096}, SIZE_MAX / 2 + 1}) {
    for (std::size_t const bytes : {std::size_t{1}, std::size_t{100}, SIZE_MAX}) {
      BOOST_TEST((small(bytes, alignment) == nullptr));
      BOOST_TEST((region.take(bytes, alignment) == nullptr));
    }
  }
  BOOST_TEST((region.cursor == nullptr));
}

BOOST_AUTO_TEST_CASE(blocks_follow_each_other_with_padding_only_where_alignment_asks) {
  BOOST_TEST(small(3, 1) == at(0));
  BOOST_TEST(small(1, 1) == at(3));
  BOOST_TEST(small(8, 8) == at(8));
  BOOST_TEST(small(24, 16) == at(16));
  BOOST_TEST(region.take(5, 2) == at(40));
  BOOST_TEST(region.take(1, 4096) == at(4096));
  BOOST_TEST(region.cursor == at(4097));
}

BOOST_AUTO_TEST_CASE(a_block_may_end_where_the_region_ends) {
  leave(10);
  BOOST_TEST((small(11, 1) == nullptr));
  BOOST_TEST((region.take(11, 1) == nullptr));
  BOOST_TEST(small(4, 1) == region.end - 10);
  BOOST_TEST((small(4, 8) == nullptr));
  BOOST_TEST(region.take(6, 1) == region.end - 6);
  BOOST_TEST(region.cursor == region.end);
  BOOST_TEST((small(1, 1) == nullptr));
  BOOST_TEST((region.take(1, 1) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_small_block_may_end_where_the_region_ends) {
  leave(10);
  BOOST_TEST(small(10, 1) == region.end - 10);
  BOOST_TEST(region.cursor == region.end);
}

BOOST_AUTO_TEST_CASE(the_hot_half_leaves_0_and_large_blocks_to_the_slow_one) {
  BOOST_TEST((small(0, 1) == nullptr));
  BOOST_TEST((small(large_block_bytes, 1) == nullptr));
  BOOST_TEST((small(SIZE_MAX, 1) == nullptr));
  BOOST_TEST(region.cursor == at(0));
  BOOST_TEST(small(large_block_bytes - 1, 1) == at(0));
  BOOST_TEST(region.take(large_block_bytes, 1) == at(large_block_bytes - 1));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_changes_nothing) {
  region.cursor = at(1);
  BOOST_TEST((small(1, SIZE_MAX / 2 + 1) == nullptr));  // aligned to 2^63
  for (std::size_t const bytes :
       {SIZE_MAX, SIZE_MAX - 4096, SIZE_MAX / 2 + 1, buffer.size(), buffer.size() + 1}) {
    for (std::size_t const alignment : {std::size_t{1}, std::size_t{4096}, SIZE_MAX / 2 + 1}) {
      BOOST_TEST((region.take(bytes, alignment) == nullptr));
    }
  }
  BOOST_TEST(region.cursor == at(1));
  // The padding alone is larger than what is left.
  region.end = at(100);
  BOOST_TEST((small(1, 128) == nullptr));
  BOOST_TEST((region.take(1, 128) == nullptr));
  BOOST_TEST(region.cursor == at(1));
}

BOOST_AUTO_TEST_CASE(a_parked_region_sends_every_request_to_the_slow_half) {
  region.end = region.cursor;
  BOOST_TEST((small(1, 1) == nullptr));
  region = {};
  BOOST_TEST((small(1, 1) == nullptr));
}

BOOST_AUTO_TEST_CASE(the_top_block_ends_at_the_cursor) {
  region.cursor = at(100);
  BOOST_TEST(region.is_top(at(60), 40));
  BOOST_TEST(!region.is_top(at(60), 39));
  BOOST_TEST(!region.is_top(at(60), 41));
  BOOST_TEST(!region.is_top(at(20), 40));
  BOOST_TEST(!region.is_top(at(140), 40));
}

BOOST_AUTO_TEST_CASE(a_block_below_the_floor_is_not_the_top_one) {
  region.cursor = region.floor = at(100);
  BOOST_TEST(!region.is_top(at(60), 40));
  void* const block = small(8, 1);
  BOOST_TEST(region.is_top(static_cast<std::byte*>(block), 8));
  BOOST_TEST(!region.is_top(at(60), 48));
}

BOOST_AUTO_TEST_CASE(the_top_block_grows_and_shrinks_in_place) {
  auto* const block = static_cast<std::byte*>(small(40, 8));
  BOOST_TEST(region.resize_top(block, 1));
  BOOST_TEST(region.cursor == block + 1);
  BOOST_TEST(region.resize_top(block, buffer.size()));
  BOOST_TEST(region.cursor == region.end);
  BOOST_TEST(!region.resize_top(block, buffer.size() + 1));
  BOOST_TEST(!region.resize_top(block, SIZE_MAX));
  BOOST_TEST(region.cursor == region.end);
}

BOOST_AUTO_TEST_SUITE_END()
