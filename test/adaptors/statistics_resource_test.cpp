// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <memory>
#include <new>
#include <string>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <type_traits>
#include <vector>

#include "support/unchecked.hpp"

using namespace tidemark;

namespace {

// Each in the order in which its parts must end.
template <class Pool>
struct counted {
  explicit counted(std::pmr::memory_resource* upstream) : pool(upstream) {}
  Pool pool;
  statistics_resource<Pool> adaptor{&pool};
};

template <class Pool>
struct tag_over_statistics {
  explicit tag_over_statistics(std::pmr::memory_resource* upstream) : pool(upstream) {}
  Pool pool;
  tag charged{"charged"};
  statistics_resource<Pool> inner{&pool};
  tag_resource<statistics_resource<Pool>, tag> adaptor{&inner, charged};
};

template <class Pool>
struct statistics_over_tag {
  explicit statistics_over_tag(std::pmr::memory_resource* upstream) : pool(upstream) {}
  Pool pool;
  tag charged{"charged"};
  tag_resource<Pool, tag> inner{&pool, charged};
  statistics_resource<tag_resource<Pool, tag>> adaptor{&inner};
};

template <class Stack>
void check_conforms(bool always_steady) {
  testing::conformance_traits traits;
  if (!always_steady) traits.not_claimed = {testing::rows::steady_state};
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<Stack>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{all, &all->adaptor};
      },
      traits);
  BOOST_TEST(report.passed(), report);
  auto const of_checkpoint = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<Stack>(upstream);
        marker const outer = all->adaptor.checkpoint();
        (void)all->adaptor.checkpoint();
        return std::shared_ptr<std::pmr::memory_resource>{all, all->adaptor.resource_of(outer)};
      },
      {.not_claimed = {testing::rows::steady_state, testing::rows::lazy}});
  BOOST_TEST(of_checkpoint.passed(), of_checkpoint);
}

template <template <class> class Stack>
void check_conforms_over_every_pool() {
  check_conforms<Stack<frame_resource>>(true);
  check_conforms<Stack<typed_stack_resource>>(true);
  check_conforms<Stack<fixed_block_resource>>(false);
  check_conforms<Stack<thread_local_resource>>(false);
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_passes_the_battery_over_every_pool) {
  check_conforms_over_every_pool<counted>();
}

BOOST_AUTO_TEST_CASE(a_tag_over_statistics_passes_the_battery_over_every_pool) {
  check_conforms_over_every_pool<tag_over_statistics>();
}

BOOST_AUTO_TEST_CASE(statistics_over_a_tag_pass_the_battery_over_every_pool) {
  check_conforms_over_every_pool<statistics_over_tag>();
}

BOOST_AUTO_TEST_CASE(it_passes_the_battery_over_a_plain_resource) {
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        return std::make_unique<statistics_resource<std::pmr::memory_resource>>(upstream);
      },
      {.not_claimed = {testing::rows::steady_state, testing::rows::gives_back_live}});
  BOOST_TEST(report.passed(), report);
}

BOOST_AUTO_TEST_CASE(calls_bytes_and_sizes_are_counted) {
  statistics_resource memory{std::pmr::new_delete_resource()};
  void* const small = memory.allocate(3);
  void* const large = memory.allocate(100);
  void* const none = memory.allocate(0);
  memory.deallocate(small, 3);
  auto const s = memory.statistics();
  BOOST_TEST(s.allocations == 3U);
  BOOST_TEST(s.frees == 1U);
  BOOST_TEST(s.bytes_allocated == 103U);
  BOOST_TEST(s.bytes_in_use == 100U);
  BOOST_TEST(s.bytes_peak == 103U);
  BOOST_TEST(s.blocks_in_use == 2U);
  BOOST_TEST(s.sizes[0] == 1U);
  BOOST_TEST(s.sizes[2] == 1U);
  BOOST_TEST(s.sizes[7] == 1U);
  memory.deallocate(large, 100);
  memory.deallocate(none, 0);
}

BOOST_AUTO_TEST_CASE(a_failure_is_counted_as_that_and_nothing_else) {
  failing_resource upstream{std::pmr::new_delete_resource(), 1};
  statistics_resource memory{&upstream};
  BOOST_CHECK_THROW((void)memory.allocate(8), std::bad_alloc);
  BOOST_TEST((memory.statistics() == allocation_statistics{.failures = 1}));
  memory.deallocate(memory.allocate(8), 8);
  BOOST_TEST(memory.statistics().allocations == 1U);
  BOOST_TEST(memory.statistics().failures == 1U);
}

BOOST_AUTO_TEST_CASE(a_rewind_refunds_blocks_that_nobody_freed) {
  frame_resource frame;
  statistics_resource memory{&frame};
  {
    memory_scope scope{memory};
    (void)scope.allocate(10);
    (void)scope.allocate(20);
    scope.deallocate(scope.allocate(5), 5);
  }
  auto const s = memory.statistics();
  BOOST_TEST(s.refunded_blocks == 2U);
  BOOST_TEST(s.frees == 1U);
  BOOST_TEST(s.blocks_in_use == 0U);
  BOOST_TEST(s.bytes_in_use == 0U);
  BOOST_TEST(s.bytes_peak == 35U);
  BOOST_TEST(s.allocations - s.frees - s.refunded_blocks == s.blocks_in_use);
}

BOOST_AUTO_TEST_CASE(a_free_after_the_rewind_is_counted_as_late) {
  frame_resource frame{unchecked()};
  statistics_resource memory{&frame};
  marker const mark = memory.checkpoint();
  void* const block = memory.allocate(10);
  memory.rewind(mark);
  memory.deallocate(block, 10);
  BOOST_TEST(memory.statistics().late_frees == 1U);
  BOOST_TEST(memory.statistics().frees == 0U);
  BOOST_TEST(memory.statistics().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_stack_of_adaptors_counts_the_same_in_each) {
  fixed_block_resource blocks;
  tag names{"names"};
  statistics_resource inner{&blocks};
  tag_resource memory{&inner, names};
  {
    memory_scope scope{memory};
    std::pmr::vector<std::pmr::string> lines{scope};
    for (int i = 0; i < 10; ++i) lines.emplace_back(60, 'x');
    BOOST_TEST(inner.statistics().bytes_in_use == names.stats().bytes);
    BOOST_TEST(inner.statistics().blocks_in_use == names.stats().blocks);
    scope.keep();
    (void)scope.allocate(100);
  }
  BOOST_TEST(names.stats().bytes == 100U);
  BOOST_TEST(inner.statistics().bytes_in_use == 100U);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_the_counts_agree) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    typed_stack_resource stack{upstream};
    statistics_resource memory{&stack};
    std::size_t asked = 0;
    std::size_t refused = 0;
    memory_scope scope{memory};
    for (std::size_t bytes = 1; bytes < 100'000; bytes *= 3) {
      ++asked;
      try {
        (void)scope.allocate(bytes);
      } catch (std::bad_alloc const&) {
        ++refused;
      }
    }
    auto const s = memory.statistics();
    if (s.failures != refused || s.allocations + refused != asked) throw std::logic_error("counts");
  });
  BOOST_TEST(points > 1U);
}

BOOST_AUTO_TEST_CASE(it_is_not_copied) {
  BOOST_TEST((!std::is_copy_constructible_v<statistics_resource<frame_resource>>));
  BOOST_TEST((std::is_base_of_v<rewindable_resource, statistics_resource<frame_resource>>));
}
