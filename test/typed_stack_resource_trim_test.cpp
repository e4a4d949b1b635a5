// SPDX-License-Identifier: BSL-1.0

// What is idle goes back upstream, of all lanes or of some; what is in use stays as it is.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "support/stack_frames.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::dual;
using test::in_lanes;

namespace {

struct watched_stack {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes(), &upstream};

  // What `f` returns, which must be what upstream got back.
  template <class F>
  std::size_t returned_by(F f) {
    std::size_t const before = upstream.bytes_outstanding();
    std::size_t const told = f();
    BOOST_TEST(before - upstream.bytes_outstanding() == told);
    BOOST_TEST(stack.stats().bytes_reserved == upstream.bytes_outstanding());
    return told;
  }
  std::size_t trim() {
    return returned_by([&] { return stack.trim(); });
  }
  template <class... Ts>
  std::size_t trim_only() {
    return returned_by([&] { return stack.trim<Ts...>(); });
  }
  std::size_t reserved_for(std::string_view element) const {
    for (lane_stats const& lane : stack.stats_by_lane().lanes) {
      if (lane.element == element) return lane.bytes_reserved;
    }
    return 0;
  }
  // Grows each of three lanes and the blocks, then falls back.
  void grow() {
    memory_scope scope{stack};
    for (int i = 0; i < 10; ++i) {
      static_cast<void>(scope.acquire<double>(5000));
      static_cast<void>(scope.acquire<float>(5000));
      static_cast<void>(scope.acquire<dual<0>>(2000));
      static_cast<void>(scope.allocate(30'000));
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_stack_that_was_never_used_has_nothing_to_give, watched_stack) {
  BOOST_TEST(trim() == 0U);
  BOOST_TEST((trim_only<double, dual<1>>()) == 0U);
  stack.release();
  BOOST_TEST(upstream.calls() == 0U);
}

BOOST_FIXTURE_TEST_CASE(with_nothing_in_use_lanes_give_all_chunks_back, watched_stack) {
  grow();
  std::size_t const before = stack.stats().bytes_reserved;
  BOOST_TEST(trim() > before * 9 / 10);  // the first chunk of the blocks stays
  BOOST_TEST(reserved_for("double") == 0U);
  BOOST_TEST(reserved_for("float") == 0U);
  BOOST_TEST(trim() == 0U);
  grow();
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

BOOST_FIXTURE_TEST_CASE(in_the_middle_of_a_scope_what_is_in_use_stays_unmoved, watched_stack) {
  memory_scope outer{stack};
  std::vector<std::span<double>> arrays;
  for (int i = 0; i < 8; ++i) {
    arrays.push_back(outer.acquire<double>(900));
    std::ranges::fill(arrays.back(), i);
  }
  auto const block = static_cast<char*>(outer.allocate(3000));
  std::fill_n(block, 3000, 'b');
  grow();
  std::size_t const in_use = stack.stats().bytes_in_use;
  BOOST_TEST(trim() > 100'000U);
  BOOST_TEST(trim() == 0U);
  BOOST_TEST(stack.stats().bytes_in_use == in_use);
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    BOOST_TEST(std::ranges::count(arrays[i], static_cast<double>(i)) == 900);
  }
  BOOST_TEST(std::count(block, block + 3000, 'b') == 3000);
  {
    memory_scope inner{stack};
    std::ranges::fill(inner.acquire<double>(50'000), -1.0);
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    BOOST_TEST(std::ranges::count(arrays[i], static_cast<double>(i)) == 900);
  }
}

BOOST_FIXTURE_TEST_CASE(a_scope_that_has_saved_an_empty_lane_may_be_rewound_after_it,
                        watched_stack) {
  marker const mark = stack.checkpoint<double, dual<0>>();
  {
    memory_scope inner{stack};
    static_cast<void>(inner.acquire<double>(10'000));
    static_cast<void>(inner.acquire<dual<0>>(10'000));
  }
  trim();
  std::ranges::fill(stack.acquire<double>(100), 1.0);
  trim();
  stack.rewind(mark);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
  trim();
  BOOST_TEST(reserved_for("double") == 0U);
}

BOOST_FIXTURE_TEST_CASE(only_the_lanes_that_are_named_are_trimmed, watched_stack) {
  grow();
  std::size_t const doubles = reserved_for("double");
  std::size_t const floats = reserved_for("float");
  std::size_t const blocks = reserved_for("bytes");
  BOOST_TEST(trim_only<double>() == doubles);
  BOOST_TEST(reserved_for("double") == 0U);
  BOOST_TEST(reserved_for("float") == floats);
  BOOST_TEST(trim_only<double>() == 0U);
  BOOST_TEST((trim_only<int, float, dual<2>>()) == floats);  // two that were never used
  BOOST_TEST(trim_only<dual<0>>() > 0U);
  BOOST_TEST(reserved_for("bytes") == blocks);
}

BOOST_FIXTURE_TEST_CASE(one_lane_is_trimmed_in_the_middle_of_a_scope, watched_stack) {
  memory_scope scope{stack};
  auto const kept = scope.ones(100);
  grow();
  std::size_t const chunks = stack.stats().chunk_count;
  BOOST_TEST(trim_only<double>() > 0U);
  BOOST_TEST(stack.stats().chunk_count < chunks);
  BOOST_TEST(std::ranges::count(kept, 1.0) == 100);
  BOOST_TEST(trim_only<double>() == 0U);
}

BOOST_FIXTURE_TEST_CASE(after_a_trim_lanes_grow_as_before, watched_stack) {
  grow();
  std::size_t const reserved = stack.stats().bytes_reserved;
  trim();
  grow();
  BOOST_TEST(stack.stats().bytes_reserved <= 2 * reserved);
  std::size_t const calls = upstream.calls();
  grow();
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_FIXTURE_TEST_CASE(the_peak_is_remembered, watched_stack) {
  grow();
  std::size_t const peak = stack.stats().bytes_peak;
  BOOST_TEST(peak >= 10U * (5000 * 12 + 2000 * 16 + 30'000));
  trim();
  BOOST_TEST(stack.stats().bytes_peak == peak);
  stack.release();
  BOOST_TEST(stack.stats().bytes_peak == peak);
}

BOOST_FIXTURE_TEST_CASE(a_release_returns_every_chunk_and_closes_everything, watched_stack) {
  static_cast<void>(stack.acquire<double>(100));
  memory_scope scope{stack};
  static_cast<void>(scope.acquire<dual<0>>(100));
  static_cast<void>(scope.acquire<float>(1'000'000));
  static_cast<void>(scope.allocate(100));
  stack.release();
  BOOST_TEST(stack.stats().chunk_count == 0U);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
  BOOST_TEST(stack.depth() == 0U);
  BOOST_TEST(!scope.is_open());
  std::size_t const bookkeeping = upstream.bytes_outstanding();  // of lanes that are not built in
  BOOST_TEST(bookkeeping < 1000U);
  BOOST_TEST(stack.ones(10)[9] == 1);
  stack.release();
  BOOST_TEST(upstream.bytes_outstanding() == bookkeeping);
}

// One large request must not be paid for by all small ones that follow.
BOOST_FIXTURE_TEST_CASE(a_large_array_that_is_gone_can_be_given_back, watched_stack) {
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(1'000'000));
  }
  for (int i = 0; i < 100; ++i) {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(100));
  }
  BOOST_TEST(stack.stats().bytes_reserved >= 8'000'000U);
  {
    memory_scope scope{stack};
    auto const small = scope.ones(100);
    BOOST_TEST(trim() >= 8'000'000U);
    BOOST_TEST(stack.stats().bytes_reserved < 10'000U);
    BOOST_TEST(std::ranges::count(small, 1.0) == 100);
  }
  std::size_t const calls = upstream.calls();
  for (int i = 0; i < 100; ++i) {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(100));
  }
  BOOST_TEST(upstream.calls() == calls);
}
