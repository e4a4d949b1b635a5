// SPDX-License-Identifier: BSL-1.0

// Construction, sizes and alignments of a fixed-block pool. Objects, memory as a whole, marks,
// misuse: see the other test/fixed_block_resource_*_test.cpp.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <string>
#include <thread>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <type_traits>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using tidemark::test::is_aligned;

namespace {

template <class... Args>
constexpr bool nothrow_from = std::is_nothrow_constructible_v<fixed_block_resource, Args...>;

static_assert(std::is_final_v<fixed_block_resource>);
static_assert(std::is_base_of_v<rewindable_resource, fixed_block_resource>);
static_assert(!std::is_copy_constructible_v<fixed_block_resource>);
static_assert(!std::is_move_constructible_v<fixed_block_resource>);
static_assert(!std::is_copy_assignable_v<fixed_block_resource>);
static_assert(!std::is_move_assignable_v<fixed_block_resource>);
static_assert(nothrow_from<>);
static_assert(nothrow_from<std::pmr::memory_resource*>);
static_assert(nothrow_from<fixed_block_options>);
static_assert(nothrow_from<fixed_block_options, std::pmr::memory_resource*>);
static_assert(!std::is_constructible_v<fixed_block_resource, std::nullptr_t>);
static_assert(!std::is_constructible_v<fixed_block_resource, fixed_block_options, std::nullptr_t>);
static_assert(!std::is_convertible_v<std::pmr::memory_resource*, fixed_block_resource>);

// At least `count` blocks that lie apart, written from end to end.
void check_apart(fixed_block_resource& pool, std::size_t count, std::size_t bytes,
                 std::size_t alignment) {
  std::vector<std::byte*> blocks;
  for (std::size_t i = 0; i < count; ++i) {
    blocks.push_back(static_cast<std::byte*>(pool.allocate(bytes, alignment)));
    BOOST_REQUIRE(is_aligned(blocks.back(), alignment));
    std::memset(blocks.back(), static_cast<int>(i % 251), bytes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    auto const whole = [&](std::byte b) { return b == static_cast<std::byte>(i % 251); };
    BOOST_REQUIRE(std::all_of(blocks[i], blocks[i] + bytes, whole));
  }
  for (std::byte* const block : blocks) pool.deallocate(block, bytes, alignment);
}

}  // namespace

BOOST_AUTO_TEST_CASE(constructors_ask_upstream_for_nothing) {
  testing::checked_upstream upstream;
  {
    fixed_block_resource plain{&upstream};
    fixed_block_resource sized{{.name = "sized", .block_bytes = 64}, &upstream};
    fixed_block_resource typed{blocks_for<int>, &upstream};
    for (fixed_block_resource* pool : {&plain, &sized, &typed}) {
      BOOST_TEST(pool->stats().bytes_reserved == 0U);
      BOOST_TEST(pool->upstream_resource() == &upstream);
      BOOST_TEST(pool->depth() == 0U);
    }
    BOOST_TEST(sized.name() == "sized");
  }
  BOOST_TEST(upstream.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_without_an_upstream_takes_the_default_one) {
  fixed_block_resource plain;
  fixed_block_resource sized{{.block_bytes = 64}};
  std::pmr::memory_resource* none = nullptr;
  fixed_block_resource from_null{none};
  BOOST_TEST(plain.upstream_resource() == default_upstream());
  BOOST_TEST(sized.upstream_resource() == default_upstream());
  BOOST_TEST(from_null.upstream_resource() == default_upstream());
}

BOOST_AUTO_TEST_CASE(a_name_is_copied_up_to_31_bytes) {
  std::string name(40, 'n');
  fixed_block_resource pool{{.name = name}};
  name.clear();
  BOOST_TEST(pool.name() == std::string(31, 'n'));
  BOOST_TEST((pool.stats().name == pool.name()));
}

BOOST_AUTO_TEST_CASE(equality_is_identity) {
  fixed_block_resource one;
  fixed_block_resource two;
  memory_scope scope{one};
  BOOST_TEST(one.is_equal(one));
  BOOST_TEST(!one.is_equal(two));
  BOOST_TEST(!one.is_equal(*scope.resource()));
  BOOST_TEST(scope.resource()->is_equal(*scope.resource()));
  BOOST_TEST(one.unscoped()->is_equal(one));  // the bare pool belongs to no checkpoint
}

// What size the blocks have.

BOOST_AUTO_TEST_CASE(the_first_request_says_the_size_and_the_alignment) {
  fixed_block_resource pool;
  BOOST_TEST(pool.block_bytes() == 0U);
  void* const first = pool.allocate(40, 8);
  BOOST_TEST(pool.block_bytes() == 40U);
  static_cast<void>(pool.allocate(20, 4));
  BOOST_TEST(pool.block_bytes() == 40U);
  BOOST_TEST(pool.stats().bytes_in_use == 80U);
  pool.deallocate(first, 40, 8);
  pool.release();
  BOOST_TEST(pool.block_bytes() == 40U);  // once said, it stays
}

BOOST_AUTO_TEST_CASE(the_first_request_may_come_from_a_scope) {
  fixed_block_resource pool;
  memory_scope scope{pool};
  static_cast<void>(scope.allocate(24, 8));
  BOOST_TEST(pool.block_bytes() == 24U);
  fixed_block_resource other;
  marker const mark = other.checkpoint();
  static_cast<void>(other.resource_of(mark)->allocate(48, 16));
  BOOST_TEST(other.block_bytes() == 48U);
}

BOOST_AUTO_TEST_CASE(the_options_say_the_size) {
  fixed_block_resource pool{{.block_bytes = 96, .block_alignment = 32}};
  static_cast<void>(pool.allocate(8, 8));
  BOOST_TEST(pool.block_bytes() == 96U);
  BOOST_TEST(pool.stats().bytes_in_use == 96U);
}

BOOST_AUTO_TEST_CASE(a_block_has_whole_alignments_and_room_for_a_pointer) {
  struct wish {
    std::size_t bytes, alignment, given;
  };
  for (wish const w : {wish{0, 1, 8},
                       {1, 1, 8},
                       {8, 8, 8},
                       {9, 1, 16},
                       {24, 16, 32},
                       {100, 64, 128},
                       {65, 64, 128},
                       {100, 4096, 4096}}) {
    fixed_block_resource pool;
    static_cast<void>(pool.allocate(w.bytes, w.alignment));
    BOOST_TEST(pool.block_bytes() == w.given);
  }
}

BOOST_AUTO_TEST_CASE(a_first_request_that_upstream_fails_says_nothing) {
  testing::checked_upstream upstream;
  fixed_block_resource pool{&upstream};
  upstream.fail_at(1);
  BOOST_CHECK_THROW(static_cast<void>(pool.allocate(200, 8)), std::bad_alloc);
  BOOST_TEST(pool.block_bytes() == 0U);
  static_cast<void>(pool.allocate(40, 8));
  BOOST_TEST(pool.block_bytes() == 40U);
}

BOOST_AUTO_TEST_CASE(a_first_request_that_no_memory_has_says_nothing) {
  fixed_block_resource pool;
  for (std::size_t bytes : {SIZE_MAX, SIZE_MAX - 8191, SIZE_MAX / 2 + 1}) {
    for (std::size_t alignment : {1U, 16U, 8192U}) {
      BOOST_CHECK_THROW(static_cast<void>(pool.allocate(bytes, alignment)), std::bad_alloc);
      BOOST_TEST(pool.block_bytes() == 0U);
    }
  }
  static_cast<void>(pool.allocate(40, 8));
  BOOST_TEST(pool.block_bytes() == 40U);
}

BOOST_AUTO_TEST_CASE(a_first_request_over_the_limit_says_nothing) {
  fixed_block_resource pool{{.limit_bytes = 10'000}};
  BOOST_CHECK_THROW(static_cast<void>(pool.allocate(20'000, 8)), resource_exhausted);
  BOOST_TEST(pool.block_bytes() == 0U);
  static_cast<void>(pool.allocate(40, 8));
  BOOST_TEST(pool.block_bytes() == 40U);
}

// What it serves.

BOOST_AUTO_TEST_CASE(blocks_lie_apart_and_are_aligned) {
  for (std::size_t bytes : {1U, 8U, 24U, 64U, 100U, 1000U, 5000U, 100'000U}) {
    for (std::size_t alignment : {1U, 8U, 16U, 64U, 1024U}) {
      fixed_block_resource pool{{.block_bytes = bytes, .block_alignment = alignment}};
      check_apart(pool, bytes < 1000 ? 3000 : 60, bytes, alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(blocks_of_4096_and_of_2_mib_alignment_are_honoured) {
  for (std::size_t alignment : {4_KiB, 2_MiB}) {
    fixed_block_resource pool{{.block_bytes = 100, .block_alignment = alignment}};
    check_apart(pool, 5, 100, alignment);
    BOOST_TEST(pool.block_bytes() == alignment);
    fixed_block_resource adopting;
    check_apart(adopting, 5, 3000, alignment);
  }
}

BOOST_AUTO_TEST_CASE(requests_of_less_alignment_than_the_blocks_are_served_by_them) {
  fixed_block_resource pool{{.block_bytes = 64, .block_alignment = 64}};
  for (std::size_t alignment = 1; alignment <= 64; alignment *= 2) {
    BOOST_TEST(is_aligned(pool.allocate(64, alignment), 64));
  }
  BOOST_TEST(pool.stats().chunk_count == 1U);
}

BOOST_AUTO_TEST_CASE(size_0_is_legal_and_unique) {
  fixed_block_resource pool{{.block_bytes = 16}};
  memory_scope scope{pool};
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) {
    blocks.push_back(pool.allocate(0, 1));
    blocks.push_back(scope.allocate(0, 1));
    blocks.push_back(pool.allocate(0, 4096));  // of its own
  }
  std::sort(blocks.begin(), blocks.end());
  BOOST_TEST((std::adjacent_find(blocks.begin(), blocks.end()) == blocks.end()));
  BOOST_TEST(blocks.front() != nullptr);
}

BOOST_AUTO_TEST_CASE(a_block_of_size_0_is_freed_like_any_other) {
  fixed_block_resource pool{{.block_bytes = 16, .check = check_level::off}};
  void* const block = pool.allocate(0);
  BOOST_TEST(pool.stats().bytes_in_use == 16U);
  pool.deallocate(block, 0);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
  BOOST_TEST(pool.allocate(16) == block);
}

BOOST_AUTO_TEST_CASE(sizes_that_no_memory_has_throw_and_change_nothing) {
  testing::checked_upstream upstream;
  fixed_block_resource pool{{.block_bytes = 64}, &upstream};
  static_cast<void>(pool.allocate(64));
  memory_scope scope{pool};
  static_cast<void>(scope.allocate(64));
  auto const before = pool.stats();
  for (std::size_t bytes : {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 8191, SIZE_MAX / 2 + 1}) {
    for (std::size_t alignment : {1U, 16U, 8192U}) {
      BOOST_CHECK_THROW(static_cast<void>(pool.allocate(bytes, alignment)), std::bad_alloc);
      BOOST_CHECK_THROW(static_cast<void>(scope.allocate(bytes, alignment)), std::bad_alloc);
      BOOST_TEST(pool.try_allocate(bytes, alignment) == nullptr);
      BOOST_TEST(scope.try_allocate(bytes, alignment) == nullptr);
    }
  }
  std::size_t volatile highest = std::size_t{1} << 63U;  // clang warns of it as a constant
  BOOST_CHECK_THROW(static_cast<void>(pool.allocate(1, highest)), std::bad_alloc);
  auto after = pool.stats();
  after.upstream_calls = before.upstream_calls;  // who has that much is for upstream to say
  BOOST_TEST((after == before));
  BOOST_TEST(upstream.totals().blocks_outstanding == 2U);  // slabs, log
}

BOOST_AUTO_TEST_CASE(the_block_freed_last_is_handed_out_first) {
  fixed_block_resource pool{{.block_bytes = 64}};
  void* const one = pool.allocate(64);
  void* const two = pool.allocate(64);
  pool.deallocate(one, 64);
  pool.deallocate(two, 64);
  BOOST_TEST(pool.allocate(64) == two);
  BOOST_TEST(pool.allocate(64) == one);
}

BOOST_AUTO_TEST_CASE(try_allocate_gives_a_block_or_null) {
  testing::checked_upstream upstream;
  fixed_block_resource pool{{.block_bytes = 64}, &upstream};
  upstream.fail_at(1);
  BOOST_TEST(pool.try_allocate(64) == nullptr);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
  void* const block = pool.try_allocate(40, 16);
  BOOST_TEST(is_aligned(block, 16));
  BOOST_TEST(pool.stats().bytes_in_use == 64U);
}

BOOST_AUTO_TEST_CASE(a_pool_serves_containers) {
  fixed_block_resource pool;
  std::pmr::vector<std::pmr::string> rows{&pool};
  for (int i = 0; i < 300; ++i)
    rows.emplace_back("a row that does not fit the small buffer: ") += 'x';
  BOOST_TEST(rows.size() == 300U);
  BOOST_TEST(rows.front() == rows.back());
}

BOOST_AUTO_TEST_CASE(a_pool_may_be_handed_to_another_thread_when_nothing_is_open) {
  fixed_block_resource pool{{.block_bytes = 300, .check = check_level::on}};
  for (int round = 0; round < 3; ++round) {
    std::thread{[&pool] {
      memory_scope scope{pool};
      std::memset(scope.allocate(300), 1, 300);
    }}.join();
  }
  memory_scope scope{pool};
  std::memset(scope.allocate(300), 1, 300);
  BOOST_TEST(pool.depth() == 1U);
}
