// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <new>
#include <optional>
#include <tidemark/adaptors/scope_ledger.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/scratch_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>

#include "support/book_adaptor.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using support::all_pools;
using support::block_pools;
using support::book;
using support::book_adaptor;
using support::frames_and_stacks;
using support::holds;

BOOST_AUTO_TEST_CASE_TEMPLATE(a_rewind_refunds_what_its_checkpoint_holds, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const outer = adaptor.checkpoint();
  (void)adaptor.resource_of(outer)->allocate(100);
  marker const inner = adaptor.checkpoint();
  (void)adaptor.resource_of(inner)->allocate(20);
  (void)adaptor.resource_of(inner)->allocate(3);
  BOOST_TEST(holds(b, 123, 3));
  adaptor.rewind(inner);
  BOOST_TEST(holds(b, 100, 1));
  adaptor.rewind(outer);
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_rewind_from_below_refunds_all_above_it, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const outer = adaptor.checkpoint();
  for (int i = 0; i < 5; ++i) (void)adaptor.resource_of(adaptor.checkpoint())->allocate(8);
  BOOST_TEST(holds(b, 40, 5));
  adaptor.rewind(outer);
  BOOST_TEST(holds(b, 0, 0));
  BOOST_TEST(pool.depth() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keep_adds_to_the_encloser, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const outer = adaptor.checkpoint();
  marker const inner = adaptor.checkpoint();
  (void)adaptor.resource_of(inner)->allocate(64);
  adaptor.keep(inner);
  BOOST_TEST(holds(b, 64, 1));
  adaptor.rewind(outer);
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_outermost_keeps_is_charged_until_the_end, Pool, all_pools) {
  Pool pool;
  book b;
  {
    book_adaptor<Pool> adaptor{&pool, b};
    marker const outer = adaptor.checkpoint();
    marker const inner = adaptor.checkpoint();
    (void)adaptor.resource_of(inner)->allocate(64);
    adaptor.keep(outer);  // and the one above it
    BOOST_TEST(holds(b, 64, 1));
  }
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_kept_resource_means_the_encloser, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const outer = adaptor.checkpoint();
  marker const middle = adaptor.checkpoint();
  marker const inner = adaptor.checkpoint();
  auto* const kept = adaptor.resource_of(inner);
  void* const block = kept->allocate(16);
  adaptor.keep(inner);
  adaptor.keep(middle);
  marker const next = adaptor.checkpoint();
  BOOST_TEST(adaptor.resource_of(next) != kept);
  (void)kept->allocate(32);
  BOOST_TEST(holds(b, 48, 2));
  adaptor.rewind(next);
  BOOST_TEST(holds(b, 48, 2));
  kept->deallocate(block, 16);
  BOOST_TEST(holds(b, 32, 1));
  adaptor.rewind(outer);
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_resource_of_a_checkpoint_stays_the_same, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const first = adaptor.checkpoint();
  auto* const resource = adaptor.resource_of(first);
  for (int i = 0; i < 8; ++i) (void)adaptor.checkpoint();
  BOOST_TEST(adaptor.resource_of(first) == resource);
  adaptor.rewind(first);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_scope_with_all_its_verbs_is_followed, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  {
    memory_scope outer{adaptor};
    void* const block = outer.allocate(10);
    {
      memory_scope inner = outer.nested();
      (void)inner.allocate(100);
      outer.deallocate(block, 10);
      (void)outer.allocate(1000);
      BOOST_TEST(holds(b, 1100, 2));
      inner.reset();
      BOOST_TEST(holds(b, 1000, 1));
      (void)inner.allocate(7);
      inner.keep();
      BOOST_TEST(inner.is_open());
    }
    BOOST_TEST(holds(b, 1007, 2));
    outer.reset();
    BOOST_TEST(holds(b, 0, 0));
    (void)outer.allocate(5);
  }
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reset_that_is_refused_refunds_nothing, Pool, all_pools) {
  testing::misuse_recorder recorder;
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  memory_scope outer{adaptor};
  (void)outer.allocate(10);
  {
    memory_scope inner{pool};  // of the pool: the adaptor does not know of it
    outer.reset();
    BOOST_TEST(holds(b, 10, 1));
  }
  {
    memory_scope inner{adaptor};
    outer.reset();
    BOOST_TEST(holds(b, 10, 1));
  }
  BOOST_TEST(recorder.count(misuse_kind::out_of_order) == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pool_known_by_its_base_is_followed, Pool, all_pools) {
  Pool pool;
  book b;
  rewindable_resource* const known = &pool;
  book_adaptor<rewindable_resource> adaptor{known, b};
  {
    memory_scope scope{adaptor};
    (void)scope.allocate(10);
    (void)adaptor.allocate(5);
    scope.reset();
    (void)scope.allocate(20);
  }
  bool const is_unscoped = adaptor.unscoped() == &adaptor;
  BOOST_TEST(holds(b, is_unscoped ? 5 : 0, is_unscoped ? 1 : 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_bare_adaptor_of_a_frame_charges_the_innermost, Pool,
                              frames_and_stacks) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  (void)adaptor.allocate(1);
  marker const mark = adaptor.checkpoint();
  (void)adaptor.allocate(10);
  (void)adaptor.unscoped()->allocate(100);
  adaptor.rewind(mark);
  BOOST_TEST(holds(b, 101, 2));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_bare_adaptor_of_a_block_pool_charges_no_checkpoint, Pool,
                              block_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  BOOST_TEST(adaptor.unscoped() == &adaptor);
  marker const mark = adaptor.checkpoint();
  (void)adaptor.allocate(10);
  adaptor.rewind(mark);
  BOOST_TEST(holds(b, 10, 1));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pool_rewound_behind_its_back_is_noticed, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const below = pool.checkpoint();
  marker const mark = adaptor.checkpoint();
  (void)adaptor.resource_of(mark)->allocate(10);
  pool.rewind(below);
  marker const next = adaptor.checkpoint();
  BOOST_TEST(holds(b, 0, 0));
  (void)adaptor.resource_of(next)->allocate(20);
  BOOST_TEST(holds(b, 20, 1));
  adaptor.rewind(next);
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reset_pool_is_noticed_by_the_end_of_a_scope, Pool, all_pools) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  {
    memory_scope scope{adaptor};
    (void)scope.allocate(10);
    pool.reset();
    BOOST_TEST(!scope.is_open());
  }
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_end_refunds_though_the_pool_was_rewound, Pool, all_pools) {
  Pool pool;
  book b;
  {
    book_adaptor<Pool> adaptor{&pool, b};
    (void)adaptor.allocate(1);
    (void)adaptor.resource_of(adaptor.checkpoint())->allocate(10);
    (void)adaptor.resource_of(adaptor.checkpoint())->allocate(100);
    pool.release();
    BOOST_TEST(holds(b, 111, 3));
  }
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(after_a_rewind_behind_its_back_the_bare_adaptor_is_right, Pool,
                              frames_and_stacks) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const below = pool.checkpoint();
  (void)adaptor.checkpoint();
  (void)adaptor.allocate(10);
  pool.rewind(below);
  (void)adaptor.allocate(20);
  BOOST_TEST(holds(b, 20, 1));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_free_of_an_outer_block_through_the_bare_adaptor_counts_once, Pool,
                              frames_and_stacks) {
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  void* const outer = adaptor.allocate(100);
  marker const mark = adaptor.checkpoint();
  (void)adaptor.allocate(10);
  adaptor.deallocate(outer, 100);  // more than the innermost checkpoint has
  BOOST_TEST(holds(b, 10, 1));
  adaptor.rewind(mark);
  BOOST_TEST(holds(b, 0, 0));
  BOOST_TEST(b.late_frees == 0U);
}

BOOST_AUTO_TEST_CASE(a_late_free_changes_no_charge) {
  frame_resource pool{unchecked()};
  book b;
  book_adaptor<frame_resource> adaptor{&pool, b};
  marker const mark = adaptor.checkpoint();
  void* const block = adaptor.allocate(10);
  adaptor.rewind(mark);
  adaptor.deallocate(block, 10);
  BOOST_TEST(holds(b, 0, 0));
  BOOST_TEST(b.late_frees == 1U);
  BOOST_TEST(b.frees == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_stale_marker_is_reported_and_changes_nothing, Pool, all_pools) {
  testing::misuse_recorder recorder;
  Pool pool;
  book b;
  book_adaptor<Pool> adaptor{&pool, b};
  marker const open = adaptor.checkpoint();
  (void)adaptor.resource_of(open)->allocate(10);
  marker const stale = adaptor.checkpoint();
  adaptor.rewind(stale);
  adaptor.rewind(stale);
  adaptor.keep(stale);
  adaptor.rewind(marker{});
  BOOST_TEST(adaptor.resource_of(stale) == std::pmr::null_memory_resource());
  BOOST_TEST(recorder.count(misuse_kind::stale_marker) == 4U);
  BOOST_TEST(holds(b, 10, 1));
  adaptor.rewind(open);
}

BOOST_AUTO_TEST_CASE(a_scope_destroyed_early_is_refunded_or_kept_with_the_one_above) {
  for (bool const kept : {false, true}) {
    testing::misuse_recorder recorder;
    frame_resource pool;
    book b;
    book_adaptor<frame_resource> adaptor{&pool, b};
    memory_scope outermost{adaptor};
    std::optional<memory_scope<book_adaptor<frame_resource>>> lower{std::in_place, adaptor};
    (void)lower->allocate(10);
    std::optional<memory_scope<book_adaptor<frame_resource>>> upper{std::in_place, adaptor};
    (void)upper->allocate(100);
    if (kept) lower->keep();
    lower.reset();
    BOOST_TEST(recorder.count(misuse_kind::out_of_order) == 1U);
    BOOST_TEST(holds(b, 110, 2));
    upper.reset();
    BOOST_TEST(holds(b, kept ? 10 : 0, kept ? 1 : 0));
  }
}

BOOST_AUTO_TEST_CASE(a_scratch_scope_marks_the_adaptor) {
  fixed_block_resource pool;
  book b;
  book_adaptor<fixed_block_resource> adaptor{&pool, b};
  memory_scope outer{adaptor};
  {
    scratch_scope scratch{outer.resource()};
    BOOST_TEST(&scratch.pool() == &adaptor);
    (void)scratch.allocate(10);
    BOOST_TEST(holds(b, 10, 1));
  }
  BOOST_TEST(holds(b, 0, 0));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_checkpoint_that_upstream_refuses_changes_nothing, Pool, all_pools) {
  for (std::size_t call = 1;; ++call) {
    testing::checked_upstream upstream;
    Pool pool{&upstream};
    book b;
    book_adaptor<Pool> adaptor{&pool, b};
    upstream.fail_at(call);
    std::uint32_t open = 0;
    std::size_t failures = 0;
    while (open < 40) {
      try {
        (void)adaptor.checkpoint();
        ++open;
      } catch (std::bad_alloc const&) {
        ++failures;
      }
      BOOST_TEST(adaptor.depth() == open);
    }
    if (failures == 0) break;
    BOOST_TEST(failures == 1U);
  }
}
