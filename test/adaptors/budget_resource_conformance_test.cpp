// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <memory>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>

using namespace tidemark;

namespace {

// A pool, a budget in a tree and an adaptor, in the order in which they must end.
template <class Pool>
struct budgeted_pool {
  explicit budgeted_pool(std::pmr::memory_resource* upstream) : pool(upstream) {}
  ~budgeted_pool() { BOOST_TEST(total.stats().refusals == 0U); }
  Pool pool;
  budget total{"total"};
  budget part{"part", {}, &total};
  budget_resource<Pool> adaptor{&pool, part};
};

template <class Pool>
void check_budget_conforms(bool always_steady) {
  testing::conformance_traits traits;
  if (!always_steady) traits.not_claimed = {testing::rows::steady_state};
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<budgeted_pool<Pool>>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{all, &all->adaptor};
      },
      traits);
  BOOST_TEST(report.passed(), report);
}

// The resource of the lower one of two checkpoints.
template <class Pool>
void check_budgeted_scopes_conform() {
  testing::conformance_traits const traits{
      .not_claimed = {testing::rows::steady_state, testing::rows::lazy}};
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<budgeted_pool<Pool>>(upstream);
        marker const outer = all->adaptor.checkpoint();
        (void)all->adaptor.checkpoint();
        return std::shared_ptr<std::pmr::memory_resource>{all, all->adaptor.resource_of(outer)};
      },
      traits);
  BOOST_TEST(report.passed(), report);
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_passes_the_battery_over_every_pool) {
  check_budget_conforms<frame_resource>(true);
  check_budget_conforms<typed_stack_resource>(true);
  check_budget_conforms<fixed_block_resource>(false);
  check_budget_conforms<thread_local_resource>(false);
}

BOOST_AUTO_TEST_CASE(the_resources_of_its_checkpoints_pass_the_battery) {
  check_budgeted_scopes_conform<frame_resource>();
  check_budgeted_scopes_conform<typed_stack_resource>();
  check_budgeted_scopes_conform<fixed_block_resource>();
  check_budgeted_scopes_conform<thread_local_resource>();
}

BOOST_AUTO_TEST_CASE(it_passes_the_battery_over_a_plain_resource) {
  budget charged{"charged"};
  auto const report = testing::conformance(
      [&](std::pmr::memory_resource* upstream) {
        return std::make_unique<budget_resource<std::pmr::memory_resource>>(upstream, charged);
      },
      {.not_claimed = {testing::rows::steady_state, testing::rows::gives_back_live}});
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(charged.bytes() == 0U);
}
