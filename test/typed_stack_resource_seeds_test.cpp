// SPDX-License-Identifier: BSL-1.0

// The tables of the design that the typed stack comes from ("Untracked Acquire Handling"), row by
// row. It counts arrays and we count bytes: each array here has a size of its own, of whole 16
// bytes, so that the bytes of a lane say which arrays lie there. Where its table is wrong the row
// has what is right, and says so.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/lane_bytes.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using test::lane_bytes;
using testing::misuse_recorder;

namespace {

struct counts {  // of elements in the lanes of the seed's example
  std::size_t float64 = 0;
  std::size_t int64 = 0;
  std::size_t float32 = 0;
  std::size_t boolean = 0;

  friend bool operator==(counts const&, counts const&) = default;
  friend std::ostream& operator<<(std::ostream& out, counts const& c) {
    return out << c.float64 << " doubles, " << c.int64 << " int64, " << c.float32 << " floats, "
               << c.boolean << " bools";
  }
};

counts lanes_of(typed_stack_resource const& stack) {
  return {.float64 = lane_bytes<double>(stack) / sizeof(double),
          .int64 = lane_bytes<std::int64_t>(stack) / sizeof(std::int64_t),
          .float32 = lane_bytes<float>(stack) / sizeof(float),
          .boolean = lane_bytes<bool>(stack) / sizeof(bool)};
}

void check_row(typed_stack_resource const& stack, char const* timing, std::uint32_t depth,
               counts const& expected) {
  BOOST_TEST_CONTEXT(timing) {
    BOOST_TEST(stack.depth() == depth);
    BOOST_TEST(lanes_of(stack) == expected);
  }
}

// An acquire that no list of types knows of.
void untracked_float32(typed_stack_resource& stack) { static_cast<void>(stack.acquire<float>(52)); }

}  // namespace

// Section 2.1, and 5.2: a helper's float32, after a checkpoint of float64 alone.
BOOST_AUTO_TEST_CASE(scenario_2_1_an_array_that_a_helper_takes_falls_back_with_the_scope) {
  typed_stack_resource stack;
  for (int i = 0; i < 2; ++i) {
    marker const mark = stack.checkpoint<double>();
    static_cast<void>(stack.acquire<double>(100));
    untracked_float32(stack);
    check_row(stack, "before the rewind", 1, {.float64 = 100, .float32 = 52});
    stack.rewind(mark);
    check_row(stack, "after the rewind", 0, {});
  }
}

// Section 2.2: the same one scope further in.
BOOST_AUTO_TEST_CASE(scenario_2_2_the_inner_scope_gives_back_what_its_helper_took) {
  typed_stack_resource stack;
  marker const l1 = stack.checkpoint<double>();
  static_cast<void>(stack.acquire<double>(10));
  marker const l2 = stack.checkpoint<std::int64_t>();
  static_cast<void>(stack.acquire<std::int64_t>(6));
  untracked_float32(stack);
  check_row(stack, "before L2's rewind", 2, {.float64 = 10, .int64 = 6, .float32 = 52});
  stack.rewind(l2);
  check_row(stack, "after L2's rewind", 1, {.float64 = 10});
  stack.rewind(l1);
  check_row(stack, "after L1's rewind", 0, {});
}

// Section 5.1: nothing untracked.
BOOST_AUTO_TEST_CASE(flow_5_1_a_scope_of_one_type) {
  typed_stack_resource stack;
  marker const mark = stack.checkpoint<double>();
  check_row(stack, "checkpoint!(p, Float64)", 1, {});
  static_cast<void>(stack.acquire<double>(100));
  check_row(stack, "acquire", 1, {.float64 = 100});
  stack.rewind(mark);
  check_row(stack, "rewind!(p, Float64)", 0, {});
}

// Section 5.3. Each scope takes an array of its type, at the place where the seed's example does.
BOOST_AUTO_TEST_CASE(table_5_3_three_scopes_and_an_untracked_type) {
  typed_stack_resource stack;
  check_row(stack, "Initial", 0, {});

  marker const l1 = stack.checkpoint<double>();
  check_row(stack, "L1 checkpoint(F64)", 1, {});
  auto const of_l1 = stack.ones<double>(10);

  marker const l2 = stack.checkpoint<std::int64_t>();
  check_row(stack, "L2 checkpoint(I64)", 2, {.float64 = 10});
  static_cast<void>(stack.acquire<std::int64_t>(6));

  untracked_float32(stack);
  check_row(stack, "Float32 untracked", 2, {.float64 = 10, .int64 = 6, .float32 = 52});

  marker const l3 = stack.checkpoint<bool>();
  check_row(stack, "L3 checkpoint(Bool)", 3, {.float64 = 10, .int64 = 6, .float32 = 52});
  static_cast<void>(stack.acquire<bool>(16));
  check_row(stack, "L3 acquired", 3, {.float64 = 10, .int64 = 6, .float32 = 52, .boolean = 16});

  stack.rewind(l3);
  check_row(stack, "L3 rewind(Bool)", 2, {.float64 = 10, .int64 = 6, .float32 = 52});

  // The seed restores Float64 from L1's save here ("no pop, restore only"), to 0: L1's array, which
  // is alive, would be handed out again. L2 did not touch the lane, so it stays: 10.
  stack.rewind(l2);
  check_row(stack, "L2 rewind() full", 1, {.float64 = 10});
  static_cast<void>(stack.zeros<double>(10));
  BOOST_TEST(of_l1[9] == 1.0);

  stack.rewind(l1);
  check_row(stack, "L1 rewind(F64)", 0, {});
}

// The detail to table 5.3: what L2's rewind does to each lane.
BOOST_AUTO_TEST_CASE(table_5_3_what_the_full_rewind_of_l2_does_to_each_lane) {
  typed_stack_resource stack;
  marker const l1 = stack.checkpoint<double>();
  static_cast<void>(stack.acquire<double>(10));
  marker const l2 = stack.checkpoint<std::int64_t>();
  static_cast<void>(stack.acquire<std::int64_t>(6));
  // The case that the seed's restore cannot tell from the other: L2 touches Float64, too.
  static_cast<void>(stack.acquire<double>(8));
  untracked_float32(stack);
  stack.rewind(l2);
  check_row(stack, "Int64 is popped, Float32 and Float64 fall back", 1, {.float64 = 10});
  stack.rewind(l1);
}

// Section 8.3, one case for each row.
BOOST_AUTO_TEST_CASE(table_8_3_a_checkpoint_at_the_current_depth_is_popped) {
  typed_stack_resource stack;
  static_cast<void>(stack.acquire<double>(2));
  marker const outer = stack.checkpoint<double>();
  static_cast<void>(stack.acquire<double>(6));
  marker const inner = stack.checkpoint<double>();
  static_cast<void>(stack.acquire<double>(4));
  stack.rewind(inner);
  check_row(stack, "inner", 1, {.float64 = 8});
  stack.rewind(outer);
  check_row(stack, "outer", 0, {.float64 = 2});
}

// The seed restores from the ancestor's save, and loses what was taken since: wrong. A lane that
// the closing checkpoint did not touch stays as it is, one that it touched has a save of its own.
BOOST_AUTO_TEST_CASE(table_8_3_a_checkpoint_at_an_earlier_depth_is_not_restored_from) {
  typed_stack_resource stack;
  marker const outer = stack.checkpoint<double>();
  static_cast<void>(stack.acquire<double>(6));
  marker const untouched = stack.checkpoint<float>();
  stack.rewind(untouched);
  check_row(stack, "untouched", 1, {.float64 = 6});
  marker const touched = stack.checkpoint<float>();
  static_cast<void>(stack.acquire<double>(4));
  stack.rewind(touched);
  check_row(stack, "touched", 1, {.float64 = 6});
  stack.rewind(outer);
  check_row(stack, "outer", 0, {});
}

BOOST_AUTO_TEST_CASE(table_8_3_a_lane_that_is_not_used_stays_empty) {
  typed_stack_resource stack;
  marker const mark = stack.checkpoint<float>();
  stack.rewind(mark);
  check_row(stack, "rewind", 0, {});
}

// Section 8.1, and the last row. The seed throws an error here, because it cannot tell the parent's
// array from the child's; its own alternative was to destroy the parent's. With a save at the first
// touch nothing has to be asked of the user: the child's array goes, the parent's stays.
BOOST_AUTO_TEST_CASE(table_8_3_a_rewind_without_a_checkpoint_of_the_type_is_exact_and_no_error) {
  misuse_recorder recorder;
  typed_stack_resource stack{unchecked()};             // what lies where, level 1 decides otherwise
  auto const v_parent = stack.ones<std::int64_t>(10);  // outside every scope
  marker const mark = stack.checkpoint<double>();
  static_cast<void>(stack.acquire<double>(100));
  auto const v_child = stack.zeros<std::int64_t>(6);
  check_row(stack, "before", 1, {.float64 = 100, .int64 = 16});
  stack.rewind(mark);
  check_row(stack, "after", 0, {.int64 = 10});
  BOOST_TEST(recorder.seen.empty());
  BOOST_TEST(v_parent[9] == 1);
  // The child's place is free, the parent's is not.
  BOOST_TEST(stack.zeros<std::int64_t>(6).data() == v_child.data());
  BOOST_TEST(v_parent[9] == 1);
}

// Section 8.4: the two ways out of that error, which still work.
BOOST_AUTO_TEST_CASE(resolution_8_4_1_the_parent_may_have_a_scope_too) {
  typed_stack_resource stack;
  {
    memory_scope parent{stack};
    auto const v_parent = parent.ones<std::int64_t>(10);
    {
      memory_scope child{stack};
      static_cast<void>(child.zeros<double>(100));
      static_cast<void>(child.zeros<std::int64_t>(6));
    }
    check_row(stack, "child closed", 1, {.int64 = 10});
    BOOST_TEST(v_parent[9] == 1);
  }
  check_row(stack, "parent closed", 0, {});
}

BOOST_AUTO_TEST_CASE(resolution_8_4_2_the_inner_helper_may_have_a_scope_of_its_own) {
  typed_stack_resource stack;
  static_cast<void>(stack.acquire<std::int64_t>(10));
  marker const mark = stack.checkpoint<double>();
  {
    memory_scope helper{stack};
    static_cast<void>(helper.acquire<std::int64_t>(6));
  }
  check_row(stack, "helper returned", 1, {.int64 = 10});
  stack.rewind(mark);
  check_row(stack, "rewound", 0, {.int64 = 10});
}
