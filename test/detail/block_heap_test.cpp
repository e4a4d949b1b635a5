// SPDX-License-Identifier: BSL-1.0

// An engine of blocks and its upstream: what is asked for, when, and what goes back.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <tidemark/detail/block_heap.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

using namespace tidemark::detail;
using tidemark::source_location;
using tidemark::testing::checked_upstream;

namespace {

struct counted_binding : scope_binding {
  explicit counted_binding(int& made) { ++made; }
};

// A heap of one class of 64-byte blocks in slabs of 4 KiB.
struct heap_of_blocks {
  static constexpr std::size_t bytes = 64;
  static constexpr std::size_t slab_bytes = 4096;
  static constexpr std::size_t blocks_in_slab = 60;

  upstream_account& account;
  block_class blocks;
  block_class_info info;
  std::array<scope_binding, block_engine::inline_records> bindings;
  block_heap heap;

  explicit heap_of_blocks(upstream_account& shared) : account(shared), heap(shared, false) {
    info.layout = layout_of(bytes, bytes, 16, slab_bytes);
    info.groups = &heap.groups[0];
    heap.groups[0].configure(slab_bytes, slab_bytes, 4 * slab_bytes);
    heap.engine.use_classes(&blocks, &info, 1, this);
    heap.engine.use_slab_sizes(slab_bytes, slab_bytes);
    for (std::uint32_t d = 0; d < bindings.size(); ++d) heap.engine.bind(d, bindings[d]);
  }
  heap_of_blocks(heap_of_blocks const&) = delete;
  heap_of_blocks& operator=(heap_of_blocks const&) = delete;
  ~heap_of_blocks() {
    heap.engine.reset();
    heap.release();
    heap.release_bookkeeping();
  }

  std::vector<void*> take(std::size_t count, std::uint32_t depth = 0) {
    std::vector<void*> taken;
    while (count-- != 0) {
      taken.push_back(heap.take(0, depth));
      BOOST_REQUIRE(taken.back() != nullptr);
      std::memset(taken.back(), 1, bytes);
    }
    return taken;
  }
  void put(std::vector<void*> const& taken) {
    for (void* const block : taken) heap.engine.put(block, 0);
  }
  void* take_large(std::size_t size, std::uint32_t depth = 0) {
    void* const block = heap.take_large(size, 16, depth, this);
    if (block != nullptr) std::memset(block, 1, size);
    return block;
  }
  void open() {
    int made = 0;
    BOOST_REQUIRE(heap.prepare_mark<counted_binding>(made));
    heap.engine.open(false, source_location{});
  }
};

struct one_heap {
  checked_upstream upstream;
  upstream_account account{&upstream, SIZE_MAX};
  heap_of_blocks h{account};

  std::size_t outstanding() const { return upstream.bytes_outstanding(); }
};

struct bounded_heap {
  static constexpr std::size_t limit = 20'000;  // less than five slabs
  checked_upstream upstream;
  upstream_account account{&upstream, limit};
  heap_of_blocks h{account};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_heap_asks_for_slabs_when_a_class_has_no_block, one_heap) {
  static_cast<void>(h.take(1));
  BOOST_TEST(upstream.calls() == 1U);
  BOOST_TEST(outstanding() == h.slab_bytes);
  static_cast<void>(h.take(h.blocks_in_slab - 1));
  BOOST_TEST(upstream.calls() == 1U);
  static_cast<void>(h.take(1));
  BOOST_TEST(upstream.calls() == 2U);
  BOOST_TEST(h.heap.chunk_count() == 2U);
}

BOOST_FIXTURE_TEST_CASE(requests_for_slabs_double_up_to_their_cap, one_heap) {
  std::vector<std::size_t> steps;
  std::size_t former = 0;
  for (int i = 0; i < 1000; ++i) {
    static_cast<void>(h.take(1));
    if (outstanding() != former) steps.push_back((outstanding() - former) / h.slab_bytes);
    former = outstanding();
  }
  std::vector<std::size_t> const expected{1, 2, 4, 4, 4, 4};
  BOOST_TEST(steps == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_freed_block_is_taken_before_upstream_is_asked, one_heap) {
  auto const taken = h.take(h.blocks_in_slab);
  h.put({taken[7]});
  BOOST_TEST(h.take(1)[0] == taken[7]);
  BOOST_TEST(upstream.calls() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_checkpoint_needs_a_log_that_grows_by_doubling, one_heap) {
  h.open();
  static_cast<void>(h.take(1));
  std::size_t const slabs = outstanding();
  static_cast<void>(h.take(1, 1));
  BOOST_TEST(outstanding() == slabs + 256 * sizeof(void*));
  std::size_t calls = upstream.calls();
  static_cast<void>(h.take(30, 1));
  BOOST_TEST(upstream.calls() == calls);
  static_cast<void>(h.take(600, 1));
  BOOST_TEST(h.heap.engine.log.capacity() == 1024U);
  h.heap.engine.rewind_to(1);
  BOOST_TEST(h.heap.engine.bytes_in_use() == h.bytes);
}

BOOST_FIXTURE_TEST_CASE(stale_entries_of_the_log_need_no_memory, one_heap) {
  h.open();
  auto const live = h.take(100, 1);
  for (int i = 0; i < 2000; ++i) h.put(h.take(1, 1));
  BOOST_TEST(h.heap.engine.log.capacity() == 256U);
  h.heap.engine.rewind_to(1);
  BOOST_TEST(h.heap.engine.bytes_in_use() == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_upstream_throws_passes_and_changes_nothing, one_heap) {
  h.open();
  for (std::size_t call : {1U, 2U}) {  // of the log, of the slab
    upstream.fail_at(call);
    BOOST_CHECK_THROW(static_cast<void>(h.heap.take(0, 1)), std::bad_alloc);
    BOOST_TEST(outstanding() == 0U);
    BOOST_TEST(h.heap.chunk_count() == 0U);
    BOOST_TEST(h.heap.engine.bytes_in_use() == 0U);
  }
  upstream.fail_at(1);
  BOOST_CHECK_THROW(static_cast<void>(h.take_large(1000)), std::bad_alloc);
  BOOST_TEST(h.heap.chunk_count() == 0U);
  static_cast<void>(h.take(1, 1));
}

BOOST_FIXTURE_TEST_CASE(a_log_that_is_tight_but_not_full_needs_no_memory, one_heap) {
  h.open();
  auto const taken = h.take(256, 1);
  h.put({taken[0], taken[1]});
  upstream.fail_at(1);  // compaction leaves room for two, and more is only wished for
  static_cast<void>(h.take(2, 1));
  BOOST_TEST(upstream.totals().failures == 1U);
  BOOST_TEST(h.heap.engine.log.capacity() == 256U);
}

// The limit.

BOOST_FIXTURE_TEST_CASE(groups_shrink_to_what_the_limit_leaves, bounded_heap) {
  std::size_t count = 0;
  while (h.heap.take(0, 0) != nullptr) ++count;
  BOOST_TEST(count == 4 * h.blocks_in_slab);
  BOOST_TEST(account.reserved_bytes() == 4 * h.slab_bytes);
  BOOST_TEST(upstream.totals().bytes_peak <= limit);
}

BOOST_FIXTURE_TEST_CASE(idle_memory_goes_back_before_the_limit_forbids, bounded_heap) {
  h.put(h.take(4 * h.blocks_in_slab));
  BOOST_TEST(h.take_large(15'000) != nullptr);
  BOOST_TEST(h.heap.chunk_count() == 1U);
  h.heap.engine.reset();
  static_cast<void>(h.take(4 * h.blocks_in_slab));
  BOOST_TEST(h.heap.chunk_count() == 2U);  // one slab beside the idle block, three in its place
}

BOOST_FIXTURE_TEST_CASE(what_the_limit_forbids_is_null_and_changes_nothing, bounded_heap) {
  h.open();
  BOOST_TEST(h.take_large(15'000) != nullptr);
  std::size_t const before = account.reserved_bytes();
  BOOST_TEST(h.take_large(15'000) == nullptr);
  BOOST_TEST(h.take_large(SIZE_MAX) == nullptr);
  static_cast<void>(h.take_large(1'000));
  BOOST_TEST(h.heap.take(0, 1) == nullptr);  // there is room for the log, but not for a slab
  BOOST_TEST(account.reserved_bytes() == before + large_request::of(1'000, 16).bytes);
  BOOST_TEST(h.heap.chunk_count() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_mark_is_refused_where_the_limit_leaves_no_records, bounded_heap) {
  int made = 0;
  std::uint32_t opened = 0;
  while (h.heap.prepare_mark<counted_binding>(made)) {
    h.heap.engine.open(false, source_location{});
    BOOST_REQUIRE(++opened < 10'000);
  }
  BOOST_TEST(opened >= block_engine::inline_records);
  BOOST_TEST(h.heap.engine.depth() == opened);
  BOOST_TEST(account.reserved_bytes() <= limit);
  h.heap.engine.rewind_to(1);
  BOOST_TEST(h.heap.prepare_mark<counted_binding>(made));  // what there is serves again
}

// Large blocks.

BOOST_FIXTURE_TEST_CASE(a_large_block_goes_back_when_it_is_freed, one_heap) {
  void* const block = h.take_large(5000);
  BOOST_TEST(large_block_of(block).owner == &h);
  BOOST_TEST(h.heap.engine.bytes_in_use() == 5000U);
  h.heap.free_large(large_block_of(block));
  BOOST_TEST(outstanding() == 0U);
  BOOST_TEST(h.heap.chunk_count() == 0U);
  BOOST_TEST(h.heap.engine.bytes_in_use() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_rewound_large_block_serves_its_own_size_again, one_heap) {
  h.open();
  void* const block = h.take_large(5000, 1);
  h.heap.engine.rewind_to(1);
  BOOST_TEST(h.take_large(5000) == block);
  BOOST_TEST(upstream.calls() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_rewound_large_block_goes_back_when_another_size_is_asked_for, one_heap) {
  h.open();
  static_cast<void>(h.take_large(5000, 1));
  h.heap.engine.rewind_to(1);
  static_cast<void>(h.take_large(6000));
  BOOST_TEST(h.heap.chunk_count() == 1U);
  BOOST_TEST(outstanding() < 7000U);
}

// Memory as a whole.

BOOST_FIXTURE_TEST_CASE(trim_returns_the_bytes_that_went_back, one_heap) {
  auto const taken = h.take(3 * h.blocks_in_slab);
  h.open();
  static_cast<void>(h.take_large(5000, 1));
  h.heap.engine.rewind_to(1);
  h.put(taken);
  std::size_t const before = outstanding();
  BOOST_TEST(h.heap.trim() == before);
  BOOST_TEST(outstanding() == 0U);
  BOOST_TEST(h.heap.trim() == 0U);
  static_cast<void>(h.take(1));
}

BOOST_FIXTURE_TEST_CASE(release_leaves_the_bookkeeping_of_marks_and_of_the_log, one_heap) {
  for (int d = 0; d < 10; ++d) h.open();
  static_cast<void>(h.take(100, 10));
  static_cast<void>(h.take_large(5000, 3));
  h.heap.engine.reset();
  h.heap.release();
  BOOST_TEST(h.heap.chunk_count() == 0U);
  BOOST_TEST(outstanding() > 256 * sizeof(void*));
  BOOST_TEST(outstanding() < 8000U);
  std::size_t const calls = upstream.calls();
  for (int d = 0; d < 10; ++d) h.open();
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_AUTO_TEST_CASE(everything_goes_back_in_the_sizes_in_which_it_came) {
  checked_upstream upstream;
  {
    upstream_account account{&upstream, SIZE_MAX};
    heap_of_blocks h{account};
    for (int d = 0; d < 100; ++d) h.open();
    static_cast<void>(h.take(1000, 100));
    static_cast<void>(h.take_large(5000, 50));
    static_cast<void>(h.take_large(6000));
  }
  BOOST_TEST(upstream.complaint() == "");
}

// Heaps that share an account.

BOOST_FIXTURE_TEST_CASE(slabs_of_another_heap_come_before_upstream, one_heap) {
  heap_of_blocks other{account};
  other.put(other.take(3 * other.blocks_in_slab));
  std::size_t const calls = upstream.calls();
  h.heap.use_donor(
      [](void* from, std::size_t which) noexcept {
        return static_cast<heap_of_blocks*>(from)->heap.donate(which);
      },
      &other);
  static_cast<void>(h.take(3 * h.blocks_in_slab));
  BOOST_TEST(upstream.calls() == calls);
  BOOST_TEST(other.heap.chunk_count() == 0U);
  BOOST_TEST(h.heap.chunk_count() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_heap_donates_no_slab_with_a_live_block, one_heap) {
  auto const taken = h.take(3 * h.blocks_in_slab);
  auto freed = taken;
  freed.erase(freed.begin());  // lives in the first group
  h.put(freed);
  slab_group* const given = h.heap.donate(0);
  BOOST_REQUIRE(given != nullptr);
  BOOST_TEST(given->next == nullptr);
  BOOST_TEST(given->bytes == 2 * h.slab_bytes);
  // Valgrind told of "possibly lost" memory where groups were linked by what lies within.
  BOOST_TEST(static_cast<void*>(given) == static_cast<void*>(given->first));
  BOOST_TEST(h.heap.chunk_count() == 1U);
  account.give_back(given->first, given->bytes, h.slab_bytes);
}
