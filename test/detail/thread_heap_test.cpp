// SPDX-License-Identifier: BSL-1.0

// One thread's blocks of all sizes, and how those come back that other threads freed.

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <set>
#include <thread>
#include <tidemark/detail/thread_heap.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark;
using detail::large_block_of;
using detail::size_classes;
using detail::thread_heap;
using tidemark::test::is_aligned;

namespace {

constexpr std::uint32_t of_64 = size_classes::of(63);
constexpr std::uint32_t widest = size_classes::count - 1;  // lies in wide slabs

struct heap_of_test {
  testing::checked_upstream upstream;
  detail::upstream_account account{&upstream, SIZE_MAX};
  detail::scope_binding bindings[detail::block_engine::inline_records];
  thread_heap heap;

  explicit heap_of_test(bool checked = false) : heap(account, checked) {
    for (std::uint32_t d = 0; d < detail::block_engine::inline_records; ++d) {
      heap.blocks.engine.bind(d, bindings[d]);
    }
  }
  heap_of_test(heap_of_test const&) = delete;
  heap_of_test& operator=(heap_of_test const&) = delete;
  ~heap_of_test() {
    heap.drain();
    heap.blocks.engine.reset();
    heap.blocks.release();
    heap.blocks.release_bookkeeping();
    BOOST_TEST(upstream.complaint() == "");
  }

  void* take(std::uint32_t index, std::uint32_t depth = 0) {
    return heap.blocks.take(index, depth);
  }
  void* take_large(std::size_t bytes, std::uint32_t depth = 0) {
    return heap.blocks.take_large(bytes, 16, depth, &heap);
  }
};

template <class F>
void in_thread(F f) {
  std::thread{f}.join();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_heap_asks_upstream_for_nothing_before_its_first_block) {
  heap_of_test made;
  BOOST_TEST(made.upstream.calls() == 0U);
  BOOST_TEST(made.heap.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(every_class_has_blocks_that_are_aligned_apart_and_know_their_heap) {
  for (bool const checked : {false, true}) {
    heap_of_test made{checked};
    std::set<std::uintptr_t> begins;
    for (std::uint32_t c = 0; c < size_classes::count; ++c) {
      for (int i = 0; i < 20; ++i) {
        void* const block = made.take(c);
        BOOST_REQUIRE(is_aligned(block, size_classes::alignment(c)));
        auto const begin = reinterpret_cast<std::uintptr_t>(block);
        auto const next = begins.lower_bound(begin);
        BOOST_REQUIRE((next == begins.end() || *next - begin >= size_classes::bytes(c)));
        begins.insert(begin);
        auto& holding = thread_heap::slab_holding(block, c);
        BOOST_REQUIRE(holding.owner == &made.heap);
        BOOST_REQUIRE(holding.class_index == c);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_that_another_thread_freed_is_free_once_it_was_taken_back) {
  heap_of_test made;
  void* const block = made.take(of_64);
  in_thread([&] { made.heap.push_remote(block, of_64); });
  BOOST_TEST(made.heap.has_remote());
  BOOST_TEST(made.heap.bytes_in_use() == 0U);
  BOOST_TEST(made.take(of_64) != block);
  made.heap.drain();
  BOOST_TEST(!made.heap.has_remote());
  BOOST_TEST(made.heap.bytes_in_use() == 64U);
  BOOST_TEST(made.take(of_64) == block);
}

BOOST_AUTO_TEST_CASE(blocks_of_every_kind_are_told_apart_in_the_list) {
  for (bool const checked : {false, true}) {
    heap_of_test made{checked};
    std::vector<void*> small, wide;
    std::vector<detail::large_block*> large;
    for (int i = 0; i < 10; ++i) {
      small.push_back(made.take(0));
      wide.push_back(made.take(widest));
      large.push_back(&large_block_of(made.take_large(40'000)));
    }
    std::size_t const calls = made.upstream.calls();
    in_thread([&] {
      for (std::size_t i = 0; i < 10; ++i) {
        made.heap.push_remote(wide[i], widest);
        made.heap.push_remote(*large[i]);
        made.heap.push_remote(small[i], 0);
      }
    });
    BOOST_TEST(made.heap.bytes_in_use() == 0U);
    made.heap.drain();
    BOOST_TEST(made.heap.bytes_in_use() == 0U);
    for (int i = 0; i < 10; ++i) {
      BOOST_TEST((std::count(small.begin(), small.end(), made.take(0)) == 1));
      BOOST_TEST((std::count(wide.begin(), wide.end(), made.take(widest)) == 1));
      BOOST_TEST(
          (std::count(large.begin(), large.end(), &large_block_of(made.take_large(40'000))) == 1));
    }
    BOOST_TEST(made.heap.bytes_in_use() == 10 * (8 + 32'768 + 40'000U));
    BOOST_TEST(made.upstream.calls() == calls);
  }
}

BOOST_AUTO_TEST_CASE(draining_gives_nothing_back_upstream) {
  heap_of_test made;
  auto& block = large_block_of(made.take_large(100'000));
  in_thread([&] { made.heap.push_remote(block); });
  made.heap.drain();
  BOOST_TEST(made.upstream.totals().frees == 0U);
  made.heap.blocks.trim();
  BOOST_TEST(made.upstream.totals().frees == 1U);
}

// In the list a block is still its checkpoint's. Were the list taken after the rewind, it would
// free the block again.
BOOST_AUTO_TEST_CASE(a_held_block_that_another_thread_freed_is_not_freed_again_by_a_rewind) {
  for (bool const checked : {false, true}) {
    heap_of_test made{checked};
    auto& engine = made.heap.blocks.engine;
    if (checked) engine.make_ready();
    static_cast<void>(engine.open(false, {}));
    void* const pooled = made.take(of_64, 1);
    void* const kept = made.take(of_64, 1);
    auto& large = large_block_of(made.take_large(40'000, 1));
    in_thread([&] {
      made.heap.push_remote(pooled, of_64);
      made.heap.push_remote(large);
    });
    made.heap.drain();
    BOOST_TEST(made.heap.bytes_in_use() == 64U);
    engine.rewind_to(1);
    BOOST_TEST(made.heap.bytes_in_use() == 0U);
    std::set<void*> blocks;
    for (int i = 0; i < 10; ++i) BOOST_TEST(blocks.insert(made.take(of_64)).second);
    BOOST_TEST(blocks.count(pooled) + blocks.count(kept) == 2U);
    BOOST_TEST(made.take_large(40'000) == large.block());
    BOOST_TEST(made.take_large(40'000) != large.block());
  }
}

BOOST_AUTO_TEST_CASE(no_free_is_lost_when_threads_free_at_one_time) {
  constexpr std::size_t thread_count = 4, each = 2000;
  heap_of_test made;
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < thread_count * each; ++i) blocks.push_back(made.take(of_64));
  std::size_t const calls = made.upstream.calls();
  std::atomic<std::size_t> ended{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < blocks.size(); i += thread_count) {
        made.heap.push_remote(blocks[i], of_64);
      }
      ++ended;
    });
  }
  while (ended != thread_count) made.heap.drain();
  for (std::thread& thread : threads) thread.join();
  made.heap.drain();
  BOOST_TEST(made.heap.bytes_in_use() == 0U);
  std::vector<void*> again;
  for (std::size_t i = 0; i < blocks.size(); ++i) again.push_back(made.take(of_64));
  BOOST_TEST(made.upstream.calls() == calls);
  std::sort(blocks.begin(), blocks.end());
  std::sort(again.begin(), again.end());
  BOOST_TEST((blocks == again));
}

BOOST_AUTO_TEST_CASE(what_threads_wrote_into_a_block_is_over_before_its_next_user_writes) {
  heap_of_test made;  // ThreadSanitizer tells if not
  for (int round = 0; round < 50; ++round) {
    auto* const number = static_cast<int*>(made.take(of_64));
    *number = round;
    std::thread other{[&] {
      *number += 1;
      made.heap.push_remote(number, of_64);
    }};
    while (!made.heap.has_remote()) std::this_thread::yield();
    made.heap.drain();
    void* const again = made.take(of_64);
    BOOST_TEST(again == number);
    *static_cast<int*>(again) = -1;
    other.join();
    made.heap.blocks.engine.put(again, of_64);
  }
}
