// SPDX-License-Identifier: BSL-1.0

// Blocks of a space: freed, resized, merged into an outer scope.
// Bytes in use and their peak: frame_space_counts_test.cpp.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tidemark/detail/frame_space.hpp>
#include <tidemark/detail/poison.hpp>

#include "support/space_on_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::space_on_shelf;

namespace {

constexpr frame_sizes checked_sizes{
    .initial_bytes = 4096, .max_chunk_bytes = 65536, .recycle_outgrown = true, .checked = true};

// Whether all bytes have the fill of dead ones; they are accessible afterwards.
bool is_dead(std::byte* begin, std::size_t bytes) {
  make_accessible(begin, bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    if (begin[i] != std::byte{dead_fill}) return false;
  }
  return true;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(frame_space_blocks, space_on_shelf)

// Frees.

BOOST_AUTO_TEST_CASE(the_top_of_a_side_region_is_popped) {
  get(outer, true, 8);
  std::byte* const first = get(outer, false, 100, 1);
  std::byte* const second = get(outer, false, 50, 1);
  BOOST_TEST(!space.free(outer, to_cursor(), first, 100));
  BOOST_TEST(space.free(outer, to_cursor(), second, 50));
  BOOST_TEST(space.free(outer, to_cursor(), first, 100));
  BOOST_TEST(used() == 8U);
  BOOST_TEST(get(outer, false, 10, 1) == first);
}

BOOST_AUTO_TEST_CASE(a_small_block_in_the_middle_waits_for_its_scope) {
  std::byte* const block = get(outer, true, 100);
  get(outer, true, 100);
  BOOST_TEST(!space.free(outer, to_cursor(), block, 100));
  BOOST_TEST(used() == 204U);
}

BOOST_AUTO_TEST_CASE(a_large_block_of_the_chain_is_recycled) {
  std::byte* const block = get(outer, true, 2300);
  get(outer, true, 8);
  BOOST_TEST(space.free(outer, to_cursor(), block, 2300));
  BOOST_TEST(outer.eventful);
  std::size_t const before = used();
  BOOST_TEST(get(outer, true, 2200) != block);  // the first array given back became the table
  std::byte* const second = get(outer, true, 3000);
  get(outer, true, 8);
  BOOST_TEST(space.free(outer, to_cursor(), second, 3000));
  BOOST_TEST(get(outer, true, 3000) == second);
  BOOST_TEST(used() == before + 2200 + 3000 + 8);
}

BOOST_AUTO_TEST_CASE(an_array_in_a_former_chunk_is_recycled_too) {
  std::byte* const first = get(outer, true, 4000);
  std::byte* const second = get(outer, true, 8000);
  get(outer, true, 16000);
  BOOST_TEST(space.free(outer, to_cursor(), second, 8000));
  BOOST_TEST(space.free(outer, to_cursor(), first, 4000));
  BOOST_TEST(get(outer, true, 4000) == first);
}

BOOST_AUTO_TEST_CASE(an_array_beside_the_chain_is_recycled_too) {
  get(outer, true, 8);
  std::byte* const former = get(outer, false, 3000, 1);
  std::byte* const block = get(outer, false, 6000, 1);  // in a second side chunk
  get(outer, false, 10, 1);
  BOOST_TEST(space.free(outer, to_cursor(), former, 3000));
  BOOST_TEST(space.free(outer, to_cursor(), block, 6000));
  BOOST_TEST(get(outer, false, 6000, 1) == block);
}

BOOST_AUTO_TEST_CASE(nothing_is_recycled_where_the_option_says_so) {
  start({.initial_bytes = 8192,
         .max_chunk_bytes = 65536,
         .recycle_outgrown = false,
         .checked = false});
  std::byte* const block = get(outer, true, 3000);
  get(outer, true, 8);
  BOOST_TEST(space.free(outer, to_cursor(), block, 3000));
  BOOST_TEST((outer.outgrown == nullptr));
}

BOOST_AUTO_TEST_CASE(a_chunk_of_its_own_serves_the_next_block_of_its_class) {
  std::byte* const block = get(outer, true, 20000);
  get(outer, true, 30000);
  BOOST_TEST(space.free(outer, to_cursor(), block, 20000));
  BOOST_TEST(used() == 30000U);
  BOOST_TEST(get(outer, false, 19000) == block);
  BOOST_TEST(shelf.chunk_count() == 2);
}

BOOST_AUTO_TEST_CASE(only_blocks_of_the_scope_are_freed) {
  std::byte* const of_outer = get(outer, true, 2100, 1);
  open(inner);
  std::byte* const of_inner = get(inner, true, 1900, 1);
  std::byte* const in_next = get(inner, true, 5000, 1);
  std::byte* const own = get(inner, true, 20000);
  scope_extent const below_inner{inner.at, inner.cursor};
  BOOST_TEST(!space.free(inner, to_cursor(), of_outer, 2100));
  BOOST_TEST(!space.free(outer, below_inner, in_next, 5000));
  BOOST_TEST(!space.free(outer, below_inner, own, 20000));
  BOOST_TEST(!space.free(outer, below_inner, of_outer, 2101));
  BOOST_TEST(!space.free(inner, to_cursor(), of_inner, SIZE_MAX));
  BOOST_TEST(!space.free(inner, to_cursor(), in_next, 5001));
  BOOST_TEST(!space.free(inner, to_cursor(), shelf.bytes(4096), 4096));
  BOOST_TEST((outer.outgrown == nullptr && inner.outgrown == nullptr));
  BOOST_TEST(space.free(outer, below_inner, of_outer, 2100));
  BOOST_TEST(space.free(inner, to_cursor(), in_next, 5000));
}

BOOST_AUTO_TEST_CASE(a_scope_that_began_in_a_later_chunk_frees_nothing_in_a_former_one) {
  std::byte* const of_outer = get(outer, true, 3000);
  get(outer, true, 5000);
  open(inner);
  get(inner, true, 100);
  BOOST_TEST(!space.free(inner, to_cursor(), of_outer, 3000));
  BOOST_TEST((inner.outgrown == nullptr));
}

BOOST_AUTO_TEST_CASE(a_block_behind_64_newer_chunks_waits_for_its_scope) {
  start({.initial_bytes = 0, .max_chunk_bytes = 2048, .recycle_outgrown = true, .checked = false});
  std::byte* const oldest = get(outer, true, 2048);
  std::byte* const second = get(outer, true, 2048);
  for (int i = 0; i < 63; ++i) get(outer, true, 2048);
  BOOST_TEST(!space.free(outer, to_cursor(), oldest, 2048));
  BOOST_TEST(space.free(outer, to_cursor(), second, 2048));
  BOOST_TEST(space.free(outer, to_cursor(), oldest, 2048));
}

// Sizes in place.

BOOST_AUTO_TEST_CASE(the_top_block_is_resized_in_place_up_to_the_end_of_its_chunk) {
  std::byte* const block = get(outer, true, 100);
  BOOST_TEST(space.resize(outer, true, block, 100, 4096));
  BOOST_TEST(used() == 4096U);
  BOOST_TEST(!space.resize(outer, true, block, 4096, 4097));
  BOOST_TEST(!space.resize(outer, true, block, 4096, SIZE_MAX));
  BOOST_TEST(space.resize(outer, true, block, 4096, 0));
  BOOST_TEST(used() == 1U);
}

BOOST_AUTO_TEST_CASE(a_scope_that_is_not_on_top_resizes_only_beside) {
  std::byte* const block = get(outer, true, 100);
  BOOST_TEST(!space.resize(outer, false, block, 100, 101));
  std::byte* const beside = get(outer, false, 100);
  BOOST_TEST(space.resize(outer, false, beside, 100, 4096 - chunk_alignment));
  BOOST_TEST(!space.resize(outer, false, beside, 4032, 4033));
  BOOST_TEST(used() == 100U + 4032);
  BOOST_TEST(space.resize(outer, false, beside, 4032, 10));
  BOOST_TEST(used() == 110U);
}

BOOST_AUTO_TEST_CASE(a_block_in_the_middle_shrinks_but_does_not_grow) {
  std::byte* const block = get(outer, true, 104);
  get(outer, true, 8);
  BOOST_TEST(space.resize(outer, true, block, 104, 50));
  BOOST_TEST(!space.resize(outer, true, block, 50, 51));
  BOOST_TEST(used() == 112U);
}

BOOST_AUTO_TEST_CASE(a_block_with_a_chunk_of_its_own_grows_up_to_the_chunks_end) {
  std::byte* const block = get(outer, true, 20000);
  std::size_t const capacity = outer.own_chunks.front()->capacity();
  BOOST_TEST(!space.resize(outer, true, block, 20000, capacity + 1));
  BOOST_TEST(!space.resize(outer, true, block, 20000, SIZE_MAX));
  BOOST_TEST(used() == 20000U);
  BOOST_TEST(space.resize(outer, true, block, 20000, capacity));
  BOOST_TEST(used() == capacity);
  BOOST_TEST(space.free(outer, to_cursor(), block, capacity));
  BOOST_TEST(used() == 0U);
}

// Merges.

BOOST_AUTO_TEST_CASE(side_memory_of_an_inner_scope_becomes_the_outer_ones) {
  get(outer, true, 8);
  open(inner);
  std::byte* const block = get(inner, false, 100, 1);
  space.merge(inner, outer);
  BOOST_TEST((inner.side_chunks.empty() && inner.side.cursor == nullptr));
  BOOST_TEST(get(outer, false, 10, 1) == block + 100);
  BOOST_TEST(used() == 118U);
  space.drop(outer);
  BOOST_TEST(used() == 0U);
  BOOST_TEST((space.take_idle() != nullptr));
}

BOOST_AUTO_TEST_CASE(side_memory_of_both_scopes_is_kept_and_the_outer_one_goes_on) {
  get(outer, true, 8);
  open(inner);
  std::byte* const of_outer = get(outer, false, 100, 1);
  std::byte* const of_inner = get(inner, false, 2100, 1);
  get(inner, false, 1, 1);
  space.merge(inner, outer);
  BOOST_TEST(inner.side_chunks.empty());
  BOOST_TEST(get(outer, false, 10, 1) == of_outer + 100);
  BOOST_TEST(used() == 8U + 100 + 2100 + 1 + 10);
  BOOST_TEST(space.free(outer, to_cursor(), of_inner, 2100));  // found: its chunk's cursor is right
  space.drop(outer);
  BOOST_TEST(used() == 0U);
}

BOOST_AUTO_TEST_CASE(chunks_of_their_own_and_outgrown_arrays_pass_to_the_outer_scope) {
  start({.initial_bytes = 65536,
         .max_chunk_bytes = 65536,
         .recycle_outgrown = true,
         .checked = false});
  get(outer, true, 8);
  open(inner);
  std::byte* const own = get(inner, true, 20000);
  std::byte* const first = get(inner, true, 3000);
  std::byte* const second = get(inner, true, 2500);
  get(inner, true, 8);
  space.free(inner, to_cursor(), first, 3000);
  space.free(inner, to_cursor(), second, 2500);
  array_recycler* const table = inner.outgrown;
  space.merge(inner, outer);
  BOOST_TEST((inner.outgrown == nullptr && inner.own_chunks.empty()));
  BOOST_TEST(outer.outgrown == table);
  BOOST_TEST(space.free(outer, to_cursor(), own, 20000));

  open(inner);
  std::byte* const third = get(inner, true, 2100);
  std::byte* const fourth = get(inner, true, 4000);
  get(inner, true, 8);
  space.free(inner, to_cursor(), third, 2100);
  space.free(inner, to_cursor(), fourth, 4000);
  space.merge(inner, outer);
  BOOST_TEST((inner.outgrown == nullptr));
  BOOST_TEST(outer.outgrown == table);
  BOOST_TEST(get(outer, true, 4000) == fourth);
  BOOST_TEST(get(outer, true, 2500) == second);
}

// Checked spaces.

BOOST_AUTO_TEST_CASE(a_checked_space_takes_every_free_and_recycles_nothing) {
  start(checked_sizes);
  BOOST_TEST(space.quiet_free_bytes == 0U);
  std::byte* const block = get(outer, true, 24);
  std::byte* const large = get(outer, true, 3000);
  std::byte* const last = get(outer, true, 8);
  for (std::byte* const b : {block, large, last}) make_live(b, 8);
  BOOST_TEST(space.free(outer, to_cursor(), block, 24));
  BOOST_TEST(space.free(outer, to_cursor(), large, 3000));
  BOOST_TEST((outer.outgrown == nullptr));
  BOOST_TEST(is_dead(block, 24));
  BOOST_TEST(is_dead(large, 3000));
  BOOST_TEST((*last == std::byte{fresh_fill}));
  BOOST_TEST(!space.free(outer, to_cursor(), shelf.bytes(64), 8));
}

BOOST_AUTO_TEST_CASE(a_dropped_scope_of_a_checked_space_is_dead_and_what_encloses_it_is_not) {
  start(checked_sizes);
  std::byte* const kept = get(outer, true, 1000);
  make_live(kept, 1000);
  open(inner);
  std::byte* const near = get(inner, true, 1000);
  std::byte* const next = get(inner, true, 5000);
  std::byte* const beside = get(inner, false, 100);
  std::byte* const own = get(inner, true, 20000);
  make_live(near, 1000);
  make_live(next, 5000);
  make_live(beside, 100);
  make_live(own, 20000);
  space.drop(inner);
  BOOST_TEST(is_dead(near, 1000));
  BOOST_TEST(is_dead(next, 5000));
  BOOST_TEST(is_dead(beside, 100));
  BOOST_TEST(is_dead(own, 20000));
  for (std::size_t i = 0; i < 1000; ++i) BOOST_REQUIRE((kept[i] == std::byte{fresh_fill}));
}

BOOST_AUTO_TEST_CASE(memory_that_a_checked_space_gives_back_is_accessible) {
  start(checked_sizes);
  get(outer, true, 1000);
  get(outer, true, 20000);
  space.drop(outer);
  chunk* const idle = space.take_idle();
  chunk* const chain = space.take_chain();
  for (chunk* const c : {idle, chain}) {
    BOOST_REQUIRE((c != nullptr));
    std::memset(c->begin, 1, c->capacity());  // a sanitizer stops here if it is not
  }
}

BOOST_AUTO_TEST_SUITE_END()
