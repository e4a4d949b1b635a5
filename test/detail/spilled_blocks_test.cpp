// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <memory_resource>
#include <mutex>
#include <tidemark/detail/spilled_blocks.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <utility>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark;
using detail::spilled_block;
using detail::spilled_piece;

namespace {

using mutexes = boost::mpl::list<detail::no_mutex, std::mutex>;

// Blocks with a heap that watches the pieces.
template <class Mutex>
struct spill {
  using blocks_type = detail::spilled_blocks<Mutex>;
  using content = typename blocks_type::content;

  ~spill() { BOOST_TEST(heap.complaint() == ""); }

  spilled_block& make(std::size_t bytes = 8, std::size_t alignment = 16) {
    spilled_piece piece = spilled_block::piece_for(bytes, alignment);
    BOOST_REQUIRE(piece.bytes != 0U);
    piece.memory = heap.allocate(piece.bytes, piece.alignment);
    return blocks.insert(piece);
  }
  void* make_in(typename blocks_type::holding& held) {
    spilled_block& block = make();
    blocks.hold(held, block);
    return block.address();
  }
  bool free(void* block) {
    spilled_piece const piece = blocks.take(block);
    give_back(piece);
    return piece.memory != nullptr;
  }
  void give_back(spilled_piece const& piece) {
    if (piece.memory != nullptr) heap.deallocate(piece.memory, piece.bytes, piece.alignment);
  }
  void release(content&& all) {
    blocks.release(std::move(all), [this](spilled_piece const& piece) { give_back(piece); });
  }

  testing::checked_upstream heap;
  blocks_type blocks;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_piece_holds_its_header_and_the_block_aligned_as_asked) {
  spill<detail::no_mutex> s;
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    for (std::size_t bytes : {0U, 1U, 7U, 24U, 1000U}) {
      spilled_block& block = s.make(bytes, alignment);
      spilled_piece const piece = block.piece();
      auto* const begin = static_cast<std::byte*>(piece.memory);
      auto* const address = static_cast<std::byte*>(block.address());
      BOOST_TEST(test::is_aligned(address, alignment));
      BOOST_TEST(address >= begin + sizeof(spilled_block));
      BOOST_TEST(address + std::max<std::size_t>(bytes, 1) == begin + piece.bytes);
      std::memset(address, 0xAB, bytes);
      BOOST_TEST(s.free(address));
    }
  }
}

BOOST_AUTO_TEST_CASE(up_to_the_alignment_of_a_cache_line_a_header_costs_64_bytes) {
  for (std::size_t alignment = 1; alignment <= 64; alignment *= 2) {
    BOOST_TEST(spilled_block::piece_for(100, alignment).bytes == 164U);
  }
  BOOST_TEST(spilled_block::piece_for(100, 4096).bytes == 4196U);
}

BOOST_AUTO_TEST_CASE(a_piece_that_no_heap_could_give_is_not_asked_for) {
  constexpr std::size_t most = PTRDIFF_MAX;
  BOOST_TEST(spilled_block::piece_for(most - 64, 16).bytes == most);
  BOOST_TEST(spilled_block::piece_for(most - 63, 16).bytes == 0U);
  BOOST_TEST(spilled_block::piece_for(SIZE_MAX, 1).bytes == 0U);
  BOOST_TEST(spilled_block::piece_for(SIZE_MAX - 63, 64).bytes == 0U);
  BOOST_TEST(spilled_block::piece_for(1, SIZE_MAX / 2 + 1).bytes == 0U);
  BOOST_TEST(spilled_block::piece_for(SIZE_MAX, SIZE_MAX / 2 + 1).bytes == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_block_is_found_by_its_address_and_by_no_other, Mutex, mutexes) {
  spill<Mutex> s;
  std::vector<void*> all;
  for (std::size_t i = 0; i < 100; ++i) all.push_back(s.make(i).address());
  BOOST_TEST(s.blocks.size() == 100U);
  int stranger = 0;
  BOOST_TEST(!s.free(&stranger));
  BOOST_TEST(!s.blocks.contains(&stranger));
  BOOST_TEST(!s.free(nullptr));
  BOOST_TEST(!s.free(static_cast<std::byte*>(all[50]) + 1));
  BOOST_TEST(s.blocks.contains(all[50]));
  for (std::size_t i = 0; i < 100; ++i) BOOST_TEST(s.free(all[(i * 37) % 100]));
  BOOST_TEST(s.blocks.size() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_block_that_was_taken_is_known_no_more, Mutex, mutexes) {
  spill<Mutex> s;
  void* const block = s.make().address();
  BOOST_TEST(s.free(block));
  BOOST_TEST(!s.blocks.contains(block));
  BOOST_TEST(!s.free(block));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_holding_has_is_released_with_it_and_nothing_else, Mutex,
                              mutexes) {
  spill<Mutex> s;
  typename spill<Mutex>::blocks_type::holding outer{s.blocks};
  typename spill<Mutex>::blocks_type::holding inner{s.blocks};
  void* const kept = s.make_in(outer);
  void* const first = s.make_in(inner);
  void* const second = s.make_in(inner);
  void* const loose = s.make().address();
  BOOST_TEST(inner.contains(first));
  BOOST_TEST(!outer.contains(first));
  BOOST_TEST(!inner.contains(loose));
  s.release(inner.take_all());
  BOOST_TEST(!s.blocks.contains(first));
  BOOST_TEST(!s.blocks.contains(second));
  BOOST_TEST(s.blocks.size() == 2U);
  BOOST_TEST(outer.contains(kept));
  BOOST_TEST(inner.take_all().empty());
  BOOST_TEST(s.free(kept));
  BOOST_TEST(s.free(loose));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_freed_block_leaves_its_holding, Mutex, mutexes) {
  spill<Mutex> s;
  typename spill<Mutex>::blocks_type::holding held{s.blocks};
  void* const first = s.make_in(held);
  void* const middle = s.make_in(held);
  (void)s.make_in(held);
  BOOST_TEST(s.free(middle));
  BOOST_TEST(!held.contains(middle));
  BOOST_TEST(held.contains(first));
  s.release(held.take_all());
  BOOST_TEST(s.blocks.size() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_holding_passes_its_blocks_on, Mutex, mutexes) {
  spill<Mutex> s;
  typename spill<Mutex>::blocks_type::holding outer{s.blocks};
  typename spill<Mutex>::blocks_type::holding inner{s.blocks};
  void* const own = s.make_in(outer);
  void* const passed = s.make_in(inner);
  outer.add(inner.take_all());
  outer.add(inner.take_all());  // nothing
  BOOST_TEST(outer.contains(own));
  BOOST_TEST(outer.contains(passed));
  BOOST_TEST(!inner.contains(passed));
  s.release(outer.take_all());
  BOOST_TEST(s.blocks.size() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(blocks_are_given_back_newest_first, Mutex, mutexes) {
  spill<Mutex> s;
  typename spill<Mutex>::blocks_type::holding outer{s.blocks};
  typename spill<Mutex>::blocks_type::holding inner{s.blocks};
  std::vector<void*> expected;
  for (int i = 0; i < 3; ++i) expected.push_back(s.make_in(outer));
  for (int i = 0; i < 3; ++i) expected.push_back(s.make_in(inner));
  std::reverse(expected.begin(), expected.end());
  typename spill<Mutex>::content all = outer.take_all();
  all.add(inner.take_all());
  std::vector<void*> seen;
  s.blocks.release(std::move(all), [&](spilled_piece const& piece) {
    seen.push_back(static_cast<std::byte*>(piece.memory) + sizeof(spilled_block));
    s.give_back(piece);
  });
  BOOST_TEST(seen == expected);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(while_pieces_are_given_back_new_blocks_may_come, Mutex, mutexes) {
  spill<Mutex> s;
  typename spill<Mutex>::blocks_type::holding held{s.blocks};
  for (int i = 0; i < 5; ++i) (void)s.make_in(held);
  std::vector<void*> fresh;
  s.blocks.release(held.take_all(), [&](spilled_piece const& piece) {
    s.give_back(piece);
    fresh.push_back(s.make_in(held));
  });
  BOOST_TEST(s.blocks.size() == 5U);
  for (void* block : fresh) BOOST_TEST(held.contains(block));
  s.release(held.take_all());
}
