// SPDX-License-Identifier: BSL-1.0

// A fallback_resource over every pool in the battery: with a primary that serves, with one that
// refuses everything, and each with the resource of a checkpoint.

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <memory_resource>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/narrow_upstream.hpp"

using namespace tidemark;

namespace {

using all_pools = boost::mpl::list<frame_resource, typed_stack_resource, fixed_block_resource,
                                   thread_local_resource>;

// In the order in which they must end.
template <class Pool>
struct chain {
  chain(std::pmr::memory_resource* first, std::pmr::memory_resource* second)
      : pool(first), memory(&pool, second) {}
  Pool pool;
  fallback_resource<Pool> memory;
};

void check(testing::resource_factory const& make, testing::conformance_traits const& traits) {
  auto const report = testing::conformance(make, traits);
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() > 10U);
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(over_a_pool_it_conforms, Pool, all_pools) {
  check(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<chain<Pool>>(upstream, std::pmr::null_memory_resource());
        return std::shared_ptr<std::pmr::memory_resource>{all, &all->memory};
      },
      {.not_claimed = {testing::rows::steady_state}});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(over_a_pool_that_refuses_it_conforms, Pool, all_pools) {
  check(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<chain<Pool>>(std::pmr::null_memory_resource(), upstream);
        return std::shared_ptr<std::pmr::memory_resource>{all, &all->memory};
      },
      {.not_claimed = {testing::rows::steady_state}});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(its_checkpoints_conform_over_a_pool_that_refuses, Pool, all_pools) {
  struct marked {
    explicit marked(std::pmr::memory_resource* second) : blocks(&first, second) {
      marker const outer = blocks.memory.checkpoint();
      (void)blocks.memory.checkpoint();
      resource = blocks.memory.resource_of(outer);
      first.most_bytes = 0;  // a checkpoint needed some
    }
    support::narrow_upstream first;
    chain<Pool> blocks;
    std::pmr::memory_resource* resource;
  };
  check(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<marked>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{all, all->resource};
      },
      {.not_claimed = {testing::rows::steady_state}});
}

BOOST_AUTO_TEST_CASE(over_a_plain_resource_it_conforms) {
  check(
      [](std::pmr::memory_resource* upstream) {
        return std::make_unique<fallback_resource<std::pmr::memory_resource>>(
            std::pmr::null_memory_resource(), upstream);
      },
      {.not_claimed = {testing::rows::steady_state}});
}
