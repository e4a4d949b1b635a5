// SPDX-License-Identifier: BSL-1.0

// Requests to trim, served by the owner: what was not needed goes, and no result changes.

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <random>
#include <span>
#include <thread>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "support/stack_frames.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::dual;
using test::in_lanes;

namespace {

struct watched_stack {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes(), &upstream};

  // A request, and what serves it.
  void serve() {
    stack.request_trim();
    memory_scope scope{stack};
  }
  std::size_t reserved() const { return stack.stats().bytes_reserved; }
  // Takes that many doubles, a thousand at most at a time.
  void use(std::size_t count) {
    memory_scope scope{stack};
    for (std::size_t n = 0; count != 0; count -= n) {
      n = std::min<std::size_t>(count, 1000);
      static_cast<void>(scope.acquire<double>(n));
    }
  }
};

// 4000 steps of 1 to 5 arrays each, every 11th one with a large one, some within a nested scope.
std::vector<double> results_of_steps(typed_stack_resource& stack, int steps) {
  std::vector<double> results;
  std::mt19937 random{20260101};
  for (int step = 0; step < steps; ++step) {
    memory_scope scope{stack};
    double sum = 0;
    std::size_t const width = 1 + random() % 5;
    for (std::size_t k = 0; k < width; ++k) {
      auto const a = scope.ones(1 + random() % 2000);
      for (std::size_t i = 0; i < a.size(); ++i) a[i] = a[i] / static_cast<double>(i + width);
      memory_scope inner{stack};
      auto const b = inner.similar<float>(a);
      std::ranges::copy(a, b.begin());
      std::pmr::vector<double> partial{inner};
      for (float const each : b) partial.push_back(static_cast<double>(each) * 0.1);
      sum += partial.back() + static_cast<double>(b[b.size() / 2]);
    }
    if (step % 11 == 0) {
      auto const large = scope.zeros(200'000);
      for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = sum / 3;
      sum += large[199'000];
    }
    results.push_back(sum);
  }
  return results;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_request_alone_changes_nothing, watched_stack) {
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(50'000));
  }
  resource_stats const before = stack.stats();
  stack.request_trim();
  BOOST_TEST((stack.stats() == before));
}

BOOST_FIXTURE_TEST_CASE(it_is_served_when_the_next_outermost_checkpoint_opens, watched_stack) {
  use(30'000);
  serve();  // what was needed since the beginning stays
  std::size_t const before = reserved();
  BOOST_TEST(before >= 240'000U);
  {
    memory_scope outer{stack};
    static_cast<void>(outer.acquire<double>(10));
    stack.request_trim();
    memory_scope inner{stack};  // not the outermost
    BOOST_TEST(reserved() == before);
  }
  BOOST_TEST(reserved() == before);
  memory_scope next{stack};
  BOOST_TEST(reserved() < 20'000U);
}

BOOST_FIXTURE_TEST_CASE(what_was_needed_since_the_last_service_stays, watched_stack) {
  std::size_t former = SIZE_MAX;
  for (std::size_t const count : {40'000U, 10'000U, 2000U}) {
    use(count);
    serve();
    BOOST_TEST(reserved() >= count * 8);
    BOOST_TEST(reserved() < former);
    former = reserved();
    use(count);
    serve();
    BOOST_TEST(reserved() == former);
  }
  BOOST_TEST(former < 64'000U);
}

BOOST_FIXTURE_TEST_CASE(what_is_in_use_stays, watched_stack) {
  auto const kept = stack.ones(30'000);
  serve();
  serve();
  serve();
  BOOST_TEST(std::ranges::count(kept, 1.0) == 30'000);
  BOOST_TEST(stack.stats().bytes_in_use == 240'000U);
}

BOOST_FIXTURE_TEST_CASE(blocks_and_large_arrays_are_trimmed_as_well, watched_stack) {
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(1'000'000));
    for (int i = 0; i < 100; ++i) static_cast<void>(scope.allocate(10'000));
  }
  serve();
  BOOST_TEST(reserved() >= 9'000'000U);
  {
    memory_scope scope{stack};
    static_cast<void>(scope.allocate(100));
  }
  serve();
  BOOST_TEST(reserved() < 20'000U);
}

// Whatever the chunks waste at their ends, a history that is repeated keeps all of them.
BOOST_AUTO_TEST_CASE(a_repeated_history_is_steady_under_services) {
  auto const check = [](std::function<void(typed_stack_resource&)> const& history) {
    watched_stack w;
    for (int i = 0; i < 2; ++i) {
      history(w.stack);
      w.serve();
    }
    std::size_t const calls = w.upstream.calls();
    for (int i = 0; i < 4; ++i) {
      history(w.stack);
      w.serve();
    }
    BOOST_TEST(w.upstream.calls() == calls);
  };
  check([](typed_stack_resource& stack) {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<char>(100));  // most of the first chunk is wasted,
    static_cast<void>(scope.acquire<char>(5000));
    static_cast<void>(scope.acquire<char>(5000));  // and of the second
  });
  check([](typed_stack_resource& stack) {
    memory_scope scope{stack};
    static_cast<void>(scope.allocate(100));
    static_cast<void>(scope.allocate(5000));
    static_cast<void>(scope.allocate(5000));
  });
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      check([seed](typed_stack_resource& stack) {
        model::command_source source{seed};
        memory_scope scope{stack};  // or what is kept would add up
        for (int i = 0; i < 4; ++i) test::random_frame(stack, source, 2);
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(results_do_not_change_however_often_trims_are_requested) {
  constexpr int steps = 4000;
  typed_stack_resource quiet{in_lanes()};
  std::vector<double> const expected = results_of_steps(quiet, steps);

  typed_stack_resource busy{in_lanes()};
  std::atomic<bool> done{false};
  std::thread asking{[&] {
    while (!done.load(std::memory_order_relaxed)) busy.request_trim();
  }};
  std::vector<double> const results = results_of_steps(busy, steps);
  done.store(true, std::memory_order_relaxed);
  asking.join();
  BOOST_TEST((results == expected));
  BOOST_TEST(busy.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(results_do_not_change_with_a_service_before_each_step) {
  typed_stack_resource quiet{in_lanes()};
  for (check_level const level : {check_level::off, check_level::on}) {
    typed_stack_resource busy{{.check = level}};
    busy.request_trim();
    for (int round = 0; round < 20; ++round) {
      auto const results = results_of_steps(busy, 12);
      BOOST_TEST((results == results_of_steps(quiet, 12)));
      busy.request_trim();
    }
    BOOST_TEST(busy.stats().bytes_in_use == 0U);
  }
}
