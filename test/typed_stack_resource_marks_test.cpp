// SPDX-License-Identifier: BSL-1.0

// What a close does to a lane, by who has saved it: one case for each way that a lane can meet the
// end of a checkpoint. (Arrays whose bytes are counted are of whole 16 bytes: the lanes' bytes
// are then the same whether arrays lie in lanes or beside them.)

#include <array>
#include <boost/test/unit_test.hpp>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/lane_bytes.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using test::lane_bytes;
using testing::misuse_recorder;

namespace {

struct point {
  float x, y, z;
};

// `n` elements, told apart from those of other calls by `value`.
template <class T>
std::span<T> fill(typed_stack_resource& stack, std::size_t n, T value) {
  auto const taken = stack.acquire<T>(n);
  for (T& each : taken) each = value;
  return taken;
}

template <class T>
bool holds(std::span<T> array, T value) {
  for (T const& each : array) {
    if (each != value) return false;
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_lane_saved_at_this_depth_falls_back_to_its_save) {
  typed_stack_resource stack;
  auto const before = fill(stack, 10, 1.5);
  marker const mark = stack.checkpoint<double>();
  fill(stack, 1000, 2.5);
  BOOST_TEST(lane_bytes<double>(stack) == 1010 * sizeof(double));
  stack.rewind(mark);
  BOOST_TEST(lane_bytes<double>(stack) == 10 * sizeof(double));
  BOOST_TEST(holds(before, 1.5));
}

// Where the lane's save is an ancestor's, setting it back to that would free what the parent took
// after its own checkpoint.
BOOST_AUTO_TEST_CASE(a_lane_that_only_an_ancestor_saved_is_left_alone) {
  typed_stack_resource stack;
  marker const parent = stack.checkpoint<double>();
  auto const of_parent = fill(stack, 10, 1.5);
  for (int i = 0; i < 3; ++i) {
    marker const child = stack.checkpoint<std::int64_t>();
    fill(stack, 10, std::int64_t{7});
    stack.rewind(child);
    BOOST_TEST(lane_bytes<double>(stack) == 10 * sizeof(double));
    BOOST_TEST(lane_bytes<std::int64_t>(stack) == 0U);
  }
  auto const next = fill(stack, 10, 2.5);
  BOOST_TEST(next.data() != of_parent.data());
  BOOST_TEST(holds(of_parent, 1.5));
  stack.rewind(parent);
  BOOST_TEST(lane_bytes<double>(stack) == 0U);
}

// A touch without a save cannot be: whoever takes an array, and by whichever word, saves its lane.
BOOST_AUTO_TEST_CASE(every_touch_is_saved_whoever_touches) {
  typed_stack_resource stack;
  auto const outer = fill(stack, 4, 0.5);
  auto const helper = [&] { return stack.acquire<double>(3); };
  memory_scope scope{stack};
  for (int word = 0; word < 9; ++word) {
    marker const child = stack.checkpoint<float>();
    switch (word) {
      case 0:
        static_cast<void>(helper());
        break;
      case 1:
        static_cast<void>(stack.zeros(5));
        break;
      case 2:
        static_cast<void>(stack.ones<double>(2, 2));
        break;
      case 3:
        static_cast<void>(stack.acquire_like(outer));
        break;
      case 4:
        static_cast<void>(stack.similar(outer, 3, 4));
        break;
      case 5:
        static_cast<void>(stack.bits(100));
        break;
      case 6:
        static_cast<void>(stack.acquire<point>(0));
        break;
      case 7:
        static_cast<void>(stack.acquire<double>(std::array<std::size_t, 2>{3, 3}));
        break;
      default:
        static_cast<void>(memory_scope{stack}.acquire<double>(1));
    }
    stack.rewind(child);
    BOOST_TEST(lane_bytes<double>(stack) == 4 * sizeof(double));
    BOOST_TEST(lane_bytes<detail::bit_words>(stack) == 0U);
    BOOST_TEST(lane_bytes<point>(stack) == 0U);
  }
  BOOST_TEST(holds(outer, 0.5));
}

BOOST_AUTO_TEST_CASE(a_lane_that_nobody_saved_and_nobody_used_stays_empty) {
  typed_stack_resource stack;
  marker const mark = stack.checkpoint<float>();
  stack.rewind(mark);
  BOOST_TEST(lane_bytes<double>(stack) == 0U);
  BOOST_TEST(lane_bytes<float>(stack) == 0U);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

// The seed calls this an error, and others empty the lane: its array is nobody's to take back.
BOOST_AUTO_TEST_CASE(a_lane_used_outside_every_checkpoint_and_never_saved_is_left_alone) {
  misuse_recorder recorder;
  typed_stack_resource stack;
  auto const unscoped = fill(stack, 12, std::int32_t{3});
  marker const mark = stack.checkpoint<double>();
  fill(stack, 10, 1.0);
  stack.rewind(mark);
  BOOST_TEST(lane_bytes<std::int32_t>(stack) == 12 * sizeof(std::int32_t));
  fill(stack, 12, std::int32_t{4});
  BOOST_TEST(holds(unscoped, std::int32_t{3}));
  BOOST_TEST(recorder.seen.empty());
}

// Not only the checkpoint next to it: the first touch may be two checkpoints below.
BOOST_AUTO_TEST_CASE(what_an_ancestor_took_without_a_save_of_its_own_survives_an_inner_touch) {
  typed_stack_resource stack;
  marker const grandparent = stack.checkpoint<float>();
  auto const array = fill(stack, 10, std::int64_t{11});  // not among the types of its checkpoint
  marker const parent = stack.checkpoint<float>();
  marker const child = stack.checkpoint<double>();
  fill(stack, 1000, std::int64_t{12});
  stack.rewind(child);
  BOOST_TEST(lane_bytes<std::int64_t>(stack) == 10 * sizeof(std::int64_t));
  stack.rewind(parent);
  BOOST_TEST(lane_bytes<std::int64_t>(stack) == 10 * sizeof(std::int64_t));
  BOOST_TEST(holds(array, std::int64_t{11}));
  stack.rewind(grandparent);
  BOOST_TEST(lane_bytes<std::int64_t>(stack) == 0U);
}

BOOST_AUTO_TEST_CASE(saves_of_leaked_checkpoints_fall_back_depth_by_depth) {
  typed_stack_resource stack;
  auto const below = fill(stack, 6, 1.5);
  marker const mark = stack.checkpoint();
  auto const leak = [&](std::size_t n) {
    static_cast<void>(stack.checkpoint<double, float>());
    fill(stack, n, 2.5);
    fill(stack, n, point{});
  };
  for (std::size_t n : {10U, 600U, 3U, 2000U}) leak(n);
  stack.rewind(mark);
  BOOST_TEST(stack.depth() == 0U);
  BOOST_TEST(stack.stats().closed_from_below == 4U);
  BOOST_TEST(lane_bytes<double>(stack) == 6 * sizeof(double));
  BOOST_TEST(lane_bytes<point>(stack) == 0U);
  BOOST_TEST(holds(below, 1.5));
}

// There is no rewind without a marker, so nothing can be meant but what is long closed.
BOOST_AUTO_TEST_CASE(a_rewind_with_no_checkpoint_open_is_stale_and_changes_nothing) {
  typed_stack_resource stack;
  marker const closed = stack.checkpoint<double>();
  stack.rewind(closed);
  auto const array = fill(stack, 10, 1.5);
  for (marker const mark : {closed, marker{}}) {
    misuse_recorder recorder;
    stack.rewind(mark);
    BOOST_TEST(recorder.seen.size() == 1U);
    BOOST_TEST(recorder.count(misuse_kind::stale_marker) == 1U);
    BOOST_TEST(stack.depth() == 0U);
    BOOST_TEST(lane_bytes<double>(stack) == 10 * sizeof(double));
  }
  BOOST_TEST(holds(array, 1.5));
}

// A second save would be that of what the checkpoint itself took.
BOOST_AUTO_TEST_CASE(a_lane_is_saved_once_at_each_depth) {
  typed_stack_resource stack;
  fill(stack, 8, 1.0);
  marker const mark = stack.checkpoint<double, float, double, double>();
  fill(stack, 10, 2.0);
  for (int i = 0; i < 20; ++i) fill(stack, 300, 3.0);  // over chunk edges, through the slow half
  static_cast<void>(memory_scope{stack}.acquire<double>(10));
  fill(stack, 10, 4.0);
  stack.rewind(mark);
  BOOST_TEST(lane_bytes<double>(stack) == 8 * sizeof(double));
  marker const full = stack.checkpoint_all();
  fill(stack, 10, 5.0);
  stack.rewind(full);
  BOOST_TEST(lane_bytes<double>(stack) == 8 * sizeof(double));
}

BOOST_AUTO_TEST_CASE(a_reset_inside_a_scope_empties_all_lanes_and_makes_its_markers_stale) {
  for (bool const release : {false, true}) {
    misuse_recorder recorder;
    typed_stack_resource stack;
    fill(stack, 3, 1.0);
    {
      memory_scope scope{stack};
      marker const mark = stack.checkpoint<double, point>();
      fill(stack, 100, 2.0);
      fill(stack, 100, point{});
      release ? stack.release() : stack.reset();
      BOOST_TEST(stack.stats().bytes_in_use == 0U);
      BOOST_TEST(!scope.is_open());
      BOOST_TEST(recorder.seen.empty());
      stack.rewind(mark);
      BOOST_TEST(recorder.count(misuse_kind::stale_marker) == 1U);
      fill(stack, 10, 3.0);
    }
    // The scope's end had nothing to do.
    BOOST_TEST(recorder.seen.size() == 1U);
    BOOST_TEST(stack.depth() == 0U);
    BOOST_TEST(stack.stats().closed_from_below == 2U);
    BOOST_TEST(lane_bytes<double>(stack) == 10 * sizeof(double));
  }
}

BOOST_AUTO_TEST_CASE(a_closed_scope_gives_no_array) {
  misuse_recorder recorder;
  typed_stack_resource stack;
  memory_scope scope{stack};
  stack.reset();
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<double>(1)), std::bad_alloc);
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire_objects<int>(1, 1)), std::bad_alloc);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 2U);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(an_exception_closes_the_scopes_it_passes) {
  typed_stack_resource stack;
  memory_scope outer{stack};
  auto const kept = fill(stack, 10, 1.5);
  std::size_t const before = stack.stats().bytes_in_use;
  try {
    memory_scope first{stack};
    fill(stack, 2000, 2.5);
    static_cast<void>(stack.checkpoint<float>());
    memory_scope second{stack};
    fill(stack, 10, std::complex<float>{});
    static_cast<void>(first.acquire<double>(10));
    throw std::runtime_error("passes");
  } catch (std::runtime_error const&) {
    BOOST_TEST(stack.depth() == 1U);  // here already, not at the end of some outer scope
    BOOST_TEST(lane_bytes<double>(stack) == 10 * sizeof(double));
  }
  BOOST_TEST(stack.stats().bytes_in_use == before);
  fill(stack, 10, 3.5);
  BOOST_TEST(holds(kept, 1.5));
}

BOOST_AUTO_TEST_CASE(an_array_that_upstream_refuses_leaves_its_lane_as_it_was) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{unchecked_first(512), &upstream};
  marker const outer = stack.checkpoint<double>();
  fill(stack, 60, 1.5);
  marker const inner = stack.checkpoint();
  std::size_t const chunks = stack.stats().chunk_count;
  for (std::size_t n : {100U, 10'000U, 1'000'000U}) {
    upstream.fail_at(1);
    BOOST_CHECK_THROW(static_cast<void>(stack.acquire<double>(n)), std::bad_alloc);
    BOOST_TEST(lane_bytes<double>(stack) == 60 * sizeof(double));
    BOOST_TEST(stack.stats().chunk_count == chunks);
  }
  auto const small = fill(stack, 4, 2.5);  // there is room for it
  BOOST_TEST(lane_bytes<double>(stack) == 64 * sizeof(double));
  BOOST_TEST(holds(small, 2.5));
  stack.rewind(inner);
  BOOST_TEST(lane_bytes<double>(stack) == 60 * sizeof(double));
  stack.rewind(outer);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}
