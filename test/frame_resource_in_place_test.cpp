// SPDX-License-Identifier: BSL-1.0

// What a free and a change of size do before the scope falls: pops, growth in place, arrays that
// are used again, frees that come too late or through the wrong resource.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <vector>

#include "support/unchecked.hpp"

using namespace tidemark;
using namespace tidemark::literals;

namespace {

std::size_t in_use(frame_resource const& frame) { return frame.stats().bytes_in_use; }

bool overlap(void const* a, std::size_t a_bytes, void const* b, std::size_t b_bytes) {
  auto const* const first = static_cast<std::byte const*>(a);
  auto const* const second = static_cast<std::byte const*>(b);
  return first < second + b_bytes && second < first + a_bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_newest_block_is_popped_and_so_on_down) {
  frame_resource frame{unchecked()};
  std::vector<void*> blocks;
  for (int i = 0; i < 8; ++i) blocks.push_back(frame.allocate(64, 1));
  void* const first = blocks.front();
  while (!blocks.empty()) {
    frame.deallocate(blocks.back(), 64, 1);
    blocks.pop_back();
    BOOST_TEST(in_use(frame) == 64 * blocks.size());
  }
  BOOST_TEST(frame.allocate(64, 1) == first);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_not_the_newest_waits_for_its_scope) {
  frame_resource frame{unchecked()};
  void* const first = frame.allocate(64, 1);
  static_cast<void>(frame.allocate(64, 1));
  frame.deallocate(first, 64, 1);
  BOOST_TEST(in_use(frame) == 128U);
  BOOST_TEST(!overlap(frame.allocate(64, 1), 64, first, 64));
}

BOOST_AUTO_TEST_CASE(a_block_below_a_mark_is_not_popped_by_the_bare_frame) {
  frame_resource frame{unchecked()};
  void* const below = frame.allocate(64, 1);
  marker const mark = frame.checkpoint();
  frame.deallocate(below, 64, 1);
  BOOST_TEST(in_use(frame) == 64U);
  BOOST_TEST(!overlap(frame.allocate(64, 1), 64, below, 64));
  frame.rewind(mark);
  frame.deallocate(below, 64, 1);  // now it is the newest of its scope
  BOOST_TEST(in_use(frame) == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_below_the_top_pops_in_its_own_side_chunk_alone) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  void* const in_chain = outer.allocate(64, 8);
  memory_scope inner{frame};
  void* const beside = outer.allocate(64, 8);
  std::size_t const before = in_use(frame);
  outer.deallocate(beside, 64, 8);
  BOOST_TEST(in_use(frame) == before - 64);
  outer.deallocate(in_chain, 64, 8);
  BOOST_TEST(in_use(frame) == before - 64);
  BOOST_TEST(outer.allocate(64, 8) == beside);
}

BOOST_AUTO_TEST_CASE(a_block_larger_than_a_quarter_of_a_chunk_has_its_own_and_gives_it_back) {
  frame_resource frame{unchecked()};
  memory_scope scope{frame};
  std::size_t const before = in_use(frame);
  void* const large = scope.allocate(1_MiB);
  static_cast<void>(scope.allocate(64));
  std::size_t const with_both = in_use(frame);
  scope.deallocate(large, 1_MiB);
  BOOST_TEST(in_use(frame) == with_both - 1_MiB);
  std::size_t const calls = frame.stats().upstream_calls;
  BOOST_TEST(scope.allocate(1_MiB) == large);
  BOOST_TEST(frame.stats().upstream_calls == calls);
  BOOST_TEST(in_use(frame) >= before + 1_MiB);
}

BOOST_AUTO_TEST_CASE(the_newest_block_grows_and_shrinks_in_place) {
  frame_resource frame{unchecked_first(4096)};
  void* const block = frame.allocate(100, 8);
  std::memset(block, 'b', 100);
  BOOST_TEST(frame.try_expand(block, 100, 3000));
  BOOST_TEST(in_use(frame) == 3000U);
  BOOST_TEST(static_cast<char*>(block)[99] == 'b');
  BOOST_TEST(frame.try_expand(block, 3000, 50));
  BOOST_TEST(in_use(frame) == 50U);
  BOOST_TEST(!frame.try_expand(block, 50, 5000));
  BOOST_TEST(!frame.try_expand(block, 50, SIZE_MAX));
  BOOST_TEST(in_use(frame) == 50U);
  BOOST_TEST(frame.stats().bytes_peak == 3000U);
}

BOOST_AUTO_TEST_CASE(only_the_newest_block_of_the_scope_grows) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  void* const older = outer.allocate(64, 8);
  void* const newest = outer.allocate(64, 8);
  BOOST_TEST(!outer.try_expand(older, 64, 65));
  BOOST_TEST(outer.try_expand(older, 64, 10));
  memory_scope inner{frame};
  BOOST_TEST(!inner.try_expand(newest, 64, 128));  // it lies below the mark
  BOOST_TEST(!outer.try_expand(newest, 64, 128));  // and is no longer on top
  BOOST_TEST(!frame.try_expand(newest, 64, 128));
  void* const beside = outer.allocate(64, 8);
  BOOST_TEST(outer.try_expand(beside, 64, 2000));
  BOOST_TEST(!inner.try_expand(beside, 2000, 2100));
  BOOST_TEST(outer.try_expand(beside, 2000, 16));
}

BOOST_AUTO_TEST_CASE(a_block_with_its_own_chunk_grows_to_the_chunks_end) {
  frame_resource frame{unchecked()};
  std::size_t const bytes = 300'000;
  void* const large = frame.allocate(bytes);
  static_cast<void>(frame.allocate(64));
  BOOST_TEST(frame.try_expand(large, bytes, bytes + 100));
  BOOST_TEST(in_use(frame) == bytes + 100 + 64);
  BOOST_TEST(!frame.try_expand(large, bytes + 100, 2 * bytes));
  BOOST_TEST(frame.try_expand(large, bytes + 100, 10));
}

BOOST_AUTO_TEST_CASE(a_freed_array_is_used_again_in_its_scope) {
  frame_resource frame{unchecked_first(64_KiB)};
  memory_scope scope{frame};
  void* const array = scope.allocate(8192, 8);
  static_cast<void>(scope.allocate(64, 8));
  std::size_t const before = in_use(frame);
  scope.deallocate(array, 8192, 8);
  void* const again = scope.allocate(4096, 8);
  BOOST_TEST(overlap(again, 4096, array, 8192));
  void* const rest = scope.allocate(2048, 8);
  BOOST_TEST(overlap(rest, 2048, array, 8192));
  BOOST_TEST(!overlap(rest, 2048, again, 4096));
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(frame.stats().late_frees == 0U);
}

BOOST_AUTO_TEST_CASE(arrays_at_odd_addresses_are_used_again_too) {
  frame_resource frame{unchecked_first(64_KiB)};
  static_cast<void>(frame.allocate(1, 1));
  std::vector<void*> arrays;
  for (int i = 0; i < 6; ++i) {
    arrays.push_back(frame.allocate(2049, 1));
    static_cast<void>(frame.allocate(1, 1));
  }
  std::size_t const before = in_use(frame);
  for (void* const array : arrays) frame.deallocate(array, 2049, 1);
  for (int i = 0; i < 5; ++i) std::memset(frame.allocate(2049, 1), i, 2049);
  BOOST_TEST(in_use(frame) == before);
  void* const aligned = frame.allocate(2048, 2048);
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(aligned) % 2048 == 0U);
}

BOOST_AUTO_TEST_CASE(an_inner_scope_does_not_use_the_arrays_of_an_outer_one) {
  frame_resource frame{unchecked_first(64_KiB)};
  memory_scope outer{frame};
  void* const array = outer.allocate(8192, 8);
  static_cast<void>(outer.allocate(64, 8));
  outer.deallocate(array, 8192, 8);
  memory_scope inner{frame};
  BOOST_TEST(!overlap(inner.allocate(4096, 8), 4096, array, 8192));
  BOOST_TEST(overlap(outer.allocate(4096, 8), 4096, array, 8192));
}

BOOST_AUTO_TEST_CASE(arrays_that_a_kept_scope_freed_are_used_by_the_enclosing_one) {
  frame_resource frame{unchecked_first(64_KiB)};
  memory_scope outer{frame};
  for (int round = 0; round < 3; ++round) {
    {
      memory_scope inner{frame};
      void* const first = inner.allocate(4096, 8);
      void* const second = inner.allocate(8192, 8);
      static_cast<void>(inner.allocate(64, 8));
      inner.deallocate(first, 4096, 8);  // its place holds the list
      inner.deallocate(second, 8192, 8);
      inner.keep();
    }
    std::size_t const before = in_use(frame);
    std::memset(outer.allocate(8192, 8), round, 8192);
    BOOST_TEST(in_use(frame) == before);
  }
}

BOOST_AUTO_TEST_CASE(a_frame_that_does_not_recycle_leaves_arrays_alone) {
  frame_options options = unchecked_first(64_KiB);
  options.recycle_outgrown = false;
  frame_resource frame{options};
  void* const array = frame.allocate(8192, 8);
  static_cast<void>(frame.allocate(64, 8));
  frame.deallocate(array, 8192, 8);
  BOOST_TEST(!overlap(frame.allocate(4096, 8), 4096, array, 8192));
}

// A regrowing vector must not cost its whole history.
BOOST_AUTO_TEST_CASE(grown_vectors_reserve_little_more_than_their_capacities) {
  for (std::size_t count : {700U, 1000U, 1100U}) {
    frame_resource frame{unchecked()};
    std::vector<std::pmr::vector<int>> vectors;
    std::size_t capacities = 0;
    for (std::size_t v = 0; v < count; ++v) {
      auto& grown = vectors.emplace_back(&frame);
      for (int i = 0; i < 16384; ++i) grown.push_back(i);
      capacities += grown.capacity() * sizeof(int);
    }
    double const ratio =
        static_cast<double>(frame.stats().bytes_reserved) / static_cast<double>(capacities);
    BOOST_TEST(ratio <= 1.15, count << " vectors reserve " << ratio << " of their capacities");
  }
}

BOOST_AUTO_TEST_CASE(a_late_free_above_the_cursor_is_counted_and_gives_nobody_the_memory) {
  frame_resource frame{unchecked_first(64_KiB)};
  static_cast<void>(frame.allocate(100));
  marker const mark = frame.checkpoint();
  void* const dead = frame.allocate(4096, 8);
  frame.rewind(mark);
  void* const live = frame.allocate(3000, 8);
  frame.deallocate(dead, 4096, 8);  // a container that outlived its scope is destroyed
  BOOST_TEST(frame.stats().late_frees == 1U);
  BOOST_TEST(!overlap(frame.allocate(4096, 8), 4096, live, 3000));
}

BOOST_AUTO_TEST_CASE(a_late_free_that_is_not_on_top_changes_nothing) {
  frame_resource frame{unchecked()};
  static_cast<void>(frame.allocate(100, 1));
  marker const mark = frame.checkpoint();
  void* const first = frame.allocate(512, 1);
  void* const second = frame.allocate(512, 1);
  frame.rewind(mark);
  static_cast<void>(frame.allocate(600, 1));
  std::size_t const before = in_use(frame);
  frame.deallocate(first, 512, 1);
  frame.deallocate(second, 512, 1);
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(a_free_through_a_closed_scopes_resource_is_counted) {
  frame_resource frame{unchecked()};
  std::pmr::memory_resource* resource = nullptr;
  void* dead = nullptr;
  {
    memory_scope scope{frame};
    resource = scope.resource();
    dead = scope.allocate(64, 8);
  }
  resource->deallocate(dead, 64, 8);
  BOOST_TEST(frame.stats().late_frees == 1U);
  BOOST_TEST(in_use(frame) == 0U);
}

BOOST_AUTO_TEST_CASE(a_free_through_another_open_scope_frees_nothing) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  void* const of_outer = outer.allocate(64, 8);
  void* const array_of_outer = outer.allocate(4096, 8);
  memory_scope inner{frame};
  void* const of_inner = inner.allocate(64, 8);
  std::size_t const before = in_use(frame);
  for (void* const block : {of_outer, of_inner}) {
    frame.unscoped()->deallocate(block, 64, 8);
    (block == of_outer ? inner : outer).deallocate(block, 64, 8);
  }
  inner.deallocate(array_of_outer, 4096, 8);
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(frame.stats().late_frees == 1U);  // arrays are looked for, and told
  BOOST_TEST(!overlap(inner.allocate(4096, 8), 4096, array_of_outer, 4096));
}
