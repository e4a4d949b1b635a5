// SPDX-License-Identifier: BSL-1.0

// A thread-local pool, and each of the resources it hands out, in the battery for every resource.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/thread_local_resource.hpp>

using namespace tidemark;

namespace {

// Blocks that are larger than all classes go back upstream when they are freed, and are asked for
// again by a second run.
testing::conformance_traits const not_claimed{.not_claimed = {testing::rows::steady_state}};

// A pool with two checkpoints open, known by a resource that it hands out.
using choose = std::pmr::memory_resource* (*)(thread_local_resource& pool, marker outer,
                                              marker inner);

testing::conformance_report conformance_of(choose resource_of) {
  testing::conformance_traits traits{not_claimed};
  traits.not_claimed.emplace_back(testing::rows::lazy);  // to open a checkpoint takes a heap
  return testing::conformance(
      [resource_of](std::pmr::memory_resource* upstream) {
        auto const pool = std::make_shared<thread_local_resource>(upstream);
        marker const outer = pool->checkpoint();
        marker const inner = pool->checkpoint();
        return std::shared_ptr<std::pmr::memory_resource>{pool, resource_of(*pool, outer, inner)};
      },
      traits);
}

testing::conformance_report conformance_with(thread_local_options const& options) {
  return testing::conformance(
      [&](std::pmr::memory_resource* upstream) {
        return std::make_shared<thread_local_resource>(options, upstream);
      },
      not_claimed);
}

void check_passed(testing::conformance_report const& report) {
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() > 10U);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_pool_conforms) { check_passed(conformance_with({})); }

BOOST_AUTO_TEST_CASE(a_checked_pool_conforms) {
  check_passed(conformance_with({.check = check_level::on}));
}

BOOST_AUTO_TEST_CASE(a_pool_of_small_blocks_conforms) {
  check_passed(conformance_with({.largest_pooled_bytes = 40}));
}

BOOST_AUTO_TEST_CASE(a_pool_that_keeps_little_idle_conforms) {
  check_passed(conformance_with({.max_idle_bytes = 100'000}));
}

BOOST_AUTO_TEST_CASE(the_resource_of_the_innermost_checkpoint_conforms) {
  check_passed(conformance_of(
      [](thread_local_resource& pool, marker, marker inner) { return pool.resource_of(inner); }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_an_outer_checkpoint_conforms) {
  check_passed(conformance_of(
      [](thread_local_resource& pool, marker outer, marker) { return pool.resource_of(outer); }));
}

BOOST_AUTO_TEST_CASE(the_unscoped_resource_conforms_under_open_checkpoints) {
  check_passed(
      conformance_of([](thread_local_resource& pool, marker, marker) { return pool.unscoped(); }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_kept_checkpoint_conforms) {
  check_passed(conformance_of([](thread_local_resource& pool, marker, marker inner) {
    std::pmr::memory_resource* const kept = pool.resource_of(inner);
    pool.keep(inner);
    return kept;
  }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_checkpoint_that_the_pool_keeps_conforms) {
  check_passed(conformance_of([](thread_local_resource& pool, marker outer, marker) {
    std::pmr::memory_resource* const kept = pool.resource_of(outer);
    pool.keep(outer);
    return kept;
  }));
}
