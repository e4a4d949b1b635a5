// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/block_engine.hpp>
#include <tidemark/detail/poison.hpp>
#include <vector>

#include "support/engine_of_blocks.hpp"

using namespace tidemark::detail;
using tidemark::test::checked_engine_of_blocks;

extern "C" __attribute__((weak)) int __asan_address_is_poisoned(void const volatile*);

namespace {

constexpr std::byte written{0x42};

struct checked_engine : checked_engine_of_blocks {
  std::byte* take_written(std::uint32_t index, std::uint32_t depth = 0) {
    std::byte* const block = take(index, depth);
    std::fill_n(block, sizes[index], written);
    return block;
  }
  std::byte* take_large_written(std::size_t bytes, std::uint32_t depth) {
    auto* const block = static_cast<std::byte*>(take_large(bytes, depth).block());
    std::fill_n(block, bytes, written);
    return block;
  }
  /// Whether the bytes are filled, behind the link of a free block, and no tool lets them be read.
  /// They can be read from then on.
  static bool are_dead(std::byte* begin, std::size_t bytes) {
    bool dead = true;
    for (std::size_t i = 0; i < bytes && address_sanitizer_present(); ++i) {
      dead = dead && __asan_address_is_poisoned(begin + i) != 0;
    }
    make_accessible(begin, bytes);
    return dead && std::all_of(begin + sizeof(free_block), begin + bytes,
                               [](std::byte b) { return b == std::byte{dead_fill}; });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(block_engine_checked_, checked_engine)

BOOST_AUTO_TEST_CASE(inline_halves_never_find_a_block_nor_a_checkpoint_that_is_ready) {
  open();
  engine.put(take(0), 0);
  engine.put(take(0, 1), 0);
  BOOST_TEST((classes[0].head == nullptr));
  BOOST_TEST((take_inline(0, 1) == nullptr));
  BOOST_TEST(!engine.can_open());
  engine.rewind_to(1);
  BOOST_TEST(!engine.can_open());
}

BOOST_AUTO_TEST_CASE(blocks_that_were_freed_are_dead_and_serve_again) {
  std::byte* const block = take_written(0);
  std::byte* const other = take_written(0);
  engine.put(block, 0);
  engine.put(other, 0);
  BOOST_TEST((take(0) == other));
  BOOST_TEST((take(0) == block));
  engine.put(block, 0);
  BOOST_TEST(are_dead(block, sizes[0]));
}

BOOST_AUTO_TEST_CASE(blocks_that_were_never_taken_are_dead) {
  std::byte* const block = take(2);
  BOOST_TEST(are_dead(block + sizes[2], 10 * sizes[2]));
}

BOOST_AUTO_TEST_CASE(blocks_that_were_rewound_are_dead) {
  open();
  std::byte* const block = take_written(1, 1);
  std::byte* const other = take_written(1);
  engine.rewind_to(1);
  BOOST_TEST(are_dead(block, sizes[1]));
  BOOST_TEST((*other == written && other[sizes[1] - 1] == written));
}

BOOST_AUTO_TEST_CASE(blocks_of_an_emptied_checkpoint_are_dead) {
  open();
  std::byte* const block = take_written(0, 1);
  engine.empty(1);
  BOOST_TEST(are_dead(block, sizes[0]));
}

// Slabs became accessible when they became idle, so nobody saw a late reader.
BOOST_AUTO_TEST_CASE(blocks_of_an_engine_that_was_reset_are_dead) {
  std::byte* const bare = take_written(0);
  open();
  std::byte* const held = take_written(1, 1);
  engine.reset();
  BOOST_TEST(are_dead(bare, sizes[0]));
  BOOST_TEST(are_dead(held, sizes[1]));
}

BOOST_AUTO_TEST_CASE(blocks_of_idle_slabs_are_dead) {
  std::byte* const block = take_written(0);
  engine.put(block, 0);
  engine.collect_idle_slabs();
  BOOST_TEST(are_dead(block, 2 * sizes[0]));
}

// Large blocks were left as they were.
BOOST_AUTO_TEST_CASE(large_blocks_that_were_rewound_are_dead_until_they_serve_again) {
  open();
  std::byte* const block = take_large_written(5000, 1);
  engine.rewind_to(1);
  BOOST_TEST((take_large_written(5000, 0) == block));
  engine.reset();
  BOOST_TEST(are_dead(block, 5000));
}

BOOST_AUTO_TEST_CASE(what_goes_back_upstream_is_accessible) {
  for (std::uint32_t c = 0; c < class_count; ++c) take_many(200, c);
  large_block& freed = take_large(5000, 0);
  make_red_zone(static_cast<std::byte*>(freed.block()) + 1000);
  free_large(freed);  // upstream writes to all that it gets back
  take_large(6000, 0);
  engine.reset();
  BOOST_TEST(give_back_idle_large() == 1U);
  BOOST_TEST(trim() > 0U);
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
}

BOOST_AUTO_TEST_CASE(an_idle_slab_serves_a_class_with_stamps_where_dead_blocks_are) {
  std::vector<std::byte*> const freed = take_many(63, 2);  // 200 bytes have more stamps than 1040
  for (std::byte* const block : freed) engine.put(block, 2);
  engine.collect_idle_slabs();
  open();
  std::vector<std::byte*> const held = take_many(300, 0, 1);
  BOOST_TEST((slab_of(held[0], small_slab) == slab_of(freed[0], small_slab)));
  for (std::byte* const block : held) BOOST_TEST_REQUIRE(stamp(block, 0) == 1U);
  engine.rewind_to(1);
  BOOST_TEST(live(0) == 0U);
}

BOOST_AUTO_TEST_CASE(slabs_leave_a_list_of_dead_blocks_as_they_leave_that_of_others) {
  std::size_t const count = infos[0].layout.block_count;
  std::vector<std::byte*> const blocks = take_many(3 * count, 0);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i != count + 1) engine.put(blocks[i], 0);
  }
  engine.collect_idle_slabs();
  slab const* const staying = slab_of(blocks[count + 1], small_slab);
  for (std::byte* const block : take_many(count - 1, 0)) {
    BOOST_TEST_REQUIRE((slab_of(block, small_slab) == staying));
  }
  BOOST_TEST((slab_of(take(0), small_slab) != staying));
}

BOOST_AUTO_TEST_SUITE_END()
