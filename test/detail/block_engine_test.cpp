// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <set>
#include <tidemark/detail/block_engine.hpp>
#include <utility>
#include <vector>

#include "support/engine_of_blocks.hpp"
#include "support/is_aligned.hpp"

using namespace tidemark::detail;
using tidemark::test::engine_of_blocks;

namespace {

struct engine_in_use : engine_of_blocks {
  void put_all(std::vector<std::byte*> const& blocks, std::uint32_t index) {
    for (std::byte* const block : blocks) engine.put(block, index);
  }
  std::size_t per_slab(std::uint32_t index) const { return infos[index].layout.block_count; }
  std::size_t slab_count(std::uint32_t index) const {
    std::size_t count = 0;
    for (slab* s = infos[index].slabs.first; s != nullptr; s = s->next) ++count;
    return count;
  }
  slab* slab_in(std::byte* block, std::uint32_t index) {
    return &engine.slab_holding(block, index);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(block_engine_, engine_in_use)

BOOST_AUTO_TEST_CASE(without_a_slab_there_is_no_block_and_nothing_is_changed) {
  open();
  make_room();
  BOOST_TEST((engine.take(0) == nullptr));
  BOOST_TEST((engine.take_for(1, 1) == nullptr));
  BOOST_TEST(engine.bytes_in_use() == 0U);
  BOOST_TEST(engine.bytes_peak() == 0U);
  BOOST_TEST(engine.log.size() == 0U);
}

BOOST_AUTO_TEST_CASE(blocks_of_all_classes_are_aligned_and_apart) {
  std::vector<std::pair<std::byte*, std::size_t>> taken;
  for (std::size_t i = 0; i < 400; ++i) {
    for (std::uint32_t c = 0; c < class_count; ++c) {
      std::byte* const block = take(c);
      BOOST_TEST_REQUIRE(tidemark::test::is_aligned(block, alignments[c]));
      std::fill_n(block, sizes[c], std::byte{0xFF});
      taken.emplace_back(block, sizes[c]);
    }
  }
  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 1; i < taken.size(); ++i) {
    BOOST_TEST_REQUIRE((taken[i - 1].first + taken[i - 1].second <= taken[i].first));
  }
  for (auto const& [block, bytes] : taken) {  // no header and no stamp was written over
    std::uint32_t const c = bytes == sizes[0] ? 0 : bytes == sizes[1] ? 1 : 2;
    BOOST_TEST_REQUIRE(slab_in(block, c)->class_index == c);
    BOOST_TEST_REQUIRE(stamp(block, c) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(the_block_freed_last_is_taken_first_and_fresh_ones_when_none_is_free) {
  std::vector<std::byte*> const blocks = take_many(3, 0);
  engine.put(blocks[0], 0);
  engine.put(blocks[2], 0);
  BOOST_TEST((take(0) == blocks[2]));
  BOOST_TEST((take(0) == blocks[0]));
  BOOST_TEST((take(0) == blocks[2] + sizes[0]));
}

BOOST_AUTO_TEST_CASE(live_blocks_are_counted_by_class_and_in_bytes) {
  put_all(take_many(5, 0), 0);
  take_many(3, 0);
  take_many(2, 1);
  take_large(100000, 0);
  BOOST_TEST(live(0) == 3U);
  BOOST_TEST(live(1) == 2U);
  BOOST_TEST(engine.large_bytes() == 100000U);
  BOOST_TEST(engine.bytes_in_use() == 3 * sizes[0] + 2 * sizes[1] + 100000);
}

BOOST_AUTO_TEST_CASE(a_peak_is_the_most_blocks_that_were_live_at_once) {
  std::vector<std::byte*> const blocks = take_many(10, 0);
  for (std::size_t i = 0; i < 5; ++i) engine.put(blocks[i], 0);
  take_many(3, 0);
  BOOST_TEST(peak(0) == 10U);
  take_many(5, 0);
  BOOST_TEST(peak(0) == 13U);
}

BOOST_AUTO_TEST_CASE(a_peak_outlasts_slabs_that_went_back_and_a_reset) {
  std::size_t const most = 2 * per_slab(0) + 5;
  put_all(take_many(most, 0), 0);
  BOOST_TEST(trim() > 0U);
  take_many(10, 0);
  BOOST_TEST(peak(0) == most);
  engine.reset();
  take_many(most, 0);
  BOOST_TEST(peak(0) == most);
  take(0);
  BOOST_TEST(peak(0) == most + 1);
}

BOOST_AUTO_TEST_CASE(the_peak_in_bytes_adds_those_of_classes_and_of_large_blocks) {
  put_all(take_many(4, 0), 0);
  put_all(take_many(2, 2), 2);
  free_large(take_large(5000, 0));
  free_large(take_large(3000, 0));
  BOOST_TEST(engine.bytes_in_use() == 0U);
  BOOST_TEST(engine.bytes_peak() == 4 * sizes[0] + 2 * sizes[2] + 5000);
}

BOOST_AUTO_TEST_CASE(a_reset_frees_all_and_closes_all) {
  std::vector<std::byte*> const before = take_many(per_slab(0) + 1, 0);
  take(1);
  take_large(9000, 0);
  std::uint64_t const outer = open();
  open();
  take(0, 1);
  take(1, 2);
  take_large(8000, 2);
  engine.reset();
  BOOST_TEST(engine.depth() == 0U);
  BOOST_TEST(!engine.is_open(outer, 1));
  BOOST_TEST(engine.closed_from_below() == 2U);
  BOOST_TEST(engine.bytes_in_use() == 0U);
  BOOST_TEST(engine.log.size() == 0U);
  BOOST_TEST((slab_count(0) + slab_count(1) == 0U));
  std::size_t const calls = upstream.calls();
  take_many(per_slab(0) + 1, 0);
  take(1);
  BOOST_TEST(upstream.calls() == calls);
  BOOST_TEST(give_back_idle_large() == 2U);
}

BOOST_AUTO_TEST_CASE(blocks_of_a_reset_engine_have_no_stamp) {
  open();
  std::byte* const held = take(0, 1);
  engine.reset();
  open();
  BOOST_TEST((take(0) == held));
  BOOST_TEST(stamp(held, 0) == 0U);
}

BOOST_AUTO_TEST_CASE(slabs_without_a_live_block_become_idle_and_the_others_stay) {
  std::vector<std::byte*> const blocks = take_many(3 * per_slab(0), 0);
  slab* const staying = slab_in(blocks[per_slab(0) + 7], 0);
  for (std::byte* const block : blocks) {
    if (block != blocks[per_slab(0) + 7]) engine.put(block, 0);
  }
  engine.collect_idle_slabs();
  BOOST_TEST(slab_count(0) == 1U);
  BOOST_TEST((infos[0].slabs.first == staying));
  BOOST_TEST(live(0) == 1U);
  std::size_t const calls = upstream.calls();
  for (std::byte* const block : take_many(per_slab(0) - 1, 0)) {
    BOOST_TEST_REQUIRE((slab_in(block, 0) == staying));
  }
  BOOST_TEST((slab_in(take(0), 0) != staying));
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_AUTO_TEST_CASE(free_blocks_keep_their_order_when_slabs_between_them_leave) {
  std::vector<std::byte*> const blocks = take_many(2 * per_slab(0), 0);
  std::vector<std::byte*> staying;  // of the second slab, whose first block stays live
  for (std::size_t i = 1; i < per_slab(0); ++i) {
    engine.put(blocks[i], 0);
    engine.put(blocks[per_slab(0) + i], 0);
    staying.push_back(blocks[per_slab(0) + i]);
  }
  engine.put(blocks[0], 0);
  engine.collect_idle_slabs();
  std::reverse(staying.begin(), staying.end());
  BOOST_TEST((take_many(staying.size(), 0) == staying));
  take(0);  // the list ends there
  BOOST_TEST(slab_count(0) == 2U);
}

BOOST_AUTO_TEST_CASE(a_slab_with_fresh_blocks_may_become_idle) {
  engine.put(take(0), 0);
  engine.collect_idle_slabs();
  BOOST_TEST((infos[0].carving == nullptr));
  BOOST_TEST(groups[0].has_idle());
  take(0);
  BOOST_TEST(slab_count(0) == 1U);
}

BOOST_AUTO_TEST_CASE(an_idle_slab_serves_another_class) {
  put_all(take_many(per_slab(0), 0), 0);
  engine.collect_idle_slabs();
  std::size_t const calls = upstream.calls();
  std::set<std::byte*> distinct;
  for (std::byte* const block : take_many(per_slab(2), 2)) {
    std::fill_n(block, sizes[2], std::byte{0xFF});
    BOOST_TEST_REQUIRE(distinct.insert(block).second);
    BOOST_TEST_REQUIRE(stamp(block, 2) == 0U);
  }
  BOOST_TEST(upstream.calls() == calls);
  BOOST_TEST(live(0) == 0U);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_when_all_is_free_and_idle_memory_goes_back) {
  for (std::uint32_t c = 0; c < class_count; ++c) put_all(take_many(500, c), c);
  std::size_t const with_slabs = upstream.bytes_outstanding();
  trim();
  BOOST_TEST(with_slabs > 0U);
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
}

// Large blocks.

BOOST_AUTO_TEST_CASE(large_blocks_come_and_go_in_any_order) {
  std::vector<large_block*> held;
  for (std::size_t i = 0; i < 5; ++i) held.push_back(&take_large(1000 + i, 0));
  for (std::size_t const i : {2U, 0U, 4U}) free_large(*held[i]);
  BOOST_TEST(engine.large_bytes() == 1001U + 1003U);
  engine.reset();
  BOOST_TEST(engine.large_bytes() == 0U);
  BOOST_TEST(give_back_idle_large() == 2U);
  BOOST_TEST(give_back_idle_large() == 0U);
}

BOOST_AUTO_TEST_CASE(an_idle_large_block_serves_a_request_of_just_its_size_and_alignment) {
  open();
  large_block& held = take_large(4096, 1);
  std::size_t const bytes = held.upstream_bytes();
  engine.rewind_to(1);
  BOOST_TEST((engine.take_idle_large(bytes - 1, held.alignment) == nullptr));
  BOOST_TEST((engine.take_idle_large(bytes + 1, held.alignment) == nullptr));
  BOOST_TEST((engine.take_idle_large(bytes, 2 * held.alignment) == nullptr));
  BOOST_TEST((&take_large(4096, 0) == &held));
  BOOST_TEST((engine.take_idle_large(bytes, held.alignment) == nullptr));
}

BOOST_AUTO_TEST_CASE(the_newest_64_idle_large_blocks_are_looked_at) {
  large_block& oldest = take_large(2000, 0);
  engine.reset();
  std::size_t const bytes = oldest.upstream_bytes();
  for (std::size_t i = 0; i < 64; ++i) take_large(1000, 0);
  engine.reset();
  BOOST_TEST((engine.take_idle_large(bytes, oldest.alignment) == nullptr));
  take_large(1000, 0);  // now it is the 64th
  BOOST_TEST((&take_large(2000, 0) == &oldest));
}

BOOST_AUTO_TEST_CASE(a_large_block_may_be_resized_within_its_memory) {
  large_block& held = take_large(1000, 0);
  BOOST_TEST(engine.resize_large(held, 1000));
  BOOST_TEST(engine.resize_large(held, 1));
  BOOST_TEST(!engine.resize_large(held, 1001));
}

BOOST_AUTO_TEST_SUITE_END()
