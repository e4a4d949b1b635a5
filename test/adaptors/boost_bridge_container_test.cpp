// SPDX-License-Identifier: BSL-1.0

// Boost.Container's own resources behind std_bridge: what they lack, and that the bridge has it.

#include <boost/container/pmr/global_resource.hpp>
#include <boost/container/pmr/monotonic_buffer_resource.hpp>
#include <boost/container/pmr/synchronized_pool_resource.hpp>
#include <boost/container/pmr/unsynchronized_pool_resource.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/testing/conformance.hpp>
#include <utility>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark;
namespace boost_pmr = boost::container::pmr;

namespace {

// A Boost resource over a std upstream, as a std resource.
template <class Resource>
struct bridged {
  explicit bridged(std::pmr::memory_resource* upstream) : below(upstream) {}

  boost_bridge<std::pmr::memory_resource> below;
  Resource resource{&below};
  std_bridge above{&resource};
};

template <class Resource>
void check_conforms(testing::conformance_traits const& traits) {
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const made = std::make_shared<bridged<Resource>>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{made, &made->above};
      },
      traits);
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() > 10U);
}

// Blocks are kept from run to run, but upstream is asked for large ones each time. Where it fails
// behind the pool's first table, the table is kept.
testing::conformance_traits const boost_pools{
    .not_claimed = {testing::rows::steady_state, testing::rows::upstream_failure}};

}  // namespace

// An arena: what is freed is not used again.
BOOST_AUTO_TEST_CASE(a_boost_arena_conforms_behind_the_bridge) {
  check_conforms<boost_pmr::monotonic_buffer_resource>(
      {.not_claimed = {testing::rows::steady_state}});
}

BOOST_AUTO_TEST_CASE(a_boost_pool_conforms_behind_the_bridge) {
  check_conforms<boost_pmr::unsynchronized_pool_resource>(boost_pools);
}

BOOST_AUTO_TEST_CASE(a_synchronized_boost_pool_conforms_behind_the_bridge) {
  check_conforms<boost_pmr::synchronized_pool_resource>(boost_pools);
}

BOOST_AUTO_TEST_CASE(boosts_new_and_delete_conform_behind_the_bridge) {
  std_bridge bridge{boost_pmr::new_delete_resource()};
  // A sanitizer ends a program that asks `new` for the impossible.
  auto const report =
      testing::conformance(&bridge, {.not_claimed = {testing::rows::impossible_sizes}});
  BOOST_TEST(report.passed(), report);
}

BOOST_AUTO_TEST_CASE(boosts_null_resource_throws_stds_bad_alloc) {
  std_bridge bridge{boost_pmr::null_memory_resource()};
  BOOST_CHECK_THROW((void)bridge.allocate(8), std::bad_alloc);
  BOOST_CHECK_THROW((void)bridge.allocate(8, 64), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(std_containers_live_in_boost_resources) {
  boost_pmr::unsynchronized_pool_resource pool;
  std_bridge bridge{&pool};
  struct alignas(256) wide {
    int value;
  };
  std::pmr::map<int, std::pmr::vector<wide>> wides{&bridge};
  for (int i = 0; i < 50; ++i) wides[i % 7].push_back({i});
  for (auto const& [key, values] : wides) {
    BOOST_TEST(test::is_aligned(values.data(), 256));
    for (std::size_t i = 0; i < values.size(); ++i) {
      BOOST_TEST(values[i].value == key + 7 * static_cast<int>(i));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_boost_pool_takes_its_memory_from_a_scope) {
  frame_resource frame;
  {
    memory_scope scope{frame};
    boost_bridge bridge{scope};
    boost_pmr::unsynchronized_pool_resource pool{&bridge};
    void* const block = pool.allocate(100, 8);
    pool.deallocate(block, 100, 8);
    BOOST_TEST(frame.stats().bytes_in_use > 100U);
  }
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}
