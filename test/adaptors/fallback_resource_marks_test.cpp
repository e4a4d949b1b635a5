// SPDX-License-Identifier: BSL-1.0
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/scratch_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

#include "support/narrow_upstream.hpp"
#include "support/toy_pool.hpp"

using namespace tidemark;
using support::large_bytes;
using support::small_bytes;

namespace {

using all_pools = boost::mpl::list<frame_resource, typed_stack_resource, fixed_block_resource,
                                   thread_local_resource>;
using frames_and_stacks = boost::mpl::list<frame_resource, typed_stack_resource>;

// A pool that refuses large blocks, and a heap that serves them.
template <class Pool>
struct spilling {
  ~spilling() {
    memory.reset();
    BOOST_TEST(heap.complaint() == "");
  }
  std::size_t spilled() const { return heap.totals().blocks_outstanding; }
  void* spill(marker mark) { return memory->resource_of(mark)->allocate(large_bytes); }

  support::narrow_upstream upstream;
  testing::checked_upstream heap;
  Pool pool{&upstream};
  std::optional<fallback_resource<Pool>> memory{std::in_place, &pool, &heap};
};

// A secondary that does something while it is called.
template <class F>
class interrupting_resource final : public std::pmr::memory_resource {
 public:
  interrupting_resource(std::pmr::memory_resource* upstream, F interrupt)
      : upstream_(upstream), interrupt_(interrupt) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    interrupt_();
    return upstream_->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    upstream_->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }

  std::pmr::memory_resource* upstream_;
  F interrupt_;
};

template <class F>
void on_threads(std::size_t count, F body) {
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < count; ++t) threads.emplace_back([&body, t] { body(t); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(a_rewind_gives_the_blocks_of_its_checkpoint_back, Pool, all_pools) {
  spilling<Pool> s;
  marker const outer = s.memory->checkpoint();
  (void)s.spill(outer);
  marker const inner = s.memory->checkpoint();
  (void)s.spill(inner);
  (void)s.spill(inner);
  (void)s.spill(outer);  // though another is open above it
  BOOST_TEST(s.spilled() == 4U);
  s.memory->rewind(inner);
  BOOST_TEST(s.spilled() == 2U);
  BOOST_TEST(s.memory->secondary_blocks() == 2U);
  s.memory->rewind(outer);
  BOOST_TEST(s.spilled() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_rewind_from_below_gives_all_above_it_back, Pool, all_pools) {
  spilling<Pool> s;
  marker const outer = s.memory->checkpoint();
  for (int i = 0; i < 5; ++i) (void)s.spill(s.memory->checkpoint());
  BOOST_TEST(s.spilled() == 5U);
  s.memory->rewind(outer);
  BOOST_TEST(s.spilled() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keep_passes_blocks_to_the_encloser, Pool, all_pools) {
  spilling<Pool> s;
  marker const outer = s.memory->checkpoint();
  marker const inner = s.memory->checkpoint();
  (void)s.spill(inner);
  s.memory->keep(inner);
  BOOST_TEST(s.spilled() == 1U);
  s.memory->rewind(outer);
  BOOST_TEST(s.spilled() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_outermost_keeps_lives_until_it_is_freed_or_the_end, Pool,
                              all_pools) {
  spilling<Pool> s;
  marker const outer = s.memory->checkpoint();
  void* const freed = s.spill(outer);
  (void)s.spill(outer);
  s.memory->keep(outer);
  marker const next = s.memory->checkpoint();
  s.memory->rewind(next);
  BOOST_TEST(s.spilled() == 2U);
  s.memory->deallocate(freed, large_bytes);
  BOOST_TEST(s.spilled() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_kept_resource_means_the_encloser, Pool, all_pools) {
  spilling<Pool> s;
  marker const outer = s.memory->checkpoint();
  marker const inner = s.memory->checkpoint();
  auto* const kept = s.memory->resource_of(inner);
  void* const block = kept->allocate(large_bytes);
  s.memory->keep(inner);
  marker const next = s.memory->checkpoint();
  (void)kept->allocate(large_bytes);
  s.memory->rewind(next);
  BOOST_TEST(s.spilled() == 2U);
  kept->deallocate(block, large_bytes);
  BOOST_TEST(s.spilled() == 1U);
  s.memory->rewind(outer);
  BOOST_TEST(s.spilled() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_freed_block_is_not_given_back_again, Pool, all_pools) {
  spilling<Pool> s;
  marker const outer = s.memory->checkpoint();
  void* const freed_inside = s.spill(outer);
  void* const freed = s.spill(outer);
  s.memory->resource_of(outer)->deallocate(freed, large_bytes);
  marker const inner = s.memory->checkpoint();
  s.memory->resource_of(outer)->deallocate(freed_inside, large_bytes);
  BOOST_TEST(s.spilled() == 0U);
  s.memory->rewind(inner);
  s.memory->rewind(outer);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_scope_with_all_its_verbs_is_followed, Pool, all_pools) {
  spilling<Pool> s;
  {
    memory_scope outer{*s.memory};
    (void)outer.allocate(large_bytes);
    {
      memory_scope inner = outer.nested();
      (void)inner.allocate(large_bytes);
      (void)inner.allocate(small_bytes);
      inner.reset();
      BOOST_TEST(s.spilled() == 1U);
      (void)inner.allocate(large_bytes);
      inner.keep();
    }
    BOOST_TEST(s.spilled() == 2U);
    outer.reset();
    BOOST_TEST(s.spilled() == 0U);
    BOOST_TEST(outer.try_allocate(large_bytes) != nullptr);
  }
  BOOST_TEST(s.spilled() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_scope_may_be_taken_from_its_resource, Pool, all_pools) {
  spilling<Pool> s;
  memory_scope outer{*s.memory};
  {
    scratch_scope inner{outer.resource()};
    (void)inner.allocate(large_bytes);
    (void)outer.allocate(large_bytes);
    BOOST_TEST(s.spilled() == 2U);
  }
  BOOST_TEST(s.spilled() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_closed_checkpoint_does_not_fall_back, Pool, all_pools) {
  testing::misuse_recorder recorder;
  spilling<Pool> s;
  marker const mark = s.memory->checkpoint();
  auto* const closed = s.memory->resource_of(mark);
  s.memory->rewind(mark);
  BOOST_CHECK_THROW((void)closed->allocate(small_bytes), std::bad_alloc);
  BOOST_CHECK_THROW((void)closed->allocate(large_bytes), std::bad_alloc);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 2U);
  BOOST_TEST(s.heap.calls() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nor_does_one_closed_behind_the_adaptors_back, Pool, all_pools) {
  testing::misuse_recorder recorder;
  spilling<Pool> s;
  marker const mark = s.memory->checkpoint();
  auto* const closed = s.memory->resource_of(mark);
  s.pool.reset();
  BOOST_CHECK_THROW((void)closed->allocate(large_bytes), std::bad_alloc);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
  BOOST_TEST(s.heap.calls() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_checkpoint_closed_while_the_secondary_is_asked_gets_nothing, Pool,
                              all_pools) {
  support::narrow_upstream upstream;
  testing::checked_upstream heap;
  Pool pool{&upstream};
  rewindable_resource* adaptor = nullptr;
  marker mark;
  interrupting_resource second{&heap, [&] { adaptor->rewind(mark); }};
  fallback_resource memory{&pool, &second};
  adaptor = &memory;
  mark = memory.checkpoint();
  BOOST_CHECK_THROW((void)memory.resource_of(mark)->allocate(large_bytes), std::bad_alloc);
  BOOST_TEST(heap.calls() == 1U);
  BOOST_TEST(heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_checkpoint_kept_while_the_secondary_is_asked_passes_it_on, Pool,
                              all_pools) {
  support::narrow_upstream upstream;
  testing::checked_upstream heap;
  Pool pool{&upstream};
  rewindable_resource* adaptor = nullptr;
  marker mark;
  interrupting_resource second{&heap, [&] { adaptor->keep(mark); }};
  fallback_resource memory{&pool, &second};
  adaptor = &memory;
  marker const outer = memory.checkpoint();
  mark = memory.checkpoint();
  BOOST_TEST(memory.resource_of(mark)->allocate(large_bytes) != nullptr);
  BOOST_TEST(heap.totals().blocks_outstanding == 1U);
  memory.rewind(outer);
  BOOST_TEST(heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reset_behind_its_back_is_noticed, Pool, all_pools) {
  spilling<Pool> s;
  {
    memory_scope scope{*s.memory};
    (void)scope.allocate(large_bytes);
    s.pool.reset();
  }
  BOOST_TEST(s.spilled() == 0U);
  (void)s.spill(s.memory->checkpoint());
  s.pool.release();
  marker const next = s.memory->checkpoint();
  BOOST_TEST(s.spilled() == 0U);
  (void)s.spill(next);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pool_known_by_its_base_is_followed, Pool, all_pools) {
  support::narrow_upstream upstream;
  testing::checked_upstream heap;
  Pool pool{&upstream};
  rewindable_resource* const known = &pool;
  fallback_resource memory{known, &heap};
  {
    memory_scope scope{memory};
    (void)scope.allocate(large_bytes);
    BOOST_TEST(memory.secondary_blocks() == 1U);
  }
  BOOST_TEST(heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_bare_adaptor_of_a_frame_means_the_innermost, Pool,
                              frames_and_stacks) {
  spilling<Pool> s;
  (void)s.memory->allocate(large_bytes);
  marker const mark = s.memory->checkpoint();
  (void)s.memory->allocate(large_bytes);
  (void)s.memory->unscoped()->allocate(large_bytes);
  BOOST_TEST(s.spilled() == 3U);
  s.memory->rewind(mark);
  BOOST_TEST(s.spilled() == 2U);
}

BOOST_AUTO_TEST_CASE(a_users_own_pool_is_followed) {
  testing::checked_upstream heap;
  support::toy_pool pool;
  budget least{"least", {.hard_bytes = small_bytes}};
  rewindable_resource* const known = &pool;
  budget_resource bounded{known, least};
  fallback_resource memory{&bounded, &heap};
  {
    memory_scope scope{memory};
    (void)scope.allocate(small_bytes);
    (void)scope.allocate(small_bytes);
    BOOST_TEST(pool.live_blocks() == 1U);
    BOOST_TEST(memory.secondary_blocks() == 1U);
  }
  BOOST_TEST(pool.live_blocks() == 0U);
  BOOST_TEST(heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE(fallbacks_nest_and_each_frees_its_own) {
  testing::checked_upstream middle_heap;
  testing::checked_upstream last_heap;
  support::narrow_upstream upstream;
  frame_resource frame{&upstream};
  fallback_resource inner{&frame, &middle_heap};
  fallback_resource outer{&inner, &last_heap};
  memory_scope scope{outer};
  (void)scope.allocate(large_bytes);
  middle_heap.fail_at(1);
  void* const block = scope.allocate(large_bytes);
  BOOST_TEST(inner.secondary_blocks() == 1U);
  BOOST_TEST(outer.secondary_blocks() == 1U);
  scope.deallocate(block, large_bytes);
  BOOST_TEST(last_heap.complaint() == "");
  scope.reset();
  BOOST_TEST(middle_heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE(each_thread_has_its_own_checkpoints) {
  spilling<thread_local_resource> s;
  on_threads(8, [&](std::size_t) {
    for (int i = 0; i < 100; ++i) {
      memory_scope outer{*s.memory};
      (void)outer.allocate(small_bytes);
      (void)outer.allocate(large_bytes);
      {
        memory_scope inner{*s.memory};
        void* const freed = inner.allocate(large_bytes);
        (void)inner.allocate(large_bytes);
        inner.deallocate(freed, large_bytes);
        if (i % 2 == 0) inner.keep();
      }
      s.memory->deallocate(s.memory->allocate(large_bytes), large_bytes);
    }
  });
  BOOST_TEST(s.spilled() == 0U);
}

BOOST_AUTO_TEST_CASE(blocks_may_be_freed_by_other_threads) {
  spilling<thread_local_resource> s;
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (std::size_t i = 0; i < 400; ++i) {
    std::size_t const bytes = i % 3 == 0 ? large_bytes : small_bytes;
    blocks.emplace_back(s.memory->allocate(bytes), bytes);
  }
  on_threads(4, [&](std::size_t t) {
    for (std::size_t i = t; i < blocks.size(); i += 4) {
      s.memory->deallocate(blocks[i].first, blocks[i].second);
    }
  });
  BOOST_TEST(s.spilled() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_may_be_freed_while_others_keep) {
  spilling<thread_local_resource> s;
  std::mutex mutex;
  std::vector<void*> kept;
  on_threads(8, [&](std::size_t) {
    for (int i = 0; i < 100; ++i) {
      void* block;
      {
        memory_scope scope{*s.memory};
        block = scope.allocate(large_bytes);
        scope.keep();
      }
      std::unique_lock lock{mutex};
      kept.push_back(block);
      std::swap(kept.front(), kept.back());
      void* const other = kept.back();
      kept.pop_back();
      lock.unlock();
      s.memory->deallocate(other, large_bytes);
    }
  });
  BOOST_TEST(kept.empty());
  BOOST_TEST(s.spilled() == 0U);
}
