// SPDX-License-Identifier: BSL-1.0

// What a fixed-block pool has from upstream: larger requests, limits, trim, release, counts.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <new>
#include <tidemark/literals.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

#include "support/block_pools.hpp"
#include "support/is_aligned.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using test::block_scope;
using test::unchecked_blocks;

namespace {

// A pool of 64-byte blocks that are not checked.
struct small_pool {
  testing::checked_upstream upstream;
  fixed_block_resource pool{unchecked_blocks(64), &upstream};
  std::vector<void*> blocks;

  std::size_t in_use() const { return pool.stats().bytes_in_use; }
  std::size_t reserved() const { return pool.stats().bytes_reserved; }
  void take(std::size_t count) {
    while (count-- != 0) blocks.push_back(pool.allocate(64));
  }
  void free_all() {
    for (void* const block : blocks) pool.deallocate(block, 64);
    blocks.clear();
  }
};

}  // namespace

// Requests that do not fit the blocks.

BOOST_FIXTURE_TEST_CASE(a_larger_request_is_passed_on, small_pool) {
  take(1);
  std::size_t const calls = upstream.calls();
  void* const block = pool.allocate(65);
  BOOST_TEST(upstream.calls() == calls + 1);
  std::memset(block, 1, 65);
  BOOST_TEST(in_use() == 64U + 65U);
  pool.deallocate(block, 65);
  BOOST_TEST(in_use() == 64U);
  BOOST_TEST(upstream.totals().blocks_outstanding == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_request_of_larger_alignment_is_passed_on, small_pool) {
  take(1);
  for (std::size_t alignment : {32_KiB, 2_MiB}) {
    void* const block = pool.allocate(8, alignment);
    BOOST_TEST(test::is_aligned(block, alignment));
    std::memset(block, 1, 8);
    BOOST_TEST(upstream.totals().blocks_outstanding == 2U);
    pool.deallocate(block, 8, alignment);
    BOOST_TEST(upstream.totals().blocks_outstanding == 1U);
  }
}

BOOST_AUTO_TEST_CASE(larger_requests_are_refused_if_the_options_say_so) {
  testing::checked_upstream upstream;
  fixed_block_resource pool{{.name = "strict", .block_bytes = 64, .refuse_larger = true},
                            &upstream};
  static_cast<void>(pool.allocate(64));
  auto const before = pool.stats();
  block_scope scope{pool};
  BOOST_CHECK_THROW(static_cast<void>(pool.allocate(65)), resource_exhausted);
  BOOST_CHECK_THROW(static_cast<void>(pool.allocate(64, 4_KiB)), resource_exhausted);
  BOOST_CHECK_THROW(static_cast<void>(scope.allocate(65)), resource_exhausted);
  BOOST_TEST(pool.try_allocate(65) == nullptr);
  BOOST_TEST(pool.stats().bytes_in_use == before.bytes_in_use);
  BOOST_TEST(upstream.calls() == 1U);
  try {
    static_cast<void>(pool.allocate(65));
  } catch (resource_exhausted const& refused) {
    BOOST_TEST((refused.resource == "strict"));
    BOOST_TEST(refused.requested_bytes == 65U);
  }
}

BOOST_FIXTURE_TEST_CASE(a_rewound_larger_block_waits_for_the_next_such_request, small_pool) {
  take(1);
  for (int round = 0; round < 3; ++round) {
    block_scope scope{pool};
    static_cast<void>(scope.allocate(100'000));
    BOOST_TEST(upstream.calls() == 2U);
  }
  BOOST_TEST(in_use() == 64U);
  BOOST_TEST(upstream.bytes_outstanding() > 100'000U);
  static_cast<void>(pool.allocate(100'000));
  BOOST_TEST(upstream.calls() == 2U);
}

BOOST_FIXTURE_TEST_CASE(what_was_rewound_goes_back_before_more_is_asked_for, small_pool) {
  for (std::size_t bytes = 100'000; bytes < 110'000; bytes += 1000) {
    block_scope scope{pool};
    static_cast<void>(scope.allocate(bytes));
  }
  BOOST_TEST(upstream.bytes_outstanding() < 120'000U);
}

// The limit.

BOOST_AUTO_TEST_CASE(what_upstream_gave_never_exceeds_the_limit) {
  for (std::size_t limit : {600U, 5000U, 70'000U, 200'000U, 1'000'000U}) {
    testing::checked_upstream upstream;
    fixed_block_options options = unchecked_blocks(64);
    options.limit_bytes = limit;
    fixed_block_resource pool{options, &upstream};
    std::size_t served = 0;
    while (pool.try_allocate(64) != nullptr) ++served;
    BOOST_TEST(served * 64 < limit);
    // Slabs and groups shrink to what the limit leaves.
    BOOST_TEST(served * 64 > limit / 2 - 256);
    BOOST_TEST(upstream.totals().bytes_peak <= limit);
    BOOST_TEST(pool.stats().bytes_reserved == upstream.bytes_outstanding());
    BOOST_CHECK_THROW(static_cast<void>(pool.allocate(64)), resource_exhausted);
  }
}

BOOST_AUTO_TEST_CASE(the_refusal_at_the_limit_names_the_pool_and_the_bytes) {
  fixed_block_options options = unchecked_blocks(64);
  options.name = "bounded";
  options.limit_bytes = 10'000;
  fixed_block_resource pool{options};
  static_cast<void>(pool.allocate(64));
  try {
    static_cast<void>(pool.allocate(20'000));
    BOOST_TEST(false, "it was served");
  } catch (resource_exhausted const& refused) {
    BOOST_TEST((refused.resource == "bounded"));
    BOOST_TEST(refused.requested_bytes == 20'000U);
    BOOST_TEST(refused.available_bytes == 10'000U - pool.stats().bytes_reserved);
  }
}

BOOST_AUTO_TEST_CASE(idle_memory_goes_back_before_the_limit_refuses) {
  fixed_block_options options = unchecked_blocks(64);
  options.limit_bytes = 200'000;
  testing::checked_upstream upstream;
  fixed_block_resource pool{options, &upstream};
  {
    block_scope scope{pool};
    while (scope.try_allocate(64) != nullptr) continue;
  }
  BOOST_TEST(upstream.bytes_outstanding() > 100'000U);
  BOOST_TEST(pool.try_allocate(150'000) != nullptr);  // in place of the slabs
  BOOST_TEST(upstream.totals().bytes_peak <= 200'000U);
}

BOOST_AUTO_TEST_CASE(the_bookkeeping_of_checkpoints_counts_towards_the_limit) {
  fixed_block_options options = unchecked_blocks(64);
  options.limit_bytes = 3000;
  fixed_block_resource pool{options};
  std::uint32_t depth = 0;
  try {
    for (; depth < 1000; ++depth) static_cast<void>(pool.checkpoint());
    BOOST_TEST(false, "no limit was met");
  } catch (resource_exhausted const&) {
    BOOST_TEST(pool.depth() == depth);
    BOOST_TEST(pool.stats().bytes_reserved <= 3000U);
  }
}

BOOST_AUTO_TEST_CASE(slabs_are_no_larger_than_the_options_say) {
  for (std::size_t most : {std::size_t{512}, 4_KiB, 64_KiB}) {
    testing::checked_upstream upstream;
    fixed_block_options options = unchecked_blocks(64);
    options.max_slab_bytes = most;
    fixed_block_resource pool{options, &upstream};
    std::size_t former = 0;
    for (int i = 0; i < 5000; ++i) {
      static_cast<void>(pool.allocate(64));
      BOOST_REQUIRE(upstream.bytes_outstanding() - former <= most);
      former = upstream.bytes_outstanding();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_larger_than_the_cap_of_slabs_gets_one_of_its_own) {
  testing::checked_upstream upstream;
  fixed_block_options options = unchecked_blocks(3_MiB);
  fixed_block_resource pool{options, &upstream};
  void* const one = pool.allocate(3_MiB);
  void* const two = pool.allocate(3_MiB);
  std::memset(one, 1, 3_MiB);
  std::memset(two, 2, 3_MiB);
  BOOST_TEST(static_cast<char*>(one)[3_MiB - 1] == 1);
  BOOST_TEST(upstream.calls() == 2U);
  pool.deallocate(one, 3_MiB);
  BOOST_TEST(pool.allocate(3_MiB) == one);
}

// Trim, reset and release.

BOOST_FIXTURE_TEST_CASE(trim_returns_slabs_without_a_live_block, small_pool) {
  take(5000);
  BOOST_TEST(pool.trim() == 0U);
  free_all();
  std::size_t const before = reserved();
  BOOST_TEST(pool.trim() == before);
  BOOST_TEST(upstream.totals().blocks_outstanding == 0U);
  BOOST_TEST(pool.stats().chunk_count == 0U);
  take(1);
  BOOST_TEST(in_use() == 64U);
}

BOOST_FIXTURE_TEST_CASE(trim_leaves_what_holds_a_live_block, small_pool) {
  take(5000);
  void* const live = blocks.back();
  blocks.pop_back();
  std::memset(live, 'l', 64);
  free_all();
  BOOST_TEST(pool.trim() > 0U);
  BOOST_TEST(pool.stats().chunk_count == 1U);
  BOOST_TEST(static_cast<char*>(live)[63] == 'l');
  take(5000);
  for (void* const block : blocks) BOOST_REQUIRE(block != live);
  BOOST_TEST(in_use() == 64U * 5001U);
}

BOOST_FIXTURE_TEST_CASE(trim_is_legal_with_checkpoints_open, small_pool) {
  block_scope scope{pool};
  auto* const live = static_cast<char*>(scope.allocate(64));
  std::memset(live, 'l', 64);
  {
    block_scope inner{pool};
    for (int i = 0; i < 5000; ++i) static_cast<void>(inner.allocate(64));
    static_cast<void>(inner.allocate(100'000));
  }
  BOOST_TEST(pool.trim() > 5000U * 64U);
  BOOST_TEST(live[0] == 'l');
  BOOST_TEST(live[63] == 'l');
  BOOST_TEST(in_use() == 64U);
  scope.reset();
  BOOST_TEST(in_use() == 0U);
}

BOOST_FIXTURE_TEST_CASE(reset_frees_everything_and_keeps_the_memory, small_pool) {
  take(5000);
  static_cast<void>(pool.allocate(100'000));
  std::size_t const before = reserved();
  pool.reset();
  BOOST_TEST(in_use() == 0U);
  BOOST_TEST(reserved() == before);
  std::size_t const calls = upstream.calls();
  take(5000);
  static_cast<void>(pool.allocate(100'000));
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_FIXTURE_TEST_CASE(release_returns_everything, small_pool) {
  take(5000);
  static_cast<void>(pool.allocate(100'000));
  pool.release();
  BOOST_TEST(in_use() == 0U);
  BOOST_TEST(reserved() == 0U);
  BOOST_TEST(upstream.totals().blocks_outstanding == 0U);
  take(10);
  BOOST_TEST(in_use() == 640U);
}

BOOST_FIXTURE_TEST_CASE(release_keeps_no_more_than_the_bookkeeping_of_checkpoints, small_pool) {
  for (int d = 0; d < 10; ++d) static_cast<void>(pool.checkpoint());
  block_scope scope{pool};
  static_cast<void>(scope.allocate(64));
  pool.release();
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(reserved() < 8_KiB);
  std::size_t const calls = upstream.calls();
  for (int d = 0; d < 10; ++d) static_cast<void>(pool.checkpoint());
  BOOST_TEST(upstream.calls() == calls);
}

// Counts.

BOOST_FIXTURE_TEST_CASE(the_counts_follow_blocks_and_chunks, small_pool) {
  take(3);
  void* const large = pool.allocate(1000);
  auto const stats = pool.stats();
  BOOST_TEST(stats.bytes_in_use == 3 * 64U + 1000U);
  BOOST_TEST(stats.bytes_peak == stats.bytes_in_use);
  BOOST_TEST(stats.chunk_count == 2U);
  BOOST_TEST(stats.upstream_calls == 2U);
  BOOST_TEST(stats.bytes_reserved == upstream.bytes_outstanding());
  pool.deallocate(large, 1000);
  free_all();
  BOOST_TEST(pool.stats().bytes_peak == stats.bytes_peak);
  BOOST_TEST(pool.stats().chunk_count == 1U);
  BOOST_TEST(in_use() == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_peak_is_the_most_that_was_live_at_once, small_pool) {
  take(100);
  free_all();
  take(40);
  BOOST_TEST(pool.stats().bytes_peak == 6400U);
  take(61);
  BOOST_TEST(pool.stats().bytes_peak == 6464U);
  pool.reset();
  take(100);
  BOOST_TEST(pool.stats().bytes_peak == 6464U);
}
