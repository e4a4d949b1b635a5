// SPDX-License-Identifier: BSL-1.0

// What upstream gives for lanes, blocks and bookkeeping together never exceeds the limit.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <tidemark/error.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/stack_frames.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::dual;
using test::in_lanes;

namespace {

constexpr std::size_t header = 64;  // of each chunk

}  // namespace

BOOST_AUTO_TEST_CASE(a_lane_may_use_the_limit_to_the_byte) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.limit_bytes = 8192}), &upstream};
  auto const all = stack.acquire<double>((8192 - header) / 8);
  std::ranges::fill(all, 1.0);
  BOOST_TEST(upstream.bytes_outstanding() == 8192U);
  BOOST_CHECK_THROW(static_cast<void>(stack.acquire<double>(1)), resource_exhausted);
  BOOST_CHECK_THROW(static_cast<void>(stack.acquire<float>(1)), resource_exhausted);
  BOOST_CHECK_THROW(static_cast<void>(stack.allocate(1)), resource_exhausted);
  BOOST_TEST(upstream.totals().calls == 1U);  // it was not even asked
}

BOOST_AUTO_TEST_CASE(a_byte_more_than_the_limit_is_exhaustion_that_says_how_much) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.name = "limited", .limit_bytes = 8192}), &upstream};
  try {
    static_cast<void>(stack.acquire<double>((8192 - header) / 8 + 1));
    BOOST_ERROR("not refused");
  } catch (resource_exhausted const& refused) {
    BOOST_TEST(refused.resource == "limited");
    BOOST_TEST(refused.requested_bytes == 8192U - header + 8);
    BOOST_TEST(refused.available_bytes == 8192U);
  }
  BOOST_TEST(upstream.totals().calls == 0U);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(near_the_limit_a_chunk_shrinks_to_what_is_left) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.initial_bytes = 1024, .limit_bytes = 2048}), &upstream};
  static_cast<void>(stack.acquire<double>(128));
  static_cast<void>(stack.acquire<float>(10));  // wants 1088 bytes, too
  BOOST_TEST(upstream.bytes_outstanding() == 2048U);
  static_cast<void>(stack.acquire<float>(200));
  BOOST_CHECK_THROW(static_cast<void>(stack.acquire<float>(100)), resource_exhausted);
}

BOOST_AUTO_TEST_CASE(idle_chunks_of_other_lanes_are_given_back_for_what_needs_them) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.limit_bytes = 65'536}), &upstream};
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(6000));
    static_cast<void>(scope.allocate(8000));
  }
  memory_scope scope{stack};
  auto const floats = scope.ones<float>(14'000);  // there is room for these alone
  BOOST_TEST(std::ranges::count(floats, 1.0F) == 14'000);
  BOOST_TEST(upstream.totals().bytes_peak <= 65'536U);
}

BOOST_AUTO_TEST_CASE(the_lane_that_needs_room_may_give_its_own_idle_chunks_back_first) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.limit_bytes = 40'000}), &upstream};
  static_cast<void>(stack.acquire<double>(1000));
  stack.reset();  // its only chunk is idle and too small for what comes
  auto const array = stack.ones(4500);
  BOOST_TEST(std::ranges::count(array, 1.0) == 4500);
  BOOST_TEST(stack.stats().chunk_count == 1U);
}

BOOST_AUTO_TEST_CASE(bookkeeping_counts) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.limit_bytes = 1000}), &upstream};
  memory_scope scope{stack};
  BOOST_CHECK_THROW(
      {
        for (std::uint32_t type = 0; type < 9; ++type) test::take_some_type(scope, type, 16);
      },
      resource_exhausted);
  BOOST_TEST(upstream.totals().bytes_peak <= 1000U);
  BOOST_TEST(stack.stats().bytes_reserved == upstream.bytes_outstanding());
}

BOOST_AUTO_TEST_CASE(random_histories_stay_below_the_limit_and_keep_the_books) {
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    testing::checked_upstream upstream;
    {
      model::command_source source{seed};
      std::size_t const limit = 2000 + source.below(600'000);
      typed_stack_resource stack{
          in_lanes({.initial_bytes = 1 + source.below(9000), .limit_bytes = limit}), &upstream};
      for (int i = 0; i < 12; ++i) {
        try {
          test::random_frame(stack, source, 2);
        } catch (resource_exhausted const&) {
          ++refused;
        }
        BOOST_TEST(stack.stats().bytes_reserved == upstream.bytes_outstanding());
        BOOST_TEST(upstream.totals().bytes_peak <= limit);
        if (i % 4 == 3) stack.reset();
      }
    }
    BOOST_TEST(upstream.complaint() == "");
  }
  BOOST_TEST(refused > 20U);
}

BOOST_AUTO_TEST_CASE(a_callers_buffer_is_not_counted) {
  alignas(64) std::byte buffer[4096];
  typed_stack_resource stack{buffer, sizeof buffer, std::pmr::null_memory_resource()};
  memory_scope scope{stack};
  BOOST_TEST(scope.zeros(100).size() == 100U);
  BOOST_TEST(stack.stats().bytes_reserved == 0U);
  BOOST_CHECK_THROW(static_cast<void>(scope.zeros(1000)), std::bad_alloc);
}
