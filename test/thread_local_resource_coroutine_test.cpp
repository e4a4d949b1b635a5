// SPDX-License-Identifier: BSL-1.0

// A coroutine that goes on in another thread uses that thread's heap.
//
// The hazard: clang 19 at -O2 takes the address of a thread_local once for the whole of a
// coroutine. Were the thread's slot looked up inline, the coroutine would take from and give to the
// heap of the thread that it left, which goes on using it.

#include <boost/test/unit_test.hpp>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <tidemark/error.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/objects/from_resource.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>

#include "support/local_pools.hpp"

using namespace tidemark;
using tidemark::test::in_thread;
using tidemark::test::unchecked;

namespace {

// Runs until it suspends; whoever resumes it runs the rest.
struct resumed_later {
  struct promise_type {
    resumed_later get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
  std::coroutine_handle<promise_type> rest;
};

// The heap that a block came from: a thread that frees its own hands it out again at once.
struct seen {
  void* before = nullptr;
  void* after = nullptr;
};

resumed_later allocate_on_both_sides(thread_local_resource& pool, seen& blocks) {
  blocks.before = pool.allocate(64);
  co_await std::suspend_always{};
  blocks.after = pool.allocate(64);
}

resumed_later free_on_both_sides(thread_local_resource& pool, seen const& blocks) {
  pool.deallocate(blocks.before, 64);
  co_await std::suspend_always{};
  pool.deallocate(blocks.after, 64);
}

resumed_later checkpoints_on_both_sides(thread_local_resource& pool, std::size_t& depths) {
  marker const here = pool.checkpoint();
  co_await std::suspend_always{};
  depths = 10 * pool.depth();
  {
    memory_scope scope{pool};
    static_cast<void>(scope.allocate(64));
    depths += pool.depth();
  }
  co_await std::suspend_always{};
  pool.rewind(here);
}

resumed_later scope_across_a_suspension(thread_local_resource& pool, bool& refused) {
  memory_scope scope{pool};
  static_cast<void>(scope.allocate(64));
  co_await std::suspend_always{};
  try {
    static_cast<void>(scope.allocate(64));
  } catch (std::bad_alloc const&) {
    refused = true;
  }
  co_await std::suspend_always{};
  static_cast<void>(scope.allocate(64));
}

void finish(resumed_later const& task) {
  task.rest.resume();
  BOOST_TEST(task.rest.done());
  task.rest.destroy();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_coroutine_allocates_from_the_heap_of_the_thread_that_it_is_on) {
  thread_local_resource pool{unchecked()};
  for (int i = 0; i < 100; ++i) {
    seen blocks;
    resumed_later const task = allocate_on_both_sides(pool, blocks);
    in_thread([&] {
      void* const own = pool.allocate(64);
      pool.deallocate(own, 64);
      finish(task);
      BOOST_TEST(blocks.after == own);
      pool.deallocate(blocks.after, 64);
    });
    pool.deallocate(blocks.before, 64);
    BOOST_TEST(pool.allocate(64) == blocks.before);
    pool.deallocate(blocks.before, 64);
  }
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_coroutine_frees_to_the_heap_of_the_thread_that_it_is_on) {
  thread_local_resource pool{unchecked()};
  for (int i = 0; i < 100; ++i) {
    seen blocks{pool.allocate(64), nullptr};
    resumed_later const task = free_on_both_sides(pool, blocks);
    in_thread([&] {
      blocks.after = pool.allocate(64);
      finish(task);
      BOOST_TEST(pool.allocate(64) == blocks.after);  // it was this thread's own
      pool.deallocate(blocks.after, 64);
    });
    BOOST_TEST(pool.allocate(64) == blocks.before);
    pool.deallocate(blocks.before, 64);
  }
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_coroutine_opens_checkpoints_on_the_thread_that_it_is_on) {
  testing::misuse_recorder misuse;
  thread_local_resource pool{unchecked()};
  std::size_t depths = 0;
  resumed_later const task = checkpoints_on_both_sides(pool, depths);
  BOOST_TEST(pool.depth() == 1U);
  in_thread([&] { task.rest.resume(); });
  BOOST_TEST(depths == 1U);  // 0 there, 1 in the scope
  BOOST_TEST(pool.depth() == 1U);
  finish(task);
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(misuse.seen.empty());
}

BOOST_AUTO_TEST_CASE(a_scope_serves_a_coroutine_only_on_the_thread_that_opened_it) {
  testing::misuse_recorder misuse;
  thread_local_resource pool{unchecked()};
  bool refused = false;
  resumed_later const task = scope_across_a_suspension(pool, refused);
  in_thread([&] { task.rest.resume(); });
  BOOST_TEST(refused);
  BOOST_TEST(misuse.count(misuse_kind::wrong_thread) == 1U);
  finish(task);
  BOOST_TEST(misuse.seen.size() == 1U);
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

namespace {

// A coroutine whose frame lies in a pool: `from_resource` finds it among the arguments.
struct framed {
  struct promise_type : from_resource {
    framed get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
  std::coroutine_handle<promise_type> rest;
};

framed add_on_each_thread(std::allocator_arg_t, std::pmr::polymorphic_allocator<>, int& sum) {
  for (int i = 1; i <= 3; ++i) {
    sum += i;
    co_await std::suspend_always{};
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_of_a_coroutine_may_be_freed_by_another_thread) {
  thread_local_resource pool{unchecked()};
  int sum = 0;
  framed const task = add_on_each_thread(std::allocator_arg, &pool, sum);
  BOOST_TEST(pool.stats().bytes_in_use > 0U);
  in_thread([&] { task.rest.resume(); });
  in_thread([&] {
    task.rest.resume();
    task.rest.destroy();
  });
  BOOST_TEST(sum == 6);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}
