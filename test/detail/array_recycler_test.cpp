// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <random>
#include <tidemark/detail/array_recycler.hpp>
#include <utility>
#include <vector>

using namespace tidemark::detail;

namespace {

constexpr std::size_t least = large_block_bytes;

struct arrays_on_a_buffer {
  alignas(4096) static inline std::array<std::byte, std::size_t{1} << 20U> buffer;

  array_recycler* table = nullptr;
  std::size_t next = 65536;  // the first table lies below it

  static std::byte* at(std::size_t offset) { return buffer.data() + offset; }

  // A table that lists nothing: the array it is put into has no room for more.
  void make_table() { array_recycler::give(table, at(0), least); }
  // Gives a dead array whose address is `odd` bytes over a multiple of 4096.
  std::byte* give(std::size_t bytes, std::size_t odd = 0) {
    std::byte* const block = at(next + odd);
    next += round_up(bytes + odd, 4096);
    BOOST_REQUIRE(next <= buffer.size());
    array_recycler::give(table, block, bytes);
    return block;
  }
  std::byte* take(std::size_t bytes, std::size_t alignment = 1) {
    return table->take(bytes, alignment);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(array_recycler_, arrays_on_a_buffer)

BOOST_AUTO_TEST_CASE(the_first_array_holds_the_table_and_its_rest_is_listed) {
  array_recycler::give(table, at(0), 3 * least);
  BOOST_TEST((table == static_cast<void*>(at(0))));
  BOOST_TEST((take(3 * least) == nullptr));
  std::byte* const rest = take(2 * least);
  BOOST_TEST(rest == at(sizeof(array_recycler)));
  BOOST_TEST((take(least) == nullptr));
}

BOOST_AUTO_TEST_CASE(the_smallest_array_holds_a_table_that_lists_nothing) {
  make_table();
  BOOST_REQUIRE((table != nullptr));
  for (std::size_t bytes = least; bytes != 0; bytes *= 2) BOOST_TEST((take(bytes) == nullptr));
}

BOOST_AUTO_TEST_CASE(the_rest_of_the_first_array_is_listed_from_exactly_the_least_size) {
  array_recycler::give(table, at(0), least + sizeof(array_recycler) - 1);
  BOOST_TEST((take(least) == nullptr));
  table = nullptr;
  array_recycler::give(table, at(0), least + sizeof(array_recycler));
  BOOST_TEST(take(least) == at(sizeof(array_recycler)));
}

BOOST_AUTO_TEST_CASE(a_table_is_aligned_inside_an_array_at_any_address) {
  for (std::size_t odd = 1; odd < 16; ++odd) {
    table = nullptr;
    std::fill(buffer.begin(), buffer.begin() + 8192, std::byte{0x5A});
    array_recycler::give(table, at(odd), least);
    BOOST_TEST(padding_to(table, alignof(array_recycler)) == 0U);
    auto const* const first = reinterpret_cast<std::byte const*>(table);
    BOOST_TEST(first >= at(odd));
    BOOST_TEST(first + sizeof(array_recycler) <= at(odd + least));
    BOOST_TEST((buffer[odd - 1] == std::byte{0x5A}));
    BOOST_TEST((buffer[odd + least] == std::byte{0x5A}));
  }
}

BOOST_AUTO_TEST_CASE(arrays_at_odd_addresses_come_back_whole) {
  make_table();
  std::byte* const odd = give(least, 1);
  BOOST_TEST(take(least) == odd);
  std::byte* const larger = give(5000, 7);
  BOOST_TEST(take(5000) == larger);
  BOOST_TEST((take(least) == nullptr));
}

BOOST_AUTO_TEST_CASE(an_array_serves_up_to_its_exact_size) {
  make_table();
  std::byte* const given = give(3000);
  BOOST_TEST((take(3001) == nullptr));
  BOOST_TEST((take(SIZE_MAX) == nullptr));
  BOOST_TEST(take(3000) == given);
  BOOST_TEST((take(least) == nullptr));
}

BOOST_AUTO_TEST_CASE(the_newest_array_of_a_class_is_taken_first) {
  make_table();
  std::byte* const first = give(3000);
  std::byte* const second = give(3000);
  BOOST_TEST(take(3000) == second);
  BOOST_TEST(take(3000) == first);
}

BOOST_AUTO_TEST_CASE(what_a_larger_array_leaves_over_is_listed_again) {
  make_table();
  std::byte* const given = give(4 * least);
  BOOST_TEST(take(least) == given);
  BOOST_TEST((take(3 * least + 1) == nullptr));
  BOOST_TEST(take(3 * least) == given + least);
  BOOST_TEST((take(least) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_rest_is_listed_from_exactly_the_least_size) {
  make_table();
  std::byte* const even = give(2 * least);
  BOOST_TEST(take(least) == even);
  BOOST_TEST(take(least) == even + least);
  std::byte* const given = give(2 * least - 1);
  BOOST_TEST(take(least) == given);
  BOOST_TEST((take(least) == nullptr));
}

BOOST_AUTO_TEST_CASE(an_array_at_the_wrong_alignment_is_passed_over) {
  make_table();
  std::byte* const aligned = give(3000);
  std::byte* const odd = give(3000, 64);
  BOOST_TEST((take(3000, SIZE_MAX / 2 + 1) == nullptr));
  BOOST_TEST(take(3000, 128) == aligned);
  BOOST_TEST((take(3000, 128) == nullptr));
  BOOST_TEST(take(3000, 64) == odd);
}

BOOST_AUTO_TEST_CASE(an_array_leaves_its_list_from_the_middle) {
  make_table();
  std::byte* const last = give(3000);
  std::byte* const middle = give(4000);
  std::byte* const first = give(3000);
  BOOST_TEST(take(3500) == middle);
  BOOST_TEST((take(3500) == nullptr));  // its neighbours kept their own sizes
  BOOST_TEST(take(3000) == first);
  BOOST_TEST(take(3000) == last);
  BOOST_TEST((take(least) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_larger_class_serves_when_the_own_one_cannot) {
  make_table();
  give(least);
  std::byte* const huge = give(100000);
  std::byte* const large = give(10000);
  BOOST_TEST(take(4000) == large);
  BOOST_TEST(take(8192) == huge);
}

BOOST_AUTO_TEST_CASE(four_arrays_of_a_class_are_looked_at) {
  make_table();
  std::byte* const fitting = give(4000);
  for (int i = 0; i < 3; ++i) give(least);
  BOOST_TEST(take(4000) == fitting);
  std::byte* const fifth = give(4000);
  for (int i = 0; i < 4; ++i) give(least);
  BOOST_TEST((take(4000) == nullptr));
  take(least);
  BOOST_TEST(take(4000) == fifth);
}

BOOST_AUTO_TEST_CASE(the_last_list_holds_every_larger_size) {
  // 2^42 bytes and more: only the first of them are ever touched.
  make_table();
  std::size_t const huge = std::size_t{1} << 50U;
  std::byte* const given = at(65536);
  array_recycler::give(table, given, huge);
  BOOST_TEST((take(huge + 1) == nullptr));
  BOOST_TEST(take(huge) == given);
  BOOST_TEST((take(huge) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_merge_takes_16_arrays_of_each_list) {
  array_recycler* inner = nullptr;
  array_recycler::give(inner, at(4096), least);
  std::swap(table, inner);
  for (int i = 0; i < 20; ++i) give(least);
  for (int i = 0; i < 5; ++i) give(9000, 3);
  std::swap(table, inner);
  make_table();
  give(least);

  table->merge(*inner);
  int small = 0;
  int large = 0;
  while (take(9000) != nullptr) ++large;
  while (take(least) != nullptr) ++small;
  BOOST_TEST(large == 5);
  BOOST_TEST(small == 17);
  for (std::size_t bytes = least; bytes <= 65536; bytes *= 2) {
    BOOST_TEST((inner->take(bytes, 1) == nullptr));
  }
}

BOOST_AUTO_TEST_CASE(a_merge_with_a_table_that_lists_nothing_changes_nothing) {
  array_recycler* inner = nullptr;
  array_recycler::give(inner, at(4096), least);
  make_table();
  std::byte* const given = give(3000);
  table->merge(*inner);
  BOOST_TEST(take(3000) == given);
  BOOST_TEST((take(least) == nullptr));
}

BOOST_AUTO_TEST_CASE(live_arrays_never_overlap_nor_leave_what_was_given) {
  using block = std::pair<std::byte*, std::size_t>;
  std::mt19937 random{42};
  std::vector<block> live;
  make_table();
  for (std::size_t i = 0; i < 24; ++i) live.emplace_back(at(65536 + 32769 * i), 32000);
  std::size_t taken = 0;
  for (int step = 0; step < 20000; ++step) {
    if (!live.empty() && random() % 2 == 0) {
      std::swap(live[random() % live.size()], live.back());
      array_recycler::give(table, live.back().first, live.back().second);
      live.pop_back();
      continue;
    }
    std::size_t const bytes = least + random() % 20000;
    std::size_t const alignment = std::size_t{1} << random() % 5;
    std::byte* const found = take(bytes, alignment);
    if (found == nullptr) continue;
    ++taken;
    BOOST_REQUIRE(padding_to(found, alignment) == 0U);
    for (auto const& [begin, size] : live) {
      BOOST_REQUIRE((found + bytes <= begin || begin + size <= found));
    }
    std::size_t const place = static_cast<std::size_t>(found - at(65536)) / 32769;
    BOOST_REQUIRE(found + bytes <= at(65536 + 32769 * place + 32000));
    std::fill_n(found, bytes, std::byte{0xFF});  // a link written over would be a wild pointer
    live.emplace_back(found, bytes);
  }
  BOOST_TEST(taken > 100U);
}

BOOST_AUTO_TEST_SUITE_END()
