// SPDX-License-Identifier: BSL-1.0

// A typed stack, and each of the resources it hands out, in the battery for every resource.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/typed_stack_resource.hpp>

using namespace tidemark;

namespace {

void check_passed(testing::conformance_report const& report) {
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() > 10U);
}

void check_stack(typed_stack_options const& options,
                 testing::conformance_traits const& traits = {}) {
  check_passed(testing::conformance(
      [&](std::pmr::memory_resource* upstream) {
        return std::make_shared<typed_stack_resource>(options, upstream);
      },
      traits));
}

// A stack with two checkpoints open that have arrays, known by a resource that it hands out.
using choose = std::pmr::memory_resource* (*)(typed_stack_resource& stack, marker outer,
                                              marker inner);

void check_handed_out(choose resource_of) {
  testing::conformance_traits traits;
  // A run of these ends with the checkpoint, which the battery cannot close; and the arrays come
  // from the same upstream.
  traits.not_claimed = {testing::rows::steady_state, testing::rows::lazy};
  check_passed(testing::conformance(
      [resource_of](std::pmr::memory_resource* upstream) {
        auto const stack = std::make_shared<typed_stack_resource>(upstream);
        marker const outer = stack->checkpoint();
        static_cast<void>(stack->acquire<double>(10));
        marker const inner = stack->checkpoint<float>();
        static_cast<void>(stack->acquire<float>(10));
        return std::shared_ptr<std::pmr::memory_resource>{stack, resource_of(*stack, outer, inner)};
      },
      traits));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_stack_conforms) { check_stack({.check = check_level::off}); }

BOOST_AUTO_TEST_CASE(a_checked_stack_conforms) { check_stack({.check = check_level::on}); }

BOOST_AUTO_TEST_CASE(a_stack_that_is_not_pooled_conforms) {
  testing::conformance_traits traits;
  traits.not_claimed = {testing::rows::steady_state};  // it keeps nothing for a second run
  check_stack({.check = check_level::off, .pooled = false}, traits);
  check_stack({.check = check_level::on, .pooled = false}, traits);
}

BOOST_AUTO_TEST_CASE(a_stack_with_small_chunks_conforms) {
  check_stack({.initial_bytes = 1, .max_chunk_bytes = 2048});
}

BOOST_AUTO_TEST_CASE(a_stack_on_a_buffer_conforms) {
  struct with_buffer {
    alignas(64) std::array<std::byte, 3000> bytes;
    typed_stack_resource stack;
    explicit with_buffer(std::pmr::memory_resource* upstream) : stack(bytes, upstream) {}
  };
  check_passed(testing::conformance([](std::pmr::memory_resource* upstream) {
    auto const all = std::make_shared<with_buffer>(upstream);
    return std::shared_ptr<std::pmr::memory_resource>{all, &all->stack};
  }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_the_innermost_checkpoint_conforms) {
  check_handed_out(
      [](typed_stack_resource& stack, marker, marker inner) { return stack.resource_of(inner); });
}

BOOST_AUTO_TEST_CASE(the_resource_of_an_outer_checkpoint_conforms) {
  check_handed_out(
      [](typed_stack_resource& stack, marker outer, marker) { return stack.resource_of(outer); });
}

BOOST_AUTO_TEST_CASE(the_unscoped_resource_conforms_under_open_checkpoints) {
  check_handed_out([](typed_stack_resource& stack, marker, marker) { return stack.unscoped(); });
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_kept_checkpoint_conforms) {
  check_handed_out([](typed_stack_resource& stack, marker, marker inner) {
    std::pmr::memory_resource* const kept = stack.resource_of(inner);
    stack.keep(inner);
    return kept;
  });
}
