// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <vector>

using namespace tidemark;

namespace {

constexpr unsigned eight = 8;

template <class F>
void in_threads(F f) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < eight; ++t) threads.emplace_back([&f, t] { f(t); });
  for (auto& thread : threads) thread.join();
}

}  // namespace

BOOST_AUTO_TEST_CASE(over_one_pool_eight_threads_get_exactly_what_fits) {
  for (std::size_t round = 0; round < 50; ++round) {
    thread_local_resource pool;
    budget limit{"limit", {.hard_bytes = 100 * 64 + round}};
    budget_resource memory{&pool, limit};
    std::array<std::vector<void*>, eight> blocks;
    in_threads([&](unsigned t) {
      for (int i = 0; i < 50; ++i) {
        if (void* const block = memory.try_allocate(64)) blocks[t].push_back(block);
      }
    });
    std::size_t granted = 0;
    for (auto const& of_one : blocks) granted += of_one.size();
    BOOST_REQUIRE_EQUAL(granted, 100U);
    BOOST_REQUIRE_EQUAL(limit.bytes(), 100U * 64U);
    BOOST_REQUIRE_EQUAL(limit.stats().refusals, eight * 50U - 100U);
    in_threads([&](unsigned t) {  // freed by another thread than took them
      for (void* const block : blocks[(t + 1) % eight]) memory.deallocate(block, 64);
    });
    BOOST_REQUIRE_EQUAL(limit.bytes(), 0U);
  }
}

BOOST_AUTO_TEST_CASE(eight_frames_with_adaptors_of_their_own_share_one_budget_exactly) {
  for (std::size_t round = 0; round < 50; ++round) {
    budget limit{"limit", {.hard_bytes = 100 * 64 + round}};
    std::atomic<std::size_t> granted{0};
    std::atomic<unsigned> waiting{eight};
    in_threads([&](unsigned) {
      frame_resource frame;
      budget_resource memory{&frame, limit};
      memory_scope scope{memory};
      for (int i = 0; i < 50; ++i) {
        try {
          (void)scope.allocate(64);
          ++granted;
        } catch (budget_exceeded const&) {
        }
      }
      --waiting;  // nobody refunds while another may ask
      while (waiting != 0) std::this_thread::yield();
    });
    BOOST_REQUIRE_EQUAL(granted.load(), 100U);
    BOOST_REQUIRE_EQUAL(limit.stats().bytes_peak, 100U * 64U);
    BOOST_REQUIRE_EQUAL(limit.bytes(), 0U);
  }
}

BOOST_AUTO_TEST_CASE(under_churn_with_marks_the_limit_is_never_passed) {
  thread_local_resource pool;
  budget total{"total", 3000, 4096};
  budget part{"part", {}, &total};
  budget_resource memory{&pool, part};
  std::atomic<std::size_t> events{0};
  total.set_event_handler([](budget_event const&,
                             void* context) { ++*static_cast<std::atomic<std::size_t>*>(context); },
                          &events);
  std::atomic<std::size_t> seen_over{0};
  in_threads([&](unsigned) {
    for (int i = 0; i < 500; ++i) {
      try {
        memory_scope outer{memory};
        (void)outer.allocate(300);
        memory_scope inner{memory};
        (void)inner.allocate(400);
        if (total.bytes() > 4096) ++seen_over;
        memory.deallocate(memory.allocate(100), 100);
        if (i % 2 == 0) inner.keep();
      } catch (budget_exceeded const&) {
      }
    }
  });
  BOOST_TEST(seen_over == 0U);
  BOOST_TEST(total.bytes() == 0U);
  BOOST_TEST(part.bytes() == 0U);
  BOOST_TEST(total.stats().bytes_peak <= 4096U);
  total.set_event_handler(nullptr);
}
