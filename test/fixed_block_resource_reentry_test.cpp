// SPDX-License-Identifier: BSL-1.0

// Upstream may use the pool that asks it, whatever it is asked for or given.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory_resource>
#include <new>
#include <vector>

#include "support/block_pools.hpp"
#include "support/level1.hpp"

using namespace tidemark;
using test::block_scope;

namespace {

constexpr std::size_t block_bytes = 208;

// In the middle of a call upstream takes blocks, frees some, and opens and closes checkpoints.
struct asked_pool {
  level1::inviting_upstream upstream;
  fixed_block_resource pool;
  std::vector<char*> theirs;

  explicit asked_pool(fixed_block_options const& options) : pool(options, &upstream) {}

  void invite(int calls_before) {
    upstream.during = [this, calls_before] {
      if (calls_before != 0) return invite(calls_before - 1);
      use();
    };
  }
  void use() {
    for (int i = 0; i < 7; ++i) {
      theirs.push_back(static_cast<char*>(pool.allocate(block_bytes)));
      std::memset(theirs.back(), 't', block_bytes);
    }
    void* const larger = pool.allocate(3000);
    pool.deallocate(theirs.back(), block_bytes);
    theirs.pop_back();
    block_scope scope{pool};
    for (int i = 0; i < 300; ++i) static_cast<void>(scope.allocate(block_bytes));
    static_cast<void>(scope.allocate(2000));
    for (int d = 0; d < 9; ++d) static_cast<void>(pool.checkpoint());
    pool.deallocate(larger, 3000);
    scope.reset();
  }
  void check_theirs() const {
    for (char const* const block : theirs) {
      BOOST_REQUIRE(std::all_of(block, block + block_bytes, [](char c) { return c == 't'; }));
    }
  }
};

// Runs `f` with upstream coming back at each of its calls.
void check_all_calls(std::function<void(fixed_block_resource&, block_scope&)> const& f) {
  int most = 0;
  for (check_level const level : {check_level::off, check_level::on}) {
    for (int call = 0; call < 20; ++call) {
      asked_pool p{{.block_bytes = block_bytes, .max_slab_bytes = 2048, .check = level}};
      auto* const outside = static_cast<char*>(p.pool.allocate(block_bytes));
      std::memset(outside, 'o', block_bytes);
      {
        block_scope scope{p.pool};
        p.invite(call);
        f(p.pool, scope);
        p.upstream.during = nullptr;
        if (!p.theirs.empty()) most = std::max(most, call + 1);
        BOOST_TEST(p.pool.depth() == 1U);
        p.check_theirs();
        std::memset(scope.allocate(block_bytes), 's', block_bytes);
        p.check_theirs();
      }
      BOOST_TEST(outside[block_bytes - 1] == 'o');
      BOOST_TEST(p.pool.stats().bytes_in_use == (p.theirs.size() + 1) * block_bytes);
    }
  }
  BOOST_TEST(most > 0);  // upstream was asked, and came back
}

}  // namespace

BOOST_AUTO_TEST_CASE(asked_for_slabs) {
  check_all_calls([](fixed_block_resource& pool, block_scope&) {
    std::vector<void*> blocks;
    for (int i = 0; i < 60; ++i) blocks.push_back(pool.allocate(block_bytes));
    for (void* const block : blocks) std::memset(block, 'b', block_bytes);
    for (void* const block : blocks) pool.deallocate(block, block_bytes);
  });
}

BOOST_AUTO_TEST_CASE(asked_for_slabs_and_room_in_the_log) {
  check_all_calls([](fixed_block_resource&, block_scope& scope) {
    for (int i = 0; i < 1200; ++i) std::memset(scope.allocate(block_bytes), 's', block_bytes);
  });
}

BOOST_AUTO_TEST_CASE(asked_for_larger_blocks_and_given_idle_ones) {
  check_all_calls([](fixed_block_resource& pool, block_scope& scope) {
    for (std::size_t bytes = 1000; bytes < 1010; ++bytes) {
      std::memset(scope.allocate(bytes), 's', bytes);
      block_scope inner{pool};
      std::memset(inner.allocate(bytes + 5000), 'i', bytes);
    }
  });
}

BOOST_AUTO_TEST_CASE(asked_for_the_bookkeeping_of_checkpoints) {
  check_all_calls([](fixed_block_resource& pool, block_scope&) {
    marker const first = pool.checkpoint();
    for (int d = 0; d < 60; ++d) {
      static_cast<void>(pool.resource_of(pool.checkpoint())->allocate(block_bytes));
    }
    pool.rewind(first);
  });
}

BOOST_AUTO_TEST_CASE(given_what_trim_returns) {
  check_all_calls([](fixed_block_resource& pool, block_scope& scope) {
    for (int i = 0; i < 100; ++i) static_cast<void>(scope.allocate(block_bytes));
    for (std::size_t bytes = 1000; bytes < 1005; ++bytes) {
      static_cast<void>(scope.allocate(bytes));
    }
    scope.reset();
    BOOST_TEST(pool.trim() < 1'000'000U);
  });
}

BOOST_AUTO_TEST_CASE(given_a_larger_block_that_is_freed) {
  check_all_calls([](fixed_block_resource& pool, block_scope& scope) {
    pool.deallocate(pool.allocate(5000), 5000);
    scope.deallocate(scope.allocate(6000), 6000);
  });
}

// What release gives back is not the pool's any more, so whatever upstream takes meanwhile stays.
BOOST_AUTO_TEST_CASE(given_everything) {
  for (int call = 0; call < 12; ++call) {
    asked_pool p{test::unchecked_blocks(block_bytes)};
    for (int i = 0; i < 1000; ++i) static_cast<void>(p.pool.allocate(block_bytes));
    for (std::size_t bytes = 1000; bytes < 1005; ++bytes) {
      static_cast<void>(p.pool.allocate(bytes));
    }
    p.invite(call);
    p.pool.release();
    p.upstream.during = nullptr;
    p.check_theirs();
    BOOST_TEST(p.pool.stats().bytes_in_use == p.theirs.size() * block_bytes);
  }
}

// The block would have been held by nobody, or by whoever opened a checkpoint at that depth since.
BOOST_AUTO_TEST_CASE(asked_by_a_checkpoint_that_upstream_then_closes) {
  for (check_level const level : {check_level::off, check_level::on}) {
    for (std::size_t const bytes : {std::size_t{100}, 3 * block_bytes}) {
      testing::misuse_recorder bugs;
      asked_pool p{{.block_bytes = block_bytes, .check = level}};
      marker const mark = p.pool.checkpoint({"tides.cpp", 10});
      std::pmr::memory_resource* const scope = p.pool.resource_of(mark);
      p.upstream.during = [&] {
        p.pool.rewind(mark);
        static_cast<void>(p.pool.checkpoint());
      };
      BOOST_CHECK_THROW(static_cast<void>(scope->allocate(bytes)), std::bad_alloc);
      BOOST_TEST(bugs.seen.size() == 1U);
      BOOST_TEST(bugs.count(misuse_kind::scope_closed) == 1U);
      BOOST_TEST(p.pool.depth() == 1U);
      BOOST_TEST(p.pool.stats().bytes_in_use == 0U);
    }
  }
}
