// SPDX-License-Identifier: BSL-1.0

// A stack that is not pooled: the same interface, every block upstream's own.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <tidemark/detail/poison.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "support/is_aligned.hpp"
#include "support/stack_frames.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::in_lanes;

namespace {

constexpr std::size_t header = 64;  // of each chunk

struct apart {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.pooled = false}), &upstream};

  std::size_t blocks() const { return upstream.totals().blocks_outstanding; }
  std::size_t bytes() const { return upstream.bytes_outstanding(); }
};

struct counted {
  explicit counted(int* count) noexcept : ended(count) {}
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { ++*ended; }
  int* ended;
};

// Convolves a signal with itself, level by level, in scopes of its own.
double fold(typed_stack_resource& stack, std::span<double const> signal, int level) {
  memory_scope scope{stack};
  auto const folded = scope.zeros(2 * signal.size() - 1);
  for (std::size_t i = 0; i < signal.size(); ++i) {
    for (std::size_t k = 0; k < signal.size(); ++k) folded[i + k] += signal[i] * signal[k] / 7;
  }
  auto const large = scope.bits(folded.size());
  for (std::size_t i = 0; i < folded.size(); ++i) large[i] = folded[i] > 1;
  std::pmr::vector<double> kept{scope};
  for (std::size_t i = 0; i < folded.size(); ++i) {
    if (large.test(i)) kept.push_back(folded[i]);
  }
  double const below = level == 0 ? 0 : fold(stack, folded, level - 1);
  return std::accumulate(kept.begin(), kept.end(), below);
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(each_array_is_a_block_of_upstream_of_its_size, apart) {
  memory_scope scope{stack};
  std::size_t before = bytes();
  for (std::size_t const count : {1U, 10U, 1000U, 100'000U}) {
    std::ranges::fill(scope.acquire<float>(count), 1.0F);
    BOOST_TEST(bytes() == before + header + 4 * count);
    before = bytes();
  }
  BOOST_TEST(blocks() == 4U);
  static_cast<void>(scope.bits(65));
  BOOST_TEST(bytes() == before + header + 16);
}

BOOST_FIXTURE_TEST_CASE(each_block_is_one_too, apart) {
  memory_scope scope{stack};
  static_cast<void>(scope.allocate(17, 1));
  BOOST_TEST(bytes() == header + 17);
  static_cast<void>(stack.allocate(100));
  static_cast<void>(scope.resource()->allocate(3, 1));
  static_cast<void>(stack.unscoped()->allocate(5, 1));
  BOOST_TEST(blocks() == 4U);
  BOOST_TEST(bytes() == 4 * header + 17 + 100 + 3 + 5);
}

BOOST_FIXTURE_TEST_CASE(what_a_scope_took_is_freed_when_it_ends, apart) {
  static_cast<void>(stack.acquire<double>(10));
  {
    memory_scope outer{stack};
    static_cast<void>(outer.acquire<double>(10));
    {
      memory_scope inner{stack};
      static_cast<void>(inner.acquire<double>(10));
      static_cast<void>(inner.acquire<double>(100'000));
      static_cast<void>(outer.acquire<double>(10));  // while the inner one is open
      BOOST_TEST(blocks() == 5U);
    }
    BOOST_TEST(blocks() == 3U);
    marker const mark = stack.checkpoint<double>();
    static_cast<void>(stack.acquire<double>(10));
    stack.rewind(mark);
    BOOST_TEST(blocks() == 3U);
    outer.reset();
    BOOST_TEST(blocks() == 1U);
    static_cast<void>(outer.acquire<double>(10));
  }
  BOOST_TEST(blocks() == 1U);
  stack.reset();
  BOOST_TEST(blocks() == 0U);
  BOOST_TEST(stack.stats().chunk_count == 0U);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_free_returns_a_block_at_once_in_any_order, apart) {
  memory_scope scope{stack};
  std::vector<void*> all;
  for (std::size_t bytes = 1; bytes <= 100; ++bytes) all.push_back(scope.allocate(bytes));
  for (std::size_t i = 0; i < 100; i += 2) scope.deallocate(all[i], i + 1);
  BOOST_TEST(blocks() == 50U);
  for (std::size_t i = 99; i < 100; i -= 2) scope.deallocate(all[i], i + 1);
  BOOST_TEST(blocks() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_free_through_a_scope_below_returns_a_block_at_once, apart) {
  memory_scope outer{stack};
  void* const a = outer.allocate(40);
  memory_scope inner{stack};
  void* const b = outer.allocate(50);
  void* const c = inner.allocate(0);
  outer.deallocate(a, 40);
  outer.resource()->deallocate(b, 50);
  BOOST_TEST(blocks() == 1U);
  inner.deallocate(c, 0);
  BOOST_TEST(blocks() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_block_shrinks_where_it_is_and_grows_no_further_than_it_was, apart) {
  memory_scope scope{stack};
  void* const block = scope.allocate(100);
  BOOST_TEST(!scope.try_expand(block, 100, 101));
  BOOST_TEST(scope.try_expand(block, 100, 50));
  BOOST_TEST(scope.try_expand(block, 50, 100));
  scope.deallocate(block, 100);
  BOOST_TEST(blocks() == 0U);
}

BOOST_FIXTURE_TEST_CASE(objects_end_before_their_memory_does, apart) {
  int ended = 0;
  {
    memory_scope scope{stack};
    static_cast<void>(scope.make<counted>(&ended));
    static_cast<void>(scope.acquire_objects<counted>(3, &ended));
    auto* const text = scope.make<std::pmr::string>(std::size_t{500}, 'x');
    BOOST_TEST(text->size() == 500U);
    BOOST_TEST(blocks() == 4U);
  }
  BOOST_TEST(ended == 4);
  BOOST_TEST(blocks() == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_is_kept_passes_to_the_encloser, apart) {
  {
    memory_scope outer{stack};
    std::span<double> array;
    {
      memory_scope inner{stack};
      array = inner.ones(100);
      inner.keep();
    }
    BOOST_TEST(blocks() == 1U);
    BOOST_TEST(std::ranges::count(array, 1.0) == 100);
  }
  BOOST_TEST(blocks() == 0U);
}

BOOST_FIXTURE_TEST_CASE(elements_of_any_alignment_are_aligned, apart) {
  struct alignas(4096) page {
    char bytes[4096];
  };
  memory_scope scope{stack};
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(test::is_aligned(scope.acquire<page>(2).data(), 4096));
    BOOST_TEST(test::is_aligned(scope.acquire<test::over_aligned>(3).data(), 128));
    BOOST_TEST(test::is_aligned(scope.allocate(10, 1024), 1024));
  }
}

BOOST_FIXTURE_TEST_CASE(peaks_and_bytes_in_use_are_known_by_lane, apart) {
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(10));
    memory_scope inner{stack};
    static_cast<void>(inner.acquire<double>(100));
  }
  lane_stats const doubles = stack.stats_by_lane().lanes.at(1);
  BOOST_TEST(doubles.element == "double");
  BOOST_TEST(doubles.bytes_in_use == 0U);
  BOOST_TEST(doubles.bytes_peak == 880U);
  BOOST_TEST(doubles.bytes_reserved == 0U);
}

BOOST_AUTO_TEST_CASE(a_computation_gives_the_same_bits_pooled_and_not) {
  std::vector<double> signal(20);
  for (std::size_t i = 0; i < signal.size(); ++i)
    signal[i] = 1.0 + 1.0 / (1.0 + static_cast<double>(i));
  std::optional<double> expected;
  for (check_level const level : {check_level::off, check_level::on}) {
    for (bool const pooled : {true, false}) {
      testing::checked_upstream upstream;
      {
        typed_stack_resource stack{{.check = level, .pooled = pooled}, &upstream};
        for (int i = 0; i < 3; ++i) {
          double const result = fold(stack, signal, 3);
          if (!expected) expected = result;
          BOOST_TEST(result == *expected, boost::test_tools::tolerance(0.0));
        }
        BOOST_TEST(stack.stats().bytes_in_use == 0U);
        if (!pooled) BOOST_TEST(stack.stats().chunk_count == 0U);
      }
      BOOST_TEST(upstream.complaint() == "");
    }
  }
  BOOST_TEST(*expected > 0);
}

BOOST_AUTO_TEST_CASE(random_histories_leave_nothing_with_and_without_checks) {
  for (check_level const level : {check_level::off, check_level::on}) {
    testing::checked_upstream upstream;
    {
      typed_stack_resource stack{{.check = level, .pooled = false}, &upstream};
      for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        model::command_source source{seed};
        test::random_frame(stack, source, 3);
        stack.reset();
        BOOST_TEST(stack.stats().chunk_count == 0U);
        BOOST_TEST(stack.stats().bytes_in_use == 0U);
      }
    }
    BOOST_TEST(upstream.complaint() == "");
  }
}

BOOST_AUTO_TEST_CASE(checked_as_well_it_reports_what_a_pooled_one_does) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{{.check = check_level::on, .pooled = false}, &upstream};
  testing::misuse_recorder bugs;
  memory_scope scope{stack};
  void* const block = scope.allocate(10, 1);
  BOOST_TEST(upstream.bytes_outstanding() == header + 10 + detail::red_zone_bytes);
  scope.deallocate(block, 10, 1);
  BOOST_TEST(upstream.totals().blocks_outstanding == 0U);
  scope.deallocate(block, 10, 1);
  BOOST_TEST(bugs.count(misuse_kind::double_free) == 1U);
  int outside = 0;
  scope.deallocate(&outside, sizeof outside);
  BOOST_TEST(bugs.count(misuse_kind::foreign_block) == 1U);
  BOOST_TEST(bugs.seen.size() == 2U);
}
