// SPDX-License-Identifier: BSL-1.0

// Every pool on its way to Boost and back, and a Boost resource, in the battery for every resource.

#include <boost/test/unit_test.hpp>
#include <memory>
#include <memory_resource>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/careless_boost.hpp"

using namespace tidemark;

namespace {

template <class Pool>
struct round_trip {
  template <class... Options>
  explicit round_trip(Options const&... options) : pool(options...) {}

  Pool pool;
  boost_bridge<Pool> there{&pool};
  std_bridge back{&there};
};

// `ended`: what to do to the pool when a run is over.
template <class Pool, class... Options>
testing::conformance_report conformance_of(testing::conformance_traits traits, void (*ended)(Pool&),
                                           Options const&... options) {
  Pool* newest = nullptr;
  if (ended != nullptr) {
    traits.end_of_run = [&newest, ended](std::pmr::memory_resource&) { ended(*newest); };
  }
  return testing::conformance(
      [&](std::pmr::memory_resource* upstream) {
        auto const made = std::make_shared<round_trip<Pool>>(options..., upstream);
        newest = &made->pool;
        return std::shared_ptr<std::pmr::memory_resource>{made, &made->back};
      },
      traits);
}

// Blocks larger than the pool's go back upstream when they are freed.
testing::conformance_traits const passes_larger_on{.not_claimed = {testing::rows::steady_state}};

void check_passed(testing::conformance_report const& report) {
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() > 10U);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_conforms_there_and_back) {
  check_passed(conformance_of<frame_resource>({}, [](frame_resource& frame) { frame.reset(); }));
}

BOOST_AUTO_TEST_CASE(a_checked_frame_conforms_there_and_back) {
  check_passed(conformance_of<frame_resource>(
      {}, [](frame_resource& frame) { frame.reset(); }, frame_options{.check = check_level::on}));
}

BOOST_AUTO_TEST_CASE(a_typed_stack_conforms_there_and_back) {
  check_passed(
      conformance_of<typed_stack_resource>({}, [](typed_stack_resource& stack) { stack.reset(); }));
}

BOOST_AUTO_TEST_CASE(a_fixed_block_pool_conforms_there_and_back) {
  check_passed(conformance_of<fixed_block_resource>(passes_larger_on, nullptr));
}

BOOST_AUTO_TEST_CASE(a_thread_local_pool_conforms_there_and_back) {
  check_passed(conformance_of<thread_local_resource>(passes_larger_on, nullptr));
}

BOOST_AUTO_TEST_CASE(a_careless_boost_resource_conforms_behind_the_bridge) {
  struct careless {
    explicit careless(std::pmr::memory_resource* upstream) : resource(upstream) {}
    test::careless_boost resource;
    std_bridge bridge{&resource};
  };
  testing::conformance_traits const hands_on{.not_claimed = {testing::rows::steady_state,
                                                             testing::rows::gives_back_live,
                                                             testing::rows::equality}};
  check_passed(testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const made = std::make_shared<careless>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{made, &made->bridge};
      },
      hands_on));
}
