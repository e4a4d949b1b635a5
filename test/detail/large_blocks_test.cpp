// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <random>
#include <tidemark/detail/large_blocks.hpp>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark::detail;

namespace {

/// The list from its begin to its end; stops where links disagree.
std::vector<large_block*> walk(large_list const& list) {
  std::vector<large_block*> found;
  large_block* previous = nullptr;
  for (large_block* b = list.first; b != nullptr; b = b->next) {
    BOOST_TEST_REQUIRE((b->previous == previous));
    found.push_back(b);
    previous = b;
  }
  return found;
}

struct listed {
  std::vector<large_block> blocks{5};
  large_list list;
  std::vector<large_block*> expected;  // newest first

  void push(std::size_t i) {
    list.push(blocks[i]);
    expected.insert(expected.begin(), &blocks[i]);
  }
  void remove(std::size_t i) {
    list.remove(blocks[i]);
    std::erase(expected, &blocks[i]);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(large_blocks_)

BOOST_AUTO_TEST_CASE(a_block_is_aligned_behind_its_header_and_ends_where_upstream_ends) {
  std::pmr::memory_resource& upstream = *std::pmr::new_delete_resource();
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    for (std::size_t const bytes : {1U, 15U, 16U, 17U, 1000U, 70001U}) {
      auto const request = large_request::of(bytes, alignment);
      void* const memory = upstream.allocate(request.bytes, request.alignment);
      large_block& made = make_large_block(memory, request, &upstream);
      auto* const block = static_cast<std::byte*>(made.block());
      auto* const begin = static_cast<std::byte*>(memory);
      BOOST_TEST(tidemark::test::is_aligned(block, alignment));
      BOOST_TEST(tidemark::test::is_aligned(&made, alignof(large_block)));
      BOOST_TEST((reinterpret_cast<std::byte*>(&made) >= begin));
      BOOST_TEST(made.capacity_bytes >= bytes);
      BOOST_TEST((block + made.capacity_bytes == begin + request.bytes));
      BOOST_TEST((made.upstream_begin() == memory));
      BOOST_TEST(made.upstream_bytes() == request.bytes);
      BOOST_TEST(made.alignment == request.alignment);
      BOOST_TEST((&large_block_of(block) == &made && made.owner == &upstream));
      upstream.deallocate(memory, request.bytes, request.alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_of_no_bytes_has_some) {
  BOOST_TEST(large_request::of(0, 1).bytes > large_request::of(0, 1).offset);
}

BOOST_AUTO_TEST_CASE(a_request_that_no_number_holds_is_of_no_bytes) {
  std::size_t const most = SIZE_MAX - sizeof(large_block);
  BOOST_TEST(large_request::of(most, 16).bytes == SIZE_MAX);
  BOOST_TEST(large_request::of(most + 1, 16).bytes == 0U);
  BOOST_TEST(large_request::of(SIZE_MAX, 1).bytes == 0U);
  BOOST_TEST(large_request::of(most, 4096).bytes == 0U);
  BOOST_TEST(large_request::of(SIZE_MAX - 4096, 4096).bytes == SIZE_MAX);
}

BOOST_FIXTURE_TEST_CASE(the_newest_is_the_first_of_a_list, listed) {
  for (std::size_t i = 0; i < 5; ++i) push(i);
  BOOST_TEST((walk(list) == expected));
}

BOOST_FIXTURE_TEST_CASE(any_of_a_list_may_leave_and_come_again, listed) {
  std::mt19937 random{7};
  for (int step = 0; step < 2000; ++step) {
    std::size_t const i = random() % blocks.size();
    if (std::count(expected.begin(), expected.end(), &blocks[i]) != 0) {
      remove(i);
    } else {
      push(i);
    }
    BOOST_TEST_REQUIRE((walk(list) == expected));
  }
}

BOOST_FIXTURE_TEST_CASE(a_block_that_left_one_list_may_enter_another, listed) {
  for (std::size_t i = 0; i < 3; ++i) push(i);
  large_list other;
  remove(1);
  other.push(blocks[1]);
  BOOST_TEST((walk(list) == expected));
  BOOST_TEST((walk(other) == std::vector{&blocks[1]}));
}

BOOST_AUTO_TEST_SUITE_END()
