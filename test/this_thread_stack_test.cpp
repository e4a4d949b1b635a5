// SPDX-License-Identifier: BSL-1.0

// Who finds which stack, how it is made, and what may be asked of all of them.

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <new>
#include <span>
#include <string>
#include <thread>
#include <tidemark/error.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/this_thread_stack.hpp>
#include <vector>

#include "support/wanderer.hpp"

using namespace tidemark;
using testing::misuse_recorder;

namespace {

// Threads that are started while it lives get these options.
struct thread_stack_options {
  explicit thread_stack_options(typed_stack_options const& options) {
    set_thread_stack_options(options);
  }
  thread_stack_options(thread_stack_options const&) = delete;
  thread_stack_options& operator=(thread_stack_options const&) = delete;
  ~thread_stack_options() { set_thread_stack_options({.name = "this thread's stack"}); }
};

template <class F>
void in_thread(F f) {
  std::thread{f}.join();
}

std::size_t in_use() { return this_thread_stack().stats().bytes_in_use; }

double step(std::size_t n, double value) {
  stack_scope scope;
  auto const a = scope.zeros<double>(n);
  for (double& each : a) each = value;
  double sum = 0;
  for (double const each : a) sum += each;
  return sum;
}

// What a callee takes without a scope of its own: its caller's scope gives it back.
std::span<float> take_directly() { return this_thread_stack().ones<float>(100); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_nameless_scope_opens_the_stack_of_its_thread) {
  in_thread([] {
    {
      stack_scope scope;
      BOOST_TEST(&scope.pool() == &this_thread_stack());
      BOOST_TEST(this_thread_stack().depth() == 1U);
      auto const a = scope.zeros<double>(10);
      BOOST_TEST(in_use() >= a.size_bytes());
      stack_scope inner;
      BOOST_TEST(this_thread_stack().depth() == 2U);
    }
    BOOST_TEST(this_thread_stack().depth() == 0U);
    BOOST_TEST(in_use() == 0U);
  });
}

BOOST_AUTO_TEST_CASE(it_begins_empty_and_over_the_default_upstream) {
  in_thread([] {
    typed_stack_resource& stack = this_thread_stack();
    BOOST_TEST(stack.stats().upstream_calls == 0U);
    BOOST_TEST(stack.upstream_resource() == default_upstream());
    BOOST_TEST(stack.name() == "this thread's stack");
  });
}

BOOST_AUTO_TEST_CASE(a_function_and_those_it_calls_find_the_same_stack) {
  in_thread([] {
    stack_scope scope;
    auto const mine = scope.ones<float>(100);
    auto const theirs = take_directly();
    BOOST_TEST((theirs.data() >= mine.data() + 100 || theirs.data() + 100 <= mine.data()));
    std::size_t const taken = in_use();
    BOOST_TEST(taken >= 200 * sizeof(float));  // nothing fell back at the callee's return
    BOOST_TEST(step(100, 2) == 200.0);
    BOOST_TEST(in_use() == taken);
    BOOST_TEST(mine[99] + theirs[99] == 2.0F);
  });
}

BOOST_AUTO_TEST_CASE(steps_called_in_turn_use_the_same_bytes) {
  in_thread([] {
    step(1000, 1);
    auto const after_one = this_thread_stack().stats();
    BOOST_TEST(after_one.bytes_peak >= 1000 * sizeof(double));
    for (std::size_t const n : {1000U, 700U, 900U, 1000U}) step(n, 1);
    BOOST_TEST((this_thread_stack().stats() == after_one));
  });
}

BOOST_AUTO_TEST_CASE(each_thread_has_a_stack_of_its_own) {
  constexpr std::size_t thread_count = 8;
  std::vector<typed_stack_resource*> stacks(thread_count);
  std::vector<double> sums(thread_count);
  std::latch all_there{thread_count};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      stacks[t] = &this_thread_stack();
      all_there.arrive_and_wait();  // all live at once
      stack_scope scope;
      auto const kept = scope.acquire<double>(100);
      for (double& each : kept) each = static_cast<double>(t);
      for (int i = 0; i < 100; ++i) step(200, -1);
      for (double const each : kept) sums[t] += each;
      if (&scope.pool() != stacks[t]) sums[t] = -1;
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t t = 0; t < thread_count; ++t) {
    BOOST_TEST(sums[t] == 100.0 * static_cast<double>(t));
    for (std::size_t u = 0; u < t; ++u) BOOST_TEST(stacks[t] != stacks[u]);
  }
}

// The hazard: the address of a thread's variable, once found, is used on the next thread, too.
BOOST_AUTO_TEST_CASE(what_goes_on_in_another_thread_finds_the_stack_of_that_thread) {
  std::vector<typed_stack_resource*> found;
  std::vector<typed_stack_resource*> own;
  test::wanderer task{[&](test::wanderer& self) {
    found.push_back(&this_thread_stack());
    self.suspend();
    found.push_back(&this_thread_stack());
    self.suspend();
    found.push_back(&this_thread_stack());
  }};
  auto const resume_here = [&] {
    own.push_back(&this_thread_stack());
    task.resume();
  };
  resume_here();
  in_thread([&] {
    resume_here();
    in_thread(resume_here);
  });
  BOOST_TEST(found == own, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(options_are_those_of_stacks_made_from_now_on) {
  std::string name = "of a worker";
  in_thread([&] {
    static_cast<void>(this_thread_stack());
    thread_stack_options const options{{.name = name}};
    name = "overwritten";  // the name was copied
    BOOST_TEST(this_thread_stack().name() == "this thread's stack");
    in_thread([] { BOOST_TEST(this_thread_stack().name() == "of a worker"); });
    name = "of a worker";
  });
  in_thread([] { BOOST_TEST(this_thread_stack().name() == "this thread's stack"); });
}

BOOST_AUTO_TEST_CASE(a_limit_holds_for_each_stack) {
  thread_stack_options const options{{.name = "small", .limit_bytes = 20'000}};
  for (int i = 0; i < 2; ++i) {
    in_thread([] {
      stack_scope scope;
      BOOST_TEST(scope.zeros<double>(100).size() == 100U);
      BOOST_CHECK_EXCEPTION(
          static_cast<void>(scope.acquire<double>(10'000)), resource_exhausted,
          [](resource_exhausted const& thrown) { return thrown.resource == "small"; });
      BOOST_TEST(scope.zeros<double>(100).size() == 100U);
    });
  }
}

BOOST_AUTO_TEST_CASE(a_scope_can_be_made_a_rule) {
  thread_stack_options const options{{.name = "strict", .require_scope = true}};
  in_thread([] {
    misuse_recorder recorder;
    BOOST_CHECK_THROW(static_cast<void>(take_directly()), std::bad_alloc);
    BOOST_TEST(recorder.count(misuse_kind::no_scope) == 1U);
    BOOST_TEST((recorder.seen.at(0).resource == "strict"));
    {
      stack_scope scope;
      BOOST_TEST(take_directly().size() == 100U);
    }
    BOOST_CHECK_THROW(static_cast<void>(take_directly()), std::bad_alloc);
    BOOST_TEST(recorder.seen.size() == 2U);
    BOOST_TEST(in_use() == 0U);
  });
}

BOOST_AUTO_TEST_CASE(a_stack_that_is_not_pooled_keeps_nothing) {
  thread_stack_options const options{{.name = "plain", .pooled = false}};
  in_thread([] {
    for (int i = 0; i < 3; ++i) {
      BOOST_TEST(step(1000, 1) == 1000.0);
      BOOST_TEST(this_thread_stack().stats().chunk_count == 0U);
    }
    BOOST_TEST(this_thread_stack().stats().upstream_calls == 3U);
  });
}

BOOST_AUTO_TEST_CASE(a_request_reaches_the_stacks_of_all_threads) {
  constexpr std::ptrdiff_t thread_count = 4;
  std::latch all_full{thread_count};
  std::latch requested{1};
  std::vector<std::size_t> kept(thread_count);
  std::vector<std::size_t> before(thread_count);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < static_cast<std::size_t>(thread_count); ++t) {
    threads.emplace_back([&, t] {
      typed_stack_resource& stack = this_thread_stack();
      step(10, 1);  // the first chunk stays, so it is a small one
      {  // what was needed since the last request stays, so there is one to end that time
        stack.request_trim();
        stack_scope scope;
        static_cast<void>(scope.acquire<double>(20'000));
      }
      before[t] = stack.stats().bytes_reserved;
      stack.request_trim();
      step(10, 1);
      all_full.count_down();
      requested.wait();
      step(10, 1);
      kept[t] = stack.stats().bytes_reserved;
    });
  }
  all_full.wait();
  request_trim_of_thread_stacks();
  requested.count_down();
  for (auto& thread : threads) thread.join();
  for (std::size_t t = 0; t < kept.size(); ++t) {
    BOOST_TEST(before[t] >= 20'000 * sizeof(double));
    BOOST_TEST(kept[t] < 20'000 * sizeof(double));
  }
}

// Threads come and go meanwhile. What they compute is theirs.
BOOST_AUTO_TEST_CASE(requests_meet_threads_at_work) {
  constexpr int rounds = 40;
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::thread maintenance{[&] {
    while (!done.load(std::memory_order_relaxed)) {
      request_trim_of_thread_stacks();
      std::this_thread::yield();
    }
  }};
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::thread> workers;
    for (std::size_t t = 0; t < 3; ++t) {
      workers.emplace_back([&, t] {
        for (std::size_t i = 0; i < 50; ++i) {
          stack_scope scope;
          auto const outer = scope.acquire<std::size_t>(10 + i);
          for (std::size_t& each : outer) each = t;
          std::size_t const big = i % 11 == 0 ? 20'000U : 30U;
          if (step(big, 1) != static_cast<double>(big)) ++wrong;
          for (std::size_t const each : outer) wrong += each != t;
        }
      });
    }
    for (auto& worker : workers) worker.join();
  }
  done = true;
  maintenance.join();
  BOOST_TEST(wrong == 0);
}
