// SPDX-License-Identifier: BSL-1.0

// What a handler may do while it runs, in one thread and in several at once.

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <latch>
#include <new>
#include <optional>
#include <thread>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/recovery_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <vector>

#include "support/narrow_upstream.hpp"

using namespace tidemark;
using support::large_bytes;
using support::small_bytes;

namespace {

using enum recovery_action;
using handler_function = std::function<recovery_action(recovery_request const&)>;

// A frame that refuses large blocks; the handler is what the test says.
struct recovering_frame {
  ~recovering_frame() {
    memory.reset();
    BOOST_TEST(second.complaint() == "");
  }
  recovery_statistics statistics() const { return memory->statistics(); }

  handler_function handler;
  std::size_t asked = 0;
  support::narrow_upstream first;
  testing::checked_upstream second;
  frame_resource frame{&first};
  std::optional<recovery_resource<frame_resource, handler_function>> memory{
      std::in_place, &frame,
      [this](recovery_request const& request) {
        ++asked;
        return handler(request);
      },
      &second};
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_handler_may_change_what_makes_it_fail) {
  recovering_frame f;
  f.handler = [&](recovery_request const&) {
    f.first.most_bytes = SIZE_MAX;
    return retry;
  };
  BOOST_TEST(f.memory->allocate(large_bytes) != nullptr);
  BOOST_TEST(f.asked == 1U);
  BOOST_TEST(f.memory->secondary_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_allocate_through_the_same_adaptor) {
  recovering_frame f;
  std::pmr::vector<int> notes{&*f.memory};
  f.handler = [&](recovery_request const&) {
    notes.assign(100, 7);
    return use_fallback;
  };
  void* const block = f.memory->allocate(large_bytes);
  BOOST_TEST(f.memory->secondary_blocks() == 1U);
  BOOST_TEST(notes.back() == 7);
  f.memory->deallocate(block, large_bytes);
}

BOOST_AUTO_TEST_CASE(what_is_refused_within_a_handler_is_thrown_at_once) {
  recovering_frame f;
  std::size_t refused = 0;
  f.handler = [&](recovery_request const&) {
    try {
      (void)f.memory->allocate(large_bytes);
    } catch (std::bad_alloc const&) {
      ++refused;
    }
    BOOST_TEST(f.memory->try_allocate(large_bytes) == nullptr);
    return use_fallback;
  };
  BOOST_TEST(f.memory->allocate(large_bytes) != nullptr);
  BOOST_TEST(refused == 1U);
  BOOST_TEST(f.asked == 1U);
  BOOST_TEST(
      (f.statistics() == recovery_statistics{.recoveries = 1, .fallbacks = 1, .given_up = 2}));
}

BOOST_AUTO_TEST_CASE(handlers_that_need_each_other_end) {
  recovering_frame a;
  recovering_frame b;
  std::vector<bool> served;
  a.handler = [&](recovery_request const&) {
    served.push_back(b.memory->try_allocate(large_bytes) != nullptr);
    return use_fallback;
  };
  b.handler = [&](recovery_request const&) {
    served.push_back(a.memory->try_allocate(large_bytes) != nullptr);
    return use_fallback;
  };
  (void)a.memory->allocate(large_bytes);
  BOOST_TEST((served == std::vector<bool>{false, true}));  // a's own refusal ends it
  BOOST_TEST(a.asked == 1U);
  BOOST_TEST(b.asked == 1U);
  (void)b.memory->allocate(large_bytes);  // nobody is inside a handler any more
  BOOST_TEST(a.asked == 2U);
  BOOST_TEST(b.asked == 2U);
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_passes_and_nothing_is_changed) {
  recovering_frame f;
  std::pmr::vector<int> numbers({1, 2, 3}, &*f.memory);
  std::size_t const in_use = f.frame.stats().bytes_in_use;
  f.handler = [](recovery_request const&) -> recovery_action { throw 3; };
  BOOST_CHECK_THROW(numbers.resize(large_bytes), int);
  BOOST_TEST(f.memory->try_allocate(large_bytes) == nullptr);
  BOOST_TEST(f.asked == 2U);  // the first one's end was seen
  BOOST_TEST((numbers == std::pmr::vector<int>{1, 2, 3}));
  BOOST_TEST(f.frame.stats().bytes_in_use == in_use);
  BOOST_TEST(f.second.calls() == 0U);
  BOOST_TEST((f.statistics() == recovery_statistics{.given_up = 2}));
}

BOOST_AUTO_TEST_CASE(a_handler_may_free_blocks_of_both) {
  recovering_frame f;
  f.handler = [](recovery_request const&) { return use_fallback; };
  void* const large = f.memory->allocate(large_bytes);
  void* const small = f.memory->allocate(small_bytes);
  f.handler = [&](recovery_request const&) {
    f.memory->deallocate(small, small_bytes);
    f.memory->deallocate(large, large_bytes);
    return use_fallback;
  };
  (void)f.memory->allocate(large_bytes);
  BOOST_TEST(f.memory->secondary_blocks() == 1U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_free_what_a_budget_holds) {
  frame_resource frame;
  budget limited{"limited", {.hard_bytes = 1000}};
  budget_resource bounded{&frame, limited};
  std::pmr::vector<std::byte> idle{900, &bounded};
  recovery_resource memory{&bounded, [&](recovery_request const&) {
                             idle.clear();
                             idle.shrink_to_fit();
                             return retry;
                           }};
  BOOST_TEST(memory.allocate(200) != nullptr);
  BOOST_TEST(limited.bytes() == 200U);
  BOOST_CHECK_THROW((void)memory.allocate(900), budget_exceeded);
  BOOST_TEST(
      (memory.statistics() == recovery_statistics{.recoveries = 1, .retries = 9, .given_up = 1}));
}

BOOST_AUTO_TEST_CASE(a_handler_may_open_scopes_of_its_own) {
  recovering_frame f;
  f.handler = [&](recovery_request const&) {
    memory_scope scratch{*f.memory};
    (void)scratch.allocate(small_bytes);
    return use_fallback;
  };
  memory_scope scope{*f.memory};
  (void)scope.allocate(large_bytes);
  BOOST_TEST(f.memory->depth() == 1U);
  scope.reset();
  BOOST_TEST(f.memory->secondary_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_the_handler_keeps_passes_the_block_on) {
  recovering_frame f;
  marker const outer = f.memory->checkpoint();
  marker const inner = f.memory->checkpoint();
  f.handler = [&](recovery_request const&) {
    f.memory->keep(inner);
    return use_fallback;
  };
  BOOST_TEST(f.memory->resource_of(inner)->allocate(large_bytes) != nullptr);
  BOOST_TEST(f.memory->secondary_blocks() == 1U);
  f.memory->rewind(outer);
  BOOST_TEST(f.memory->secondary_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_the_handler_closes_is_not_served) {
  for (recovery_action const action : {use_fallback, retry}) {
    testing::misuse_recorder recorder;
    recovering_frame f;
    marker const mark = f.memory->checkpoint();
    f.handler = [&](recovery_request const&) {
      f.memory->rewind(mark);
      return action;
    };
    BOOST_CHECK_THROW((void)f.memory->resource_of(mark)->allocate(large_bytes), std::bad_alloc);
    BOOST_TEST(f.asked == 1U);
    BOOST_TEST(f.second.calls() == 0U);
    BOOST_TEST(recorder.seen.empty());  // a closed checkpoint is not asked again
    BOOST_TEST(f.statistics().given_up == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_closed_checkpoint_asks_no_handler) {
  testing::misuse_recorder recorder;
  recovering_frame f;
  f.handler = [](recovery_request const&) { return use_fallback; };
  marker const mark = f.memory->checkpoint();
  auto* const closed = f.memory->resource_of(mark);
  f.memory->rewind(mark);
  BOOST_CHECK_THROW((void)closed->allocate(small_bytes), std::bad_alloc);
  BOOST_TEST(f.asked == 0U);
  BOOST_TEST(f.second.calls() == 0U);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
}

BOOST_AUTO_TEST_CASE(what_eight_threads_are_refused_is_counted_exactly) {
  support::narrow_upstream upstream;
  testing::checked_upstream heap;
  thread_local_resource pool{&upstream};
  std::atomic<std::size_t> asked = 0;
  auto const handler = [&](recovery_request const& request) {
    ++asked;
    return request.attempt == 1 ? retry : request.bytes % 2 == 0 ? use_fallback : give_up;
  };
  recovery_resource memory{&pool, handler, &heap};
  std::array<std::thread, 8> threads;
  for (std::thread& thread : threads) {
    thread = std::thread{[&] {
      for (std::size_t i = 0; i < 100; ++i) {
        memory_scope scope{memory};
        (void)scope.allocate(100);
        (void)scope.try_allocate(large_bytes + i % 2);
      }
    }};
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(asked == 1600U);
  BOOST_TEST(
      (memory.statistics() ==
       recovery_statistics{.recoveries = 400, .retries = 800, .fallbacks = 400, .given_up = 400}));
  BOOST_TEST(heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_handler_of_one_thread_does_not_keep_another_from_being_asked) {
  support::narrow_upstream upstream;
  testing::checked_upstream heap;
  thread_local_resource pool{&upstream};
  std::latch both_are_inside{2};
  auto const handler = [&](recovery_request const&) {
    both_are_inside.arrive_and_wait();
    return use_fallback;
  };
  recovery_resource memory{&pool, handler, &heap};
  std::array<std::thread, 2> threads;
  for (std::thread& thread : threads) {
    thread = std::thread{[&] { (void)memory.allocate(large_bytes); }};
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(memory.statistics().fallbacks == 2U);
}
