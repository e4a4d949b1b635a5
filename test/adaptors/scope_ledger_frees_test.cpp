// SPDX-License-Identifier: BSL-1.0

// Whose a block is that the bare adaptor frees: the books of all checkpoints stay exact.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <tidemark/adaptors/scope_ledger.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

#include "support/book_adaptor.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using support::all_pools;
using support::block_pools;
using support::book;
using support::book_adaptor;
using support::frames_and_stacks;
using support::holds;

// Once the innermost checkpoint paid for it, and the outer one paid again when it was rewound.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_block_of_an_outer_checkpoint_is_given_back_there, Pool,
                              frames_and_stacks) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  void* const outer = adaptor.allocate(10);
  marker const mark = adaptor.checkpoint();
  (void)adaptor.allocate(10);
  (void)adaptor.allocate(10);
  adaptor.deallocate(outer, 10);
  BOOST_TEST(holds(b, 20, 2));
  adaptor.rewind(mark);
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(so_is_one_with_a_chunk_of_its_own, Pool, frames_and_stacks) {
  constexpr std::size_t large = 3'000'000;
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  void* const outer = adaptor.allocate(large);
  marker const first = adaptor.checkpoint();
  void* const middle = adaptor.allocate(large);
  marker const second = adaptor.checkpoint();
  (void)adaptor.allocate(large);
  adaptor.deallocate(outer, large);
  adaptor.deallocate(middle, large);
  BOOST_TEST(holds(b, large, 1));
  adaptor.rewind(second);
  BOOST_TEST(holds(b, 0, 0));
  adaptor.rewind(first);
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(so_is_one_in_an_earlier_chunk, Pool, frames_and_stacks) {
  Pool pool{256};
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  std::vector<void*> blocks;
  std::vector<marker> marks;
  for (int depth = 0; depth < 4; ++depth) {
    for (int i = 0; i < 100; ++i) blocks.push_back(adaptor.allocate(100));
    marks.push_back(adaptor.checkpoint());
  }
  (void)adaptor.allocate(100);
  for (std::size_t i = 0; i < blocks.size(); i += 2) adaptor.deallocate(blocks[i], 100);
  BOOST_TEST(holds(b, 201 * 100, 201));
  for (std::size_t depth = 4; depth-- > 0;) {
    adaptor.rewind(marks[depth]);
    BOOST_TEST(holds(b, (depth + 1) * 5000, (depth + 1) * 50));
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_scopes_block_freed_by_the_bare_pool_is_not_refunded_again, Pool,
                              block_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  void* const lasting = adaptor.allocate(24);
  {
    memory_scope scope{adaptor};
    void* const block = scope.allocate(24);
    (void)scope.allocate(24);
    adaptor.deallocate(block, 24);
    BOOST_TEST(holds(b, 48, 2));
  }
  BOOST_TEST(holds(b, 24, 1));
  adaptor.deallocate(lasting, 24);
  BOOST_TEST(holds(b, 0, 0));
  BOOST_TEST(b.late_frees == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nor_is_a_large_one, Pool, block_pools) {
  constexpr std::size_t large = 1'000'000;
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  (void)adaptor.allocate(24);
  void* const lasting = adaptor.allocate(large);
  {
    memory_scope scope{adaptor};
    void* const block = scope.allocate(large);
    adaptor.deallocate(block, large);
    BOOST_TEST(holds(b, large + 24, 2));
  }
  BOOST_TEST(holds(b, large + 24, 2));
  adaptor.deallocate(lasting, large);
  BOOST_TEST(holds(b, 24, 1));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(blocks_above_a_checkpoint_of_the_pool_are_the_adaptors_below, Pool,
                              frames_and_stacks) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const mine = adaptor.checkpoint();
  (void)pool.checkpoint();  // the adaptor does not know of it
  void* const block = adaptor.allocate(10);
  marker const top = adaptor.checkpoint();
  (void)adaptor.allocate(10);
  adaptor.deallocate(block, 10);
  adaptor.rewind(top);
  BOOST_TEST(holds(b, 0, 0));
  adaptor.rewind(mine);
  BOOST_TEST(holds(b, 0, 0));
}

// Once it was noticed only when the adaptor opened or closed a checkpoint itself.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_checkpoint_closed_and_opened_behind_its_back_is_another, Pool,
                              frames_and_stacks) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const mine = adaptor.checkpoint();
  (void)adaptor.allocate(100);
  pool.rewind(mine);
  (void)pool.checkpoint();
  (void)adaptor.allocate(10);
  BOOST_TEST(holds(b, 10, 1));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_free_of_what_was_rewound_changes_no_charge, Pool,
                              frames_and_stacks) {
  testing::misuse_recorder recorder;  // at level 1
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const outer = adaptor.checkpoint();
  (void)adaptor.allocate(10);
  marker const mark = adaptor.checkpoint();
  void* const block = adaptor.allocate(10);
  adaptor.rewind(mark);
  adaptor.deallocate(block, 10);
  BOOST_TEST(holds(b, 10, 1));
  BOOST_TEST(b.late_frees == 1U);
  adaptor.rewind(outer);
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_adaptor_on_an_adaptor_is_as_exact, Pool, frames_and_stacks) {
  Pool pool;
  book inner_book;
  book outer_book;
  book_adaptor<Pool> inner{&pool, inner_book};
  book_adaptor<book_adaptor<Pool>> outer{&inner, outer_book};
  void* const block = outer.allocate(10);
  marker const mark = outer.checkpoint();
  (void)outer.allocate(10);
  outer.deallocate(block, 10);
  outer.rewind(mark);
  BOOST_TEST(holds(outer_book, 0, 0));
  BOOST_TEST(holds(inner_book, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(at_any_depth_and_in_any_order_the_book_is_exact, Pool, all_pools) {
  struct live_block {
    void* address;
    std::size_t bytes;
    std::size_t depth;
  };
  std::mt19937 random{20261121};
  auto const below = [&](std::size_t end) { return random() % end; };
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  bool const bare_is_unscoped = adaptor.unscoped() == &adaptor;
  std::vector<marker> marks;
  std::vector<live_block> live;
  std::size_t bytes_held = 0;
  for (int step = 0; step < 20'000; ++step) {
    std::size_t const choice = below(100);
    if (choice < 50) {
      std::size_t const depth = bare_is_unscoped ? below(marks.size() + 1) : marks.size();
      std::size_t const bytes = below(20) == 0 ? 5000 : 1 + below(200);
      auto& from = bare_is_unscoped && depth != 0
                       ? *adaptor.resource_of(marks[depth - 1])
                       : static_cast<std::pmr::memory_resource&>(adaptor);
      live.push_back({from.allocate(bytes), bytes, depth});
      bytes_held += bytes;
    } else if (choice < 85 && !live.empty()) {
      std::swap(live[below(live.size())], live.back());
      adaptor.deallocate(live.back().address, live.back().bytes);
      bytes_held -= live.back().bytes;
      live.pop_back();
    } else if (choice < 92 && marks.size() < 8) {
      marks.push_back(adaptor.checkpoint());
    } else if (choice >= 92 && !marks.empty()) {
      bool const kept = choice < 95;
      std::size_t const depth = marks.size() - below(std::min<std::size_t>(marks.size(), 2));
      kept ? adaptor.keep(marks[depth - 1]) : adaptor.rewind(marks[depth - 1]);
      marks.resize(depth - 1);
      for (auto& block : live) {
        if (block.depth >= depth) (kept ? block.depth = depth - 1 : bytes_held -= block.bytes);
      }
      if (!kept) std::erase_if(live, [=](auto const& block) { return block.depth >= depth; });
    }
    if (!holds(b, bytes_held, live.size())) BOOST_FAIL("step " << step);
  }
  BOOST_TEST(b.late_frees == 0U);
}
