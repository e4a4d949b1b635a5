// SPDX-License-Identifier: BSL-1.0

// Holes in the rules of an earlier stack of typed arrays (AdaptiveArrayPools.jl up to 0.3.11), each
// with the history that shows it. Marks that are saved at the first touch do not have them.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <type_traits>

#include "support/lane_bytes.hpp"
#include "support/lanes_on_shelf.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using test::lane_bytes;
using testing::misuse_recorder;

namespace {

template <class T>
bool overlap(std::span<T> a, std::span<T> b) {
  return a.data() < b.data() + b.size() && b.data() < a.data() + a.size();
}

// What a function takes that the checkpoint's list of types does not know of.
std::span<std::int64_t> helper(typed_stack_resource& stack) {
  return stack.acquire<std::int64_t>(6);
}

std::size_t entries(detail::lane_set const& lanes, std::size_t journal_size) {
  std::size_t free = 1;
  while (!lanes.needs_journal(free)) ++free;
  return journal_size - free;
}

}  // namespace

// Hole A. Which lanes a checkpoint saves was chosen by what its parent had touched, which lanes it
// set back by what it had touched itself:
//   parent  open, int64 a(10) by a word that records nothing
//   child   open for double; helper takes int64 b(6): no save is made
//   child   close: int64 back to the newest save, which knows nothing of a; a's place is free
//   parent  int64 c(10) lies on a, which is alive.
BOOST_AUTO_TEST_CASE(hole_a_a_lane_that_only_a_helper_of_the_child_touches) {
  typed_stack_resource stack;
  memory_scope parent{stack};
  auto const a = parent.ones<std::int64_t>(10);
  marker const child = stack.checkpoint<double>();
  BOOST_TEST(!overlap(a, helper(stack)));
  stack.rewind(child);
  BOOST_TEST(lane_bytes<std::int64_t>(stack) == 10 * sizeof(std::int64_t));
  auto const c = parent.zeros<std::int64_t>(10);
  BOOST_TEST(!overlap(a, c));
  BOOST_TEST(a[9] == 1);
}

// The same with the record two checkpoints up: only the next one was looked at.
BOOST_AUTO_TEST_CASE(hole_a_a_lane_that_was_touched_two_checkpoints_below) {
  typed_stack_resource stack;
  marker const grandparent = stack.checkpoint<float>();
  auto const a = stack.ones<std::int64_t>(10);
  marker const parent = stack.checkpoint<float>();
  marker const child = stack.checkpoint<double>();
  static_cast<void>(helper(stack));
  stack.rewind(child);
  stack.rewind(parent);
  BOOST_TEST(lane_bytes<std::int64_t>(stack) == 10 * sizeof(std::int64_t));
  BOOST_TEST(!overlap(a, stack.zeros<std::int64_t>(10)));
  BOOST_TEST(a[9] == 1);
  stack.rewind(grandparent);
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

// Hole B. A parent that caught what its child threw repaired the leak by setting back all lanes:
//   grandparent  open, float a(12)
//   parent       open for double
//   child        open, throws through the parent's block, never closed
//   parent       close: float, which it never saved, back to where the grandparent began.
BOOST_AUTO_TEST_CASE(hole_b_a_leaked_child_leaves_the_grandparents_lanes_alone) {
  typed_stack_resource stack;
  memory_scope grandparent{stack};
  auto const a = grandparent.ones<float>(12);
  marker const parent = stack.checkpoint<double>();
  try {
    static_cast<void>(stack.checkpoint());
    static_cast<void>(stack.zeros<double>(1000));
    throw std::runtime_error("leaks a checkpoint");
  } catch (std::runtime_error const&) {
    static_cast<void>(stack.zeros<double>(10));  // the stack is of use here, too
  }
  stack.rewind(parent);
  BOOST_TEST(stack.depth() == 1U);
  BOOST_TEST(lane_bytes<float>(stack) == 12 * sizeof(float));
  BOOST_TEST(lane_bytes<double>(stack) == 0U);
  BOOST_TEST(!overlap(a, grandparent.zeros<float>(12)));
  BOOST_TEST(a[9] == 1.0F);
}

// Hole C. The form that closes at an exception had no guard for what it passes:
//   safe outer   open
//   fast inner   open, throws, never closed
//   safe outer   close: closes the inner depth only; from now on the depth is one too high.
BOOST_AUTO_TEST_CASE(hole_c_a_scope_closes_what_a_raw_checkpoint_inside_it_left) {
  typed_stack_resource stack;
  for (int i = 0; i < 3; ++i) {
    try {
      memory_scope outer{stack};
      static_cast<void>(stack.zeros<double>(10));
      static_cast<void>(stack.checkpoint<double>());
      static_cast<void>(stack.zeros<double>(10));
      throw std::runtime_error("leaks a checkpoint");
    } catch (std::runtime_error const&) {
    }
    BOOST_TEST(stack.depth() == 0U);
    BOOST_TEST(stack.stats().bytes_in_use == 0U);
  }
  BOOST_TEST(stack.stats().closed_from_below == 3U);
}

// Hole D. A manual checkpoint of one type with a rewind of all:
//   global   int32 a(12)
//   manual   checkpoint(double), rewind: int32, never saved, to 0; a's place is free.
BOOST_AUTO_TEST_CASE(hole_d_a_manual_rewind_leaves_other_types_of_the_outermost_level) {
  typed_stack_resource stack;
  auto const a = stack.ones<std::int32_t>(12);
  marker const mark = stack.checkpoint<double>();
  static_cast<void>(stack.zeros<double>(10));
  stack.rewind(mark);
  BOOST_TEST(lane_bytes<std::int32_t>(stack) == 12 * sizeof(std::int32_t));
  BOOST_TEST(lane_bytes<double>(stack) == 0U);
  BOOST_TEST(!overlap(a, stack.zeros<std::int32_t>(12)));
  BOOST_TEST(a[9] == 1);
}

// Hole E. A reset or a release inside a lazy scope:
//   scope   open; reset: depth 0
//   scope   close: depth -1, its masks are read before their begin.
BOOST_AUTO_TEST_CASE(hole_e_the_depth_never_falls_below_zero) {
  misuse_recorder recorder;
  typed_stack_resource stack;
  for (bool const release : {false, true}) {
    {
      memory_scope outer{stack};
      memory_scope inner{stack};
      static_cast<void>(inner.zeros<double>(10));
      release ? stack.release() : stack.reset();
      BOOST_TEST(stack.depth() == 0U);
    }
    BOOST_TEST(stack.depth() == 0U);
    memory_scope later{stack};
    BOOST_TEST(stack.depth() == 1U);
    BOOST_TEST(later.zeros<double>(1000)[999] == 0.0);
  }
  BOOST_TEST(recorder.seen.empty());
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

// Hole F. The count of arrays rose before there was memory for the array, and nobody looked whether
// an extent was negative:
//   acquire(double, n)    count 1, then out of memory: an array that is none is counted for ever
//   acquire(double, -1).
BOOST_AUTO_TEST_CASE(hole_f_what_cannot_be_had_is_not_counted) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{unchecked(), &upstream};
  upstream.fail_at(1);
  BOOST_CHECK_THROW(static_cast<void>(stack.acquire<double>(10)), std::bad_alloc);
  BOOST_TEST(lane_bytes<double>(stack) == 0U);
  memory_scope scope{stack};
  auto const a = scope.ones<double>(10);
  auto const before = stack.stats();
  BOOST_CHECK_THROW(static_cast<void>(stack.acquire<double>(-1)), std::bad_array_new_length);
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<double>(2, -1)), std::bad_array_new_length);
  BOOST_CHECK_THROW(static_cast<void>(stack.acquire<double>(SIZE_MAX / 2)),
                    std::bad_array_new_length);
  BOOST_TEST((stack.stats() == before));
  BOOST_TEST(!overlap(a, scope.zeros<double>(10)));
  BOOST_TEST(a[9] == 1.0);
}

// Hole G. One array taken outside every scope set a bit that only a reset cleared: all later scopes
// of other types took the slow way, for the life of the task. And every type that was ever used was
// visited by every scope.
// Here a close has to visit what stands in the journal, so that is what must not grow.
BOOST_FIXTURE_TEST_CASE(hole_g_a_checkpoint_costs_what_it_touches_whatever_was_before,
                        test::lanes_on_shelf) {
  std::array<detail::lane_save, 200> journal;
  lanes.use_journal(journal.data(), journal.size());
  auto const journaled = [&] { return entries(lanes, journal.size()); };
  auto const touch_all = [&] {
    std::size_t count = 0;
    lanes.for_each([&](detail::lane& l) {
      take(l, 8);
      ++count;
    });
    return count;
  };
  auto const use_types = [&]<class... Ts>(std::type_identity<Ts>...) { (of<Ts>(), ...); };
  use_types(std::type_identity<double>{}, std::type_identity<float>{}, std::type_identity<bool>{},
            std::type_identity<std::uint8_t>{}, std::type_identity<std::uint16_t>{},
            std::type_identity<std::uint32_t>{}, std::type_identity<std::uint64_t>{},
            std::type_identity<std::array<float, 2>>{}, std::type_identity<std::array<char, 8>>{});
  std::size_t const empty = journaled();
  BOOST_TEST(touch_all() == 9U);  // outside every checkpoint: nobody will set them back
  BOOST_TEST(journaled() == empty);
  for (int round = 0; round < 200; ++round) {
    open();
    BOOST_TEST(touch_all() == 9U);
    BOOST_TEST(journaled() == empty + 9);
    round % 2 == 0 ? keep() : rewind();
    BOOST_TEST(journaled() == empty);
    open();
    take(of<double>(), 80);
    take(of<double>(), 80);
    BOOST_TEST(journaled() == empty + 1);
    rewind();
    if (round % 50 == 0) reset();  // or the shelf is soon full
  }
  BOOST_TEST(journaled() == empty);
}

// Hole H. A reshape took a placeholder's slot whose header pointed elsewhere by design, so that the
// check for changed headers reported it; a reshape to the same rank changed the array itself.
BOOST_AUTO_TEST_CASE(hole_h_a_reshape_is_a_value_that_takes_and_changes_nothing) {
  misuse_recorder recorder;
  typed_stack_resource stack{typed_stack_options{.check = check_level::on}};
  {
    memory_scope scope{stack};
    auto const flat = scope.ones<double>(12);
    auto const before = stack.stats();
    auto const matrix = scope.reshape(flat, 3, 4);
    auto const again = typed_stack_resource::reshape(matrix, 2, 6);
    auto const same_rank = scope.reshape(again, 6, 2);
    BOOST_TEST((stack.stats() == before));
    BOOST_TEST(matrix.data() == flat.data());
    BOOST_TEST((again.extents() == std::array<std::size_t, 2>{2, 6}));
    BOOST_TEST((same_rank.extents() == std::array<std::size_t, 2>{6, 2}));
    BOOST_CHECK_THROW(static_cast<void>(scope.reshape(flat, 5, 2)), std::invalid_argument);
    BOOST_CHECK_THROW(static_cast<void>(scope.reshape(flat, 0)), std::invalid_argument);
    BOOST_TEST((stack.stats() == before));
    BOOST_TEST(flat[11] == 1.0);
  }
  BOOST_TEST(recorder.seen.empty());
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}
