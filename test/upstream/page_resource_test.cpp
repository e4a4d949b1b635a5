// SPDX-License-Identifier: BSL-1.0

// Pages from the system: ranges that grow where they are, guards, and what a frame makes of them.

#include <sys/mman.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <new>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/upstream/page_resource.hpp>
#include <vector>

#include "support/child.hpp"
#include "support/is_aligned.hpp"

using namespace tidemark;
using namespace tidemark::literals;

namespace {

std::size_t const page = page_resource::page_bytes();

// Pages of the range that hold memory.
std::size_t resident_pages(void* begin, std::size_t bytes) {
  std::vector<unsigned char> pages(bytes / page);
  if (::mincore(begin, bytes, pages.data()) != 0) return 0;  // nothing is mapped there
  std::size_t count = 0;
  for (unsigned char const p : pages) count += p & 1U;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_block_is_zeroed_pages_at_a_page) {
  page_resource pages;
  for (std::size_t const bytes : {std::size_t{0}, std::size_t{1}, page, page + 1, 10 * page}) {
    auto* const block = static_cast<std::byte*>(pages.allocate(bytes, 16));
    BOOST_TEST(test::is_aligned(block, page));
    for (std::size_t i = 0; i < bytes; ++i) BOOST_REQUIRE((block[i] == std::byte{0}));
    std::memset(block, 1, bytes);
    pages.deallocate(block, bytes, 16);
  }
  BOOST_TEST(pages.committed_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(any_alignment_is_honoured) {
  page_resource pages{{.reserve_bytes = 100 * page, .guard_pages = true}};
  for (std::size_t alignment = 1; alignment <= 8_MiB; alignment *= 2) {
    void* const block = pages.allocate(100, alignment);
    BOOST_TEST(test::is_aligned(block, alignment));
    pages.deallocate(block, 100, alignment);
  }
}

BOOST_AUTO_TEST_CASE(impossible_sizes_throw) {
  page_resource pages{{.guard_pages = true}};
  for (std::size_t const bytes : {SIZE_MAX, SIZE_MAX - page, SIZE_MAX / 2}) {
    BOOST_CHECK_THROW(static_cast<void>(pages.allocate(bytes, 16)), std::bad_alloc);
  }
  BOOST_TEST(pages.committed_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_grows_where_it_is_up_to_its_reserve) {
  page_resource pages{{.reserve_bytes = 1_GiB}};
  auto* const block = static_cast<std::byte*>(pages.allocate(page, 16));
  block[0] = std::byte{1};
  BOOST_TEST(pages.capacity_of(page) == 1_GiB);
  BOOST_TEST(pages.try_expand(block, page, 1_GiB));
  block[1_GiB - 1] = std::byte{2};
  BOOST_TEST(!pages.try_expand(block, 1_GiB, 1_GiB + 1));
  BOOST_TEST(!pages.try_expand(block, 1_GiB, 0));
  BOOST_TEST((block[0] == std::byte{1}));
  BOOST_TEST(pages.committed_bytes() == 1_GiB);
  pages.deallocate(block, 1_GiB, 16);
}

BOOST_AUTO_TEST_CASE(what_shrinks_goes_back_to_the_system_and_comes_again_as_zeros) {
  page_resource pages{{.reserve_bytes = 100 * page}};
  auto* const block = static_cast<std::byte*>(pages.allocate(100 * page, 16));
  std::memset(block, 1, 100 * page);
  BOOST_TEST(resident_pages(block, 100 * page) == 100U);
  BOOST_TEST(pages.try_expand(block, 100 * page, 10 * page));
  BOOST_TEST(resident_pages(block, 100 * page) == 10U);
  BOOST_TEST(test::faults(block + 10 * page));
  BOOST_TEST(!test::faults(block + 10 * page - 1));
  BOOST_TEST(pages.try_expand(block, 10 * page, 20 * page));
  BOOST_TEST((block[9 * page] == std::byte{1}));
  BOOST_TEST((block[10 * page] == std::byte{0}));
  pages.deallocate(block, 20 * page, 16);
}

BOOST_AUTO_TEST_CASE(a_block_larger_than_the_reserve_keeps_its_size) {
  page_resource pages{{.reserve_bytes = 2 * page}};
  void* const block = pages.allocate(5 * page, 16);
  BOOST_TEST(!pages.try_expand(block, 5 * page, 4 * page));
  BOOST_TEST(!pages.try_expand(block, 5 * page, 6 * page));
  BOOST_TEST(pages.try_expand(block, 5 * page, 5 * page - 1));  // the same pages
  pages.deallocate(block, 5 * page, 16);
}

BOOST_AUTO_TEST_CASE(guard_pages_trap_on_both_sides) {
  page_resource pages{{.guard_pages = true}};
  auto* const block = static_cast<std::byte*>(pages.allocate(3 * page, 16));
  BOOST_TEST(test::faults(block - 1));
  BOOST_TEST(test::faults(block + 3 * page));
  BOOST_TEST(!test::faults(block));
  BOOST_TEST(!test::faults(block + 3 * page - 1));
  pages.deallocate(block, 3 * page, 16);
}

BOOST_AUTO_TEST_CASE(protected_pages_trap_until_they_are_not) {
  page_resource pages;
  auto* const block = static_cast<std::byte*>(pages.allocate(4 * page, 16));
  BOOST_TEST(pages.try_protect(block + 1, 3 * page));  // two whole pages lie in it
  BOOST_TEST(!test::faults(block));
  BOOST_TEST(test::faults(block + page));
  BOOST_TEST(test::faults(block + 3 * page - 1));
  BOOST_TEST(!test::faults(block + 3 * page));
  BOOST_TEST(pages.try_unprotect(block + 1, 3 * page));
  BOOST_TEST(!test::faults(block + page));
  pages.deallocate(block, 4 * page, 16);
}

BOOST_AUTO_TEST_CASE(huge_pages_lie_at_multiples_of_two_mebibytes) {
  page_resource pages{{.huge_pages = true}};
  auto* const block = static_cast<std::byte*>(pages.allocate(5_MiB, 16));
  BOOST_TEST(test::is_aligned(block, 2_MiB));
  std::memset(block, 1, 5_MiB);
  pages.deallocate(block, 5_MiB, 16);
}

BOOST_AUTO_TEST_CASE(a_frame_grows_by_a_gibibyte_without_a_second_chunk) {
  page_resource pages{{.reserve_bytes = 2_GiB}};
  frame_resource frame{{.check = check_level::off}, &pages};
  std::byte* first = nullptr;
  {
    memory_scope scope{frame};
    for (int i = 0; i < 1024; ++i) {
      auto* const block = static_cast<std::byte*>(scope.allocate(1_MiB));
      if (i == 0) first = block;
      block[i] = std::byte{1};
    }
    BOOST_TEST(frame.stats().chunk_count == 1U);
    BOOST_TEST(frame.stats().bytes_in_use >= 1_GiB);
  }
  std::size_t const reserved = frame.stats().bytes_reserved;
  std::size_t const given_back = frame.trim();
  BOOST_TEST(given_back == reserved - frame.stats().bytes_reserved);
  BOOST_TEST(frame.stats().bytes_reserved <= 2 * page);
  BOOST_TEST(pages.committed_bytes() == frame.stats().bytes_reserved);
  std::byte* const chunk = first - test::misalignment(first, page);
  BOOST_TEST(resident_pages(chunk, 1_GiB) <= 2U);
  static_cast<void>(frame.allocate(10_MiB));
  BOOST_TEST(frame.stats().chunk_count == 1U);
  frame.release();
  BOOST_TEST(pages.committed_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_frame_goes_on_in_a_second_range_when_the_first_is_full) {
  page_resource pages{{.reserve_bytes = 64_KiB}};
  frame_resource frame{{.max_chunk_bytes = 16_KiB, .check = check_level::off}, &pages};
  for (int i = 0; i < 100; ++i) std::memset(frame.allocate(2000), i, 2000);
  BOOST_TEST(frame.stats().chunk_count == 4U);
  void* const large = frame.allocate(1_MiB);
  std::memset(large, 1, 1_MiB);
  BOOST_TEST(frame.stats().chunk_count == 5U);
}

BOOST_AUTO_TEST_CASE(a_frame_grows_in_its_range_only_up_to_its_limit) {
  page_resource pages{{.reserve_bytes = 1_GiB}};
  frame_resource frame{{.limit_bytes = 100 * page, .check = check_level::off}, &pages};
  std::size_t count = 0;
  while (frame.try_allocate(1000) != nullptr) ++count;
  BOOST_TEST(frame.stats().bytes_reserved <= 100 * page);
  BOOST_TEST(count * 1000 > 98 * page);
  BOOST_TEST(frame.stats().chunk_count == 1U);
}

BOOST_AUTO_TEST_CASE(the_second_of_two_equal_frames_of_pages_calls_upstream_for_nothing) {
  page_resource pages{{.reserve_bytes = 1_GiB}};
  frame_resource frame{&pages};
  std::size_t calls = 0;
  for (int round = 0; round < 3; ++round) {
    {
      memory_scope outer{frame};
      std::pmr::vector<int> numbers{outer};
      memory_scope inner{frame};
      for (int i = 0; i < 100'000; ++i) numbers.push_back(i);
      static_cast<void>(inner.allocate(3_MiB));
    }
    if (round == 0) calls = frame.stats().upstream_calls;
  }
  BOOST_TEST(frame.stats().upstream_calls == calls);
}
