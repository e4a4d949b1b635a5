// SPDX-License-Identifier: BSL-1.0

// Every field of typed_stack_options can be seen from outside.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_options.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/upstream/page_resource.hpp>
#include <type_traits>

#include "support/level1.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::in_lanes;
using testing::misuse_recorder;

static_assert(std::is_aggregate_v<typed_stack_options>);

namespace {

std::size_t reserved_for_doubles(typed_stack_resource const& stack) {
  for (lane_stats const& lane : stack.stats_by_lane().lanes) {
    if (lane.element == "double") return lane.bytes_reserved;
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_name_is_copied) {
  std::string name = "solver";
  typed_stack_resource stack{{.name = name}};
  name = "changed";
  BOOST_TEST((stack.name() == "solver"));
  BOOST_TEST((stack.stats().name == "solver"));
}

BOOST_AUTO_TEST_CASE(the_first_chunk_of_each_lane_holds_initial_bytes) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes({.initial_bytes = 9600}), &upstream};
  static_cast<void>(stack.acquire<double>(1198));
  static_cast<void>(stack.acquire<double>(2));
  static_cast<void>(stack.acquire<float>(2400));
  BOOST_TEST(upstream.calls() == 2U);
  static_cast<void>(stack.acquire<double>(1));
  BOOST_TEST(upstream.calls() == 3U);
}

BOOST_AUTO_TEST_CASE(chunks_of_lanes_grow_up_to_max_chunk_bytes) {
  typed_stack_resource stack{in_lanes({.initial_bytes = 100, .max_chunk_bytes = 8192})};
  for (int i = 0; i < 1000; ++i) static_cast<void>(stack.acquire<double>(12));
  resource_stats const stats = stack.stats();
  BOOST_TEST(stats.bytes_reserved <= stats.chunk_count * 8192);
  BOOST_TEST(stats.chunk_count >= 96'000U / 8192);
}

BOOST_AUTO_TEST_CASE(limit_bytes_bounds_what_upstream_gives) {
  typed_stack_resource stack{{.limit_bytes = 2000}};
  BOOST_CHECK_EXCEPTION(static_cast<void>(stack.acquire<char>(2001)), resource_exhausted,
                        [](resource_exhausted const& e) { return e.available_bytes <= 2000; });
}

BOOST_AUTO_TEST_CASE(outgrown_arrays_of_containers_are_reused_only_if_asked) {
  auto const is_reused = [](bool recycle) {
    typed_stack_resource stack{in_lanes({.recycle_outgrown = recycle})};
    void* const first = stack.allocate(3000);  // holds the table of the others
    void* const array = stack.allocate(3000);
    static_cast<void>(stack.allocate(8));
    stack.deallocate(first, 3000);
    stack.deallocate(array, 3000);
    return stack.allocate(3000) == array;
  };
  BOOST_TEST(is_reused(true));
  BOOST_TEST(!is_reused(false));
}

BOOST_AUTO_TEST_CASE(in_quarantine_arrays_lie_among_the_blocks) {
  page_resource pages;
  typed_stack_resource stack{in_lanes({.quarantine_count = 2}), &pages};
  void const* former = nullptr;
  for (int i = 0; i < 2; ++i) {
    memory_scope scope{stack};
    auto const array = scope.ones(10);
    BOOST_TEST(array[9] == 1);
    BOOST_TEST((array.data() != former));  // that frame is retired
    BOOST_TEST(reserved_for_doubles(stack) == 0U);
    former = array.data();
  }
}

BOOST_AUTO_TEST_CASE(on_reserved_pages_arrays_lie_among_the_blocks) {
  page_resource pages{{.reserve_bytes = std::size_t{64} << 20U}};
  typed_stack_resource stack{in_lanes(), &pages};
  memory_scope scope{stack};
  static_cast<void>(scope.ones(100'000));
  static_cast<void>(scope.ones<float>(100'000));
  BOOST_TEST(stack.stats().chunk_count == 1U);  // which grew where it is
  BOOST_TEST(reserved_for_doubles(stack) == 0U);
}

BOOST_AUTO_TEST_CASE(a_leased_stack_goes_on_under_another_thread) {
  for (frame_owner const owner : {frame_owner::thread, frame_owner::lease}) {
    misuse_recorder bugs;
    typed_stack_resource stack{{.owner = owner, .check = check_level::on}};
    memory_scope scope{stack};
    bool taken = false;
    level1::elsewhere([&] {
      try {
        taken = scope.acquire<double>(8).size() == 8;
      } catch (std::bad_alloc const&) {
        taken = false;
      }
    });
    BOOST_TEST(taken == (owner == frame_owner::lease));
    BOOST_TEST(bugs.count(misuse_kind::wrong_thread) == (taken ? 0U : 1U));
  }
}

BOOST_AUTO_TEST_CASE(only_a_checked_stack_knows_of_double_frees) {
  for (check_level const level : {check_level::off, check_level::on}) {
    misuse_recorder bugs;
    typed_stack_resource stack{{.check = level}};
    void* const block = stack.allocate(8);
    static_cast<void>(stack.allocate(8));
    stack.deallocate(block, 8);
    stack.deallocate(block, 8);
    BOOST_TEST(bugs.count(misuse_kind::double_free) == (level == check_level::on ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(a_stack_that_is_not_pooled_keeps_nothing) {
  for (bool const pooled : {true, false}) {
    testing::checked_upstream upstream;
    typed_stack_resource stack{in_lanes({.pooled = pooled}), &upstream};
    {
      memory_scope scope{stack};
      static_cast<void>(scope.acquire<double>(8));
    }
    BOOST_TEST(upstream.totals().blocks_outstanding == (pooled ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(options_of_a_frame_make_a_stack_as_well) {
  frame_options const options{.name = "tides", .limit_bytes = 5000};
  typed_stack_resource stack{options};
  BOOST_TEST((stack.name() == "tides"));
  BOOST_CHECK_THROW(static_cast<void>(stack.acquire<char>(5000)), resource_exhausted);
}

// Of require_scope.

namespace {

struct strict {
  testing::checked_upstream upstream;
  typed_stack_resource stack{{.name = "strict", .require_scope = true}, &upstream};
  misuse_recorder bugs;
  std::size_t reports = 0;

  template <class F>
  void expect_refused(F f) {
    resource_stats const before = stack.stats();
    BOOST_CHECK_THROW(f(), std::bad_alloc);
    BOOST_REQUIRE(bugs.seen.size() == ++reports);
    BOOST_TEST(bugs.seen.back().kind == misuse_kind::no_scope);
    BOOST_TEST(bugs.seen.back().resource == "strict");
    BOOST_TEST((stack.stats() == before));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(with_no_scope_open_what_requires_one_is_refused, strict) {
  expect_refused([&] { static_cast<void>(stack.acquire<double>(1)); });
  expect_refused([&] { static_cast<void>(stack.acquire<double>(2, 2)); });
  expect_refused([&] { static_cast<void>(stack.zeros(1)); });
  expect_refused([&] { static_cast<void>(stack.bits(1)); });
  expect_refused([&] { static_cast<void>(stack.allocate(1)); });
  expect_refused([&] { static_cast<void>(stack.make<int>(1)); });
  expect_refused([&] { static_cast<void>(stack.acquire_objects<std::string>(1)); });
  std::pmr::memory_resource& base = stack;
  expect_refused([&] { static_cast<void>(base.allocate(1)); });
  BOOST_TEST(stack.try_allocate(1) == nullptr);
  BOOST_TEST(bugs.count(misuse_kind::no_scope) == ++reports);
  BOOST_TEST(upstream.calls() == 0U);
}

BOOST_FIXTURE_TEST_CASE(outside_all_scopes_memory_is_there_for_who_says_so, strict) {
  std::pmr::string text(100, 'x', stack.unscoped());
  BOOST_TEST(text.size() == 100U);
  BOOST_TEST(bugs.seen.empty());
}

BOOST_FIXTURE_TEST_CASE(within_a_scope_everything_is_served, strict) {
  {
    memory_scope scope{stack};
    static_cast<void>(stack.acquire<double>(1));
    static_cast<void>(stack.allocate(1));
    static_cast<void>(stack.make<int>(1));
    static_cast<void>(stack.acquire_objects<std::string>(1));
    static_cast<void>(scope.bits(1));
    BOOST_TEST(stack.try_allocate(1) != nullptr);
    memory_scope inner{stack};
    static_cast<void>(scope.zeros(100));
  }
  marker const mark = stack.checkpoint<float>();
  static_cast<void>(stack.acquire<float>(1));
  stack.rewind(mark);
  BOOST_TEST(bugs.seen.empty());
  expect_refused([&] { static_cast<void>(stack.acquire<float>(1)); });
}
