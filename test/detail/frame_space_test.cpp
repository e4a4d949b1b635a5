// SPDX-License-Identifier: BSL-1.0

// How a space asks for chunks, what it takes them for, and what it does with them afterwards.
// Frees and sizes in place: frame_space_blocks_test.cpp. Counts: frame_space_counts_test.cpp.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/frame_space.hpp>
#include <vector>

#include "support/space_on_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::space_on_shelf;

BOOST_FIXTURE_TEST_SUITE(frame_space_, space_on_shelf)

BOOST_AUTO_TEST_CASE(a_fresh_space_holds_nothing) {
  BOOST_TEST((space.current() == nullptr && space.head() == nullptr));
  BOOST_TEST(space.used_bytes(space.main.cursor) == 0U);
  BOOST_TEST(space.peak_bytes(space.main.cursor) == 0U);
  BOOST_TEST(space.chain().chunk_count == 0U);
  BOOST_TEST((space.take_idle() == nullptr));
  BOOST_TEST((space.take_chain() == nullptr));
}

BOOST_AUTO_TEST_CASE(the_first_chunk_has_the_initial_capacity) {
  chunk_request const wanted = refused(outer, true, 100, 8);
  BOOST_TEST(wanted.for_chain);
  BOOST_TEST(wanted.payload_bytes == 100U);
  BOOST_TEST(wanted.wanted_bytes == 4096 + chunk_alignment);
  shelf.serve(space, wanted);
  BOOST_TEST((space.current() == nullptr));  // the chunk is there, but nobody took from it
  std::byte* const block = taken(outer, true, 100, 8);
  BOOST_TEST(block == space.head()->begin);
  BOOST_TEST(space.current() == space.head());
  BOOST_TEST(space.main.floor == block);
  BOOST_TEST(space.current()->capacity() == 4096U);
  BOOST_TEST(!outer.eventful);
}

BOOST_AUTO_TEST_CASE(the_first_chunk_is_as_large_as_its_first_block) {
  start({.initial_bytes = 0, .max_chunk_bytes = 65536, .recycle_outgrown = true, .checked = false});
  chunk_request const wanted = refused(outer, true, 5000, 256);
  BOOST_TEST(wanted.payload_bytes == 5000 + 192U);
  BOOST_TEST(wanted.wanted_bytes == round_up(5000 + 192 + 64, 64));
  shelf.serve(space, wanted);
  BOOST_TEST(padding_to(taken(outer, true, 5000, 256), 256) == 0U);
}

BOOST_AUTO_TEST_CASE(chunks_of_the_chain_double_up_to_the_largest) {
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 7; ++i) {
    chunk_request const wanted = next_refusal(outer, 1024);
    BOOST_TEST(wanted.for_chain);
    sizes.push_back(wanted.wanted_bytes);
    shelf.serve(space, wanted);
  }
  std::vector<std::size_t> const expected{4160, 8192, 16384, 32768, 65536, 65536, 65536};
  BOOST_TEST(sizes == expected, boost::test_tools::per_element());
  BOOST_TEST(space.chain().chunk_count == 7U);
  BOOST_TEST(space.chain().upstream_bytes == 4160U + 8192 + 16384 + 32768 + 3 * 65536);
  BOOST_TEST(outer.eventful);  // the chain moved on
}

BOOST_AUTO_TEST_CASE(a_block_over_a_quarter_of_the_largest_chunk_gets_a_chunk_of_its_own) {
  get(outer, true, 100);
  BOOST_TEST(refused(outer, true, 16384, 8).for_chain);
  chunk_request const wanted = refused(outer, true, 16385, 8);
  BOOST_TEST(!wanted.for_chain);
  BOOST_TEST(wanted.payload_bytes == 16385U);
  BOOST_TEST(wanted.wanted_bytes == size_class(16385 + chunk_alignment));
  BOOST_TEST(!outer.eventful);
  shelf.serve(space, wanted);
  std::byte* const block = taken(outer, true, 16385, 8);
  BOOST_TEST(block == outer.own_chunks.front()->begin);
  BOOST_TEST(outer.own_chunks.front()->used() == 16385U);
  BOOST_TEST(outer.eventful);
  BOOST_TEST(space.current() == space.head());
}

BOOST_AUTO_TEST_CASE(a_chunk_of_its_own_serves_any_alignment) {
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    std::byte* const block = get(outer, true, 20000, alignment);
    BOOST_TEST(padding_to(block, alignment) == 0U);
    chunk const& own = *outer.own_chunks.front();
    BOOST_TEST(own.cursor == block + 20000);
    BOOST_TEST(own.cursor <= own.end);
  }
}

BOOST_AUTO_TEST_CASE(what_no_chunk_could_hold_wants_none) {
  std::size_t const top_bit = SIZE_MAX / 2 + 1;
  for (bool const on_top : {true, false}) {
    BOOST_TEST(refused(outer, on_top, SIZE_MAX, 1).payload_bytes == 0U);
    BOOST_TEST(refused(outer, on_top, SIZE_MAX - 63, 64).payload_bytes == 0U);
    BOOST_TEST(refused(outer, on_top, 1, top_bit).payload_bytes == 0U);
  }
  get(outer, true, 100);
  BOOST_TEST(refused(outer, true, SIZE_MAX, 1).payload_bytes == 0U);
  BOOST_TEST(refused(outer, true, 1, top_bit).payload_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(absurd_options_are_brought_into_range) {
  start({.initial_bytes = SIZE_MAX,
         .max_chunk_bytes = SIZE_MAX,
         .recycle_outgrown = true,
         .checked = false});
  chunk_request const wanted = refused(outer, true, 1, 1);
  BOOST_TEST(wanted.wanted_bytes > SIZE_MAX / 4);
  BOOST_TEST(wanted.wanted_bytes < SIZE_MAX / 2);
  start({.initial_bytes = 0, .max_chunk_bytes = 0, .recycle_outgrown = true, .checked = false});
  BOOST_TEST(refused(outer, true, 512, 8).for_chain);  // a quarter of 2048
  BOOST_TEST(!refused(outer, true, 513, 8).for_chain);
}

BOOST_AUTO_TEST_CASE(blocks_of_0_bytes_are_unique) {
  std::byte* const first = get(outer, true, 0, 1);
  BOOST_TEST(get(outer, true, 0, 1) == first + 1);
  std::byte* const beside = get(outer, false, 0, 1);
  BOOST_TEST(get(outer, false, 0, 1) == beside + 1);
}

BOOST_AUTO_TEST_CASE(the_same_requests_find_the_same_chunks_again) {
  std::vector<std::byte*> former;
  int chunk_count = 0;
  for (int frame = 0; frame < 5; ++frame) {
    std::vector<std::byte*> blocks;
    for (std::size_t i = 0; i < 12; ++i) {
      for (std::size_t const bytes : {100U, 5000U, 3000U})
        blocks.push_back(get(outer, true, bytes));
      get(outer, true, 40000 + 3000 * i);  // a chunk of its own
      for (std::size_t const bytes : {10U, 700U, 3000U, 20000U}) get(outer, false, bytes);
    }
    if (frame == 0) {
      former = blocks;
      chunk_count = shelf.chunk_count();
    }
    BOOST_TEST(blocks == former, boost::test_tools::per_element());
    BOOST_TEST(shelf.chunk_count() == chunk_count);
    space.drop(outer);
    BOOST_TEST(used() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_chunk_that_is_too_small_is_passed_over_and_used_again_later) {
  get(outer, true, 4000);  // the first chunk is full
  get(outer, true, 8000);  // a second one of 8192
  get(outer, true, 9000);  // a third one of 16384
  chunk* const second = space.head()->next;
  chunk* const third = second->next;
  space.drop(outer);
  get(outer, true, 4000);
  std::byte* const block = get(outer, true, 9000);
  BOOST_TEST(space.current() == third);
  BOOST_TEST(block == third->begin);
  BOOST_TEST(second->used() == 0U);
  BOOST_TEST(space.used_bytes(space.main.cursor) == 13000U);
  space.drop(outer);
  get(outer, true, 4000);
  BOOST_TEST(get(outer, true, 100) == second->begin);
  BOOST_TEST(shelf.chunk_count() == 3);
}

BOOST_AUTO_TEST_CASE(side_chunks_double_and_leave_the_main_region_alone) {
  get(outer, true, 100);
  bump_region const before = space.main;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 200; ++i) {
    chunk const* const former = outer.side_chunks.front();
    get(outer, false, 1000);
    chunk const* const now = outer.side_chunks.front();
    if (now != former) sizes.push_back(now->upstream_bytes);
  }
  std::vector<std::size_t> const expected{4096, 8192, 16384, 32768, 65536, 65536, 65536};
  BOOST_TEST(sizes == expected, boost::test_tools::per_element());
  BOOST_TEST(space.main.cursor == before.cursor);
  BOOST_TEST(space.main.floor == before.floor);
  BOOST_TEST(outer.eventful);
}

BOOST_AUTO_TEST_CASE(two_scopes_never_share_a_side_chunk) {
  get(outer, true, 100);
  std::byte* const first = get(outer, false, 100, 1);
  std::byte* const other = get(inner, false, 100, 1);
  BOOST_TEST(outer.side_chunks.front() != inner.side_chunks.front());
  BOOST_TEST(get(outer, false, 100, 1) == first + 100);
  BOOST_TEST(get(inner, false, 100, 1) == other + 100);
}

BOOST_AUTO_TEST_CASE(a_drop_goes_back_to_where_the_scope_began) {
  get(outer, true, 1000);
  open(inner);
  std::byte* const began = space.main.cursor;
  get(inner, true, 6000);  // another chunk
  get(inner, true, 20000);
  get(inner, false, 100);
  get(outer, false, 300, 1);
  BOOST_TEST(space.current() != space.head());
  space.drop(inner);
  BOOST_TEST(space.current() == space.head());
  BOOST_TEST(space.main.cursor == began);
  BOOST_TEST(space.main.end == space.head()->end);
  BOOST_TEST((inner.side_chunks.empty() && inner.own_chunks.empty()));
  BOOST_TEST((inner.side.cursor == nullptr && inner.outgrown == nullptr));
  BOOST_TEST(space.used_bytes(began) == 1300U);
}

BOOST_AUTO_TEST_CASE(idle_memory_is_taken_but_nothing_that_is_in_use) {
  get(outer, true, 1000);
  open(inner);
  get(inner, true, 6000);
  get(inner, true, 20000);
  get(outer, false, 100);
  BOOST_TEST((space.take_idle() == nullptr));
  space.drop(inner);
  // The chunk of the 20000 bytes and the last of the chain; a side chunk is still in use.
  chunk* const own = space.take_idle();
  chunk* const last = space.take_idle();
  BOOST_REQUIRE((own != nullptr && last != nullptr));
  BOOST_TEST(own->capacity() >= 20000U);
  BOOST_TEST(last->upstream_bytes == 8192U);
  BOOST_TEST((space.take_idle() == nullptr));
  BOOST_TEST(space.chain().chunk_count == 1U);
  // Growth goes on from where it was.
  BOOST_TEST(refused(outer, true, 6000, 8).wanted_bytes == 16384U);
}

BOOST_AUTO_TEST_CASE(chunks_that_serve_nobody_for_a_whole_period_are_taken) {
  auto const use = [this](bool all) {
    get(outer, true, 100);
    open(inner);
    if (all) {
      get(inner, true, 6000);   // of a second chunk of the chain
      get(inner, true, 20000);  // of a chunk of its own
    }
    space.drop(inner);
  };
  use(true);
  BOOST_TEST((space.take_idle_since_last() == nullptr));
  use(true);
  BOOST_TEST((space.take_idle_since_last() == nullptr));  // they served, however little
  use(false);
  chunk* const first = space.take_idle_since_last();
  BOOST_REQUIRE(first != nullptr);
  BOOST_REQUIRE(first->next != nullptr);
  BOOST_TEST((first->next->next == nullptr));
  BOOST_TEST(space.chain().chunk_count == 1U);
  BOOST_TEST((space.take_idle() == nullptr));
}

BOOST_AUTO_TEST_CASE(a_chunk_given_to_the_chain_that_nobody_entered_is_idle) {
  shelf.serve(space, refused(outer, true, 100, 8));
  BOOST_TEST(space.take_idle() != static_cast<chunk*>(nullptr));
  BOOST_TEST((space.head() == nullptr));
  get(outer, true, 100);
  BOOST_TEST(space.current() == space.head());
}

BOOST_AUTO_TEST_CASE(a_taken_chain_is_a_list_of_all_chunks_and_growth_starts_over) {
  get(outer, true, 4000);
  get(outer, true, 8000);
  get(outer, true, 16000);
  space.drop(outer);
  std::size_t bytes = 0;
  for (chunk const* c = space.take_chain(); c != nullptr; c = c->next) bytes += c->upstream_bytes;
  BOOST_TEST(bytes == 4160U + 8192 + 16384);
  BOOST_TEST((space.head() == nullptr && space.current() == nullptr));
  BOOST_TEST((space.main.cursor == nullptr && space.main.end == nullptr));
  BOOST_TEST(refused(outer, true, 100, 8).wanted_bytes == 4160U);
}

BOOST_AUTO_TEST_CASE(a_callers_buffer_is_the_first_chunk_and_stays) {
  chunk header;
  std::byte* const buffer = shelf.bytes(1003) + 1;
  space.adopt_buffer(header, buffer, 1001);
  begin_at_head(outer);
  BOOST_TEST(space.chain().chunk_count == 0U);
  BOOST_TEST(space.chain().upstream_bytes == 0U);
  BOOST_TEST(get(outer, true, 1, 1) == buffer);
  BOOST_TEST(get(outer, true, 1000, 1) == buffer + 1);
  BOOST_TEST(shelf.chunk_count() == 0);
  get(outer, true, 1, 1);
  BOOST_TEST(shelf.chunk_count() == 1);
  BOOST_TEST(space.used_bytes(space.main.cursor) == 1002U);
  space.drop(outer);
  BOOST_TEST(space.main.cursor == buffer);
  chunk* const chain = space.take_chain();
  BOOST_REQUIRE((chain != nullptr && chain->next == nullptr));
  BOOST_TEST(chain != &header);
  BOOST_TEST(space.head() == &header);
  BOOST_TEST((space.take_idle() == nullptr));
  BOOST_TEST(get(outer, true, 1001, 1) == buffer);
}

BOOST_AUTO_TEST_CASE(a_buffer_of_0_bytes_is_none) {
  chunk header;
  space.adopt_buffer(header, shelf.bytes(64), 0);
  BOOST_TEST((space.head() == nullptr && space.main.cursor == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
