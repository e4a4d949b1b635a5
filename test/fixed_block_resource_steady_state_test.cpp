// SPDX-License-Identifier: BSL-1.0

// The second of two equal frames asks upstream for nothing.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory_resource>
#include <string>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

#include "support/block_pools.hpp"
#include "support/model_source.hpp"

using namespace tidemark;
using test::block_scope;

namespace {

// Runs `one_frame` again and again, each time from an empty pool.
void check_steady(std::function<void(fixed_block_resource&)> const& one_frame,
                  fixed_block_options const& options = {}) {
  testing::checked_upstream upstream;
  fixed_block_resource pool{options, &upstream};
  one_frame(pool);
  pool.reset();
  std::size_t const calls = upstream.calls();
  BOOST_TEST(calls > 0U);
  for (int i = 0; i < 5; ++i) {
    one_frame(pool);
    pool.reset();
  }
  BOOST_TEST(upstream.calls() == calls);
  BOOST_TEST(pool.stats().upstream_calls == calls);
}

// A frame that only its seed tells from another: scopes, keeps, frees in any order.
void random_frame(fixed_block_resource& pool, model::command_source& source, int depth) {
  block_scope scope{pool};
  std::vector<void*> blocks;
  for (std::uint32_t n = source.below(30); n != 0; --n) {
    switch (source.below(16)) {
      case 0:
        if (depth < 9) random_frame(pool, source, depth + 1);
        break;
      case 1:
      case 2:
      case 3:
        if (blocks.empty()) break;
        pool.deallocate(blocks.back(), 40);
        blocks.pop_back();
        break;
      case 4:
        static_cast<void>(pool.allocate(40));
        break;
      default:
        blocks.push_back(scope.allocate(40));
    }
  }
  if (source.one_in(3)) scope.keep();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_of_containers_is_steady) {
  check_steady(
      [](fixed_block_resource& pool) {
        std::pmr::map<int, int> table{&pool};
        std::pmr::list<std::pmr::string> rows{&pool};
        for (int i = 0; i < 2000; ++i) {
          table[i * 7919 % 2003] = i;
          rows.emplace_back("a row");
          if (i % 3 == 0) rows.pop_front();
          if (i % 5 == 0) table.erase(i * 7919 % 2003);
        }
      },
      {.block_bytes = 80});
}

BOOST_AUTO_TEST_CASE(scopes_with_blocks_are_steady) {
  check_steady([](fixed_block_resource& pool) {
    block_scope outer{pool};
    std::pmr::list<int> numbers{outer};
    for (int i = 0; i < 3000; ++i) {
      block_scope inner{pool};
      std::pmr::list<int> scratch(5U, 1, inner);
      numbers.push_back(i);
    }
  });
}

BOOST_AUTO_TEST_CASE(churn_in_a_scope_that_stays_open_needs_no_more_memory) {
  testing::checked_upstream upstream;
  fixed_block_resource pool{test::unchecked_blocks(64), &upstream};
  block_scope scope{pool};
  std::size_t calls = 0;
  for (int round = 0; round < 100'000; ++round) {
    void* const one = scope.allocate(64);
    void* const two = scope.allocate(64);
    pool.deallocate(one, 64);
    pool.deallocate(two, 64);
    if (round == 1000) calls = upstream.calls();
  }
  BOOST_TEST(upstream.calls() == calls);  // stale entries of the log make room for new ones
}

BOOST_AUTO_TEST_CASE(larger_blocks_of_scopes_are_steady) {
  testing::checked_upstream upstream;
  fixed_block_resource pool{test::unchecked_blocks(64), &upstream};
  std::size_t calls = 0;
  for (int round = 0; round < 10; ++round) {
    block_scope scope{pool};
    for (std::size_t const bytes : {1000U, 5000U, 1000U, 300'000U}) {
      static_cast<void>(scope.allocate(bytes));
    }
    if (round == 0) calls = upstream.calls();
  }
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_AUTO_TEST_CASE(deep_checkpoints_are_steady) {
  check_steady([](fixed_block_resource& pool) {
    for (int i = 0; i < 200; ++i) {
      static_cast<void>(pool.resource_of(pool.checkpoint())->allocate(40));
    }
  });
}

BOOST_AUTO_TEST_CASE(kept_scopes_are_steady) {
  check_steady([](fixed_block_resource& pool) {
    for (int i = 0; i < 60; ++i) {
      block_scope scope{pool};
      static_cast<void>(scope.resource()->allocate(40));
      scope.keep();
    }
  });
}

BOOST_AUTO_TEST_CASE(random_frames_are_steady) {
  for (check_level const level : {check_level::off, check_level::on}) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      check_steady(
          [seed](fixed_block_resource& pool) {
            model::command_source source{seed};
            for (int i = 0; i < 6; ++i) random_frame(pool, source, 0);
          },
          {.block_bytes = 40, .check = level});
    }
  }
}
