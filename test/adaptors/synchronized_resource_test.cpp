// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <new>
#include <thread>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/synchronized_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark;

namespace {

template <class Pool>
struct guarded {
  explicit guarded(std::pmr::memory_resource* upstream) : pool(upstream) {}
  Pool pool;
  synchronized_resource<Pool> adaptor{&pool};
};

template <class Pool>
void check_conforms() {
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<guarded<Pool>>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{all, &all->adaptor};
      },
      {.not_claimed = {testing::rows::steady_state}});
  BOOST_TEST(report.passed(), report);
}

// Many threads take and free blocks, and look whether they are theirs alone.
void churn(std::pmr::memory_resource& memory) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&memory, &wrong, t] {
      std::vector<int*> mine;
      for (int i = 0; i < 500; ++i) {
        mine.push_back(::new (memory.allocate(sizeof(int), alignof(int))) int{t});
        if (i % 3 != 0) continue;
        if (*mine.front() != t) ++wrong;
        memory.deallocate(mine.front(), sizeof(int), alignof(int));
        mine.erase(mine.begin());
      }
      for (int* const block : mine) {
        if (*block != t) ++wrong;
        memory.deallocate(block, sizeof(int), alignof(int));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_passes_the_battery_over_every_pool) {
  check_conforms<frame_resource>();
  check_conforms<typed_stack_resource>();
  check_conforms<fixed_block_resource>();
  check_conforms<thread_local_resource>();
}

BOOST_AUTO_TEST_CASE(eight_threads_share_a_pool_of_one_thread) {
  testing::checked_upstream upstream;
  {
    fixed_block_resource pool{&upstream};
    synchronized_resource memory{&pool};
    churn(memory);
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
  }
  BOOST_TEST(upstream.complaint().empty());
}

BOOST_AUTO_TEST_CASE(eight_threads_share_a_tag_above_it) {
  fixed_block_resource pool;
  synchronized_resource guarded_pool{&pool};
  shared_tag work{"work"};
  tag_resource memory{&guarded_pool, work};
  churn(memory);
  BOOST_TEST(work.stats().bytes == 0U);
  BOOST_TEST(work.stats().blocks == 0U);
  BOOST_TEST(work.stats().bytes_peak >= sizeof(int));
}

BOOST_AUTO_TEST_CASE(eight_threads_share_a_tag_below_it) {
  fixed_block_resource pool;
  tag work{"work"};
  tag_resource tagged{&pool, work};
  synchronized_resource memory{&tagged};
  churn(memory);
  BOOST_TEST(work.stats().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_failure_leaves_the_mutex_free) {
  failing_resource upstream{std::pmr::new_delete_resource(), 1};
  synchronized_resource memory{&upstream};
  BOOST_CHECK_THROW((void)memory.allocate(8), std::bad_alloc);
  memory.deallocate(memory.allocate(8), 8);
  BOOST_TEST(upstream.calls() == 2U);
}

BOOST_AUTO_TEST_CASE(with_lock_reaches_the_wrapped_resource) {
  frame_resource frame;
  synchronized_resource memory{&frame};
  (void)memory.allocate(100);
  auto const bytes = memory.with_lock([](frame_resource& f) { return f.stats().bytes_in_use; });
  BOOST_TEST(bytes >= 100U);
  memory.with_lock([](frame_resource& f) { f.reset(); });
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
  BOOST_TEST(memory.upstream_resource() == &frame);
}

BOOST_AUTO_TEST_CASE(it_has_no_marks_of_its_own) {
  using synchronized_frame = synchronized_resource<frame_resource>;
  BOOST_TEST((!std::is_base_of_v<rewindable_resource, synchronized_frame>));
  BOOST_TEST((!std::is_copy_constructible_v<synchronized_frame>));
}
