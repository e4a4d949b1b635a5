// SPDX-License-Identifier: BSL-1.0

// A fixed-block pool, and each of the resources it hands out, in the battery for every resource.

#include <boost/test/unit_test.hpp>
#include <memory>
#include <memory_resource>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/testing/conformance.hpp>

using namespace tidemark;

namespace {

// What does not fit the blocks of a pool is asked of upstream each time.
testing::conformance_traits passes_larger_on() {
  return {.not_claimed = {testing::rows::steady_state}};
}

// A pool with two checkpoints open, known by a resource that it hands out.
using choose = std::pmr::memory_resource* (*)(fixed_block_resource& pool, marker outer,
                                              marker inner);

testing::conformance_report conformance_of(choose resource_of,
                                           fixed_block_options const& options = {}) {
  return testing::conformance(
      [=](std::pmr::memory_resource* upstream) {
        auto const pool = std::make_shared<fixed_block_resource>(options, upstream);
        marker const outer = pool->checkpoint();
        marker const inner = pool->checkpoint();
        return std::shared_ptr<std::pmr::memory_resource>{pool, resource_of(*pool, outer, inner)};
      },
      passes_larger_on());
}

testing::conformance_report conformance_with(fixed_block_options const& options) {
  return testing::conformance(
      [=](std::pmr::memory_resource* upstream) {
        return std::make_shared<fixed_block_resource>(options, upstream);
      },
      passes_larger_on());
}

void check_passed(testing::conformance_report const& report) {
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() > 10U);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_pool_that_adopts_its_size_conforms) { check_passed(conformance_with({})); }

BOOST_AUTO_TEST_CASE(a_checked_pool_conforms) {
  check_passed(conformance_with({.check = check_level::on}));
}

BOOST_AUTO_TEST_CASE(a_pool_whose_blocks_serve_every_request_conforms_in_every_row) {
  check_passed(testing::conformance([](std::pmr::memory_resource* upstream) {
    fixed_block_options const options{.block_bytes = 200'000, .block_alignment = 8192};
    return std::make_shared<fixed_block_resource>(options, upstream);
  }));
}

BOOST_AUTO_TEST_CASE(a_pool_of_large_blocks_conforms) {
  check_passed(conformance_with({.block_bytes = 20'000, .block_alignment = 8192}));
}

BOOST_AUTO_TEST_CASE(a_pool_of_small_slabs_conforms) {
  check_passed(conformance_with({.block_bytes = 128, .max_slab_bytes = 1024}));
}

BOOST_AUTO_TEST_CASE(the_resource_of_the_innermost_checkpoint_conforms) {
  check_passed(conformance_of(
      [](fixed_block_resource& pool, marker, marker inner) { return pool.resource_of(inner); }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_an_outer_checkpoint_conforms) {
  check_passed(conformance_of(
      [](fixed_block_resource& pool, marker outer, marker) { return pool.resource_of(outer); }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_checked_checkpoint_conforms) {
  check_passed(conformance_of(
      [](fixed_block_resource& pool, marker outer, marker) { return pool.resource_of(outer); },
      {.check = check_level::on}));
}

BOOST_AUTO_TEST_CASE(the_unscoped_resource_conforms_under_open_checkpoints) {
  check_passed(
      conformance_of([](fixed_block_resource& pool, marker, marker) { return pool.unscoped(); }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_kept_checkpoint_conforms) {
  check_passed(conformance_of([](fixed_block_resource& pool, marker, marker inner) {
    std::pmr::memory_resource* const kept = pool.resource_of(inner);
    pool.keep(inner);
    return kept;
  }));
}
