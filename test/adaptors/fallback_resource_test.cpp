// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/error.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/is_aligned.hpp"
#include "support/narrow_upstream.hpp"

using namespace tidemark;
using support::large_bytes;
using support::small_bytes;

namespace {

// A frame that refuses large blocks, and a heap that serves them.
struct spilling_frame {
  ~spilling_frame() {
    memory.reset();
    BOOST_TEST(heap.complaint() == "");
  }

  support::narrow_upstream upstream;
  testing::checked_upstream heap;
  frame_resource frame{&upstream};
  std::optional<fallback_resource<frame_resource>> memory{std::in_place, &frame, &heap};
};

// A resource that throws what a test says.
template <class E>
class throwing_resource final : public std::pmr::memory_resource {
 public:
  explicit throwing_resource(E thrown) : thrown_(thrown) {}

 private:
  void* do_allocate(std::size_t, std::size_t) override { throw thrown_; }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }

  E thrown_;
};

// One that can refuse without an exception.
class refusing_resource final : public std::pmr::memory_resource {
 public:
  void* try_allocate(std::size_t, std::size_t) noexcept { return nullptr; }

 private:
  void* do_allocate(std::size_t, std::size_t) override { throw 1; }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(over_a_pool_with_marks_it_has_marks) {
  using plain = fallback_resource<std::pmr::memory_resource>;
  BOOST_TEST((std::is_base_of_v<rewindable_resource, fallback_resource<frame_resource>>));
  BOOST_TEST((!std::is_base_of_v<rewindable_resource, plain>));
  BOOST_TEST((!std::is_copy_constructible_v<fallback_resource<frame_resource>>));
  BOOST_TEST((!std::is_constructible_v<plain, std::pmr::memory_resource*, std::nullptr_t>));
}

BOOST_AUTO_TEST_CASE(what_the_primary_serves_asks_the_secondary_for_nothing) {
  spilling_frame s;
  BOOST_TEST(s.memory->upstream_resource() == &s.frame);
  BOOST_TEST(s.memory->secondary() == &s.heap);
  void* const block = s.memory->allocate(small_bytes);
  s.memory->deallocate(block, small_bytes);
  BOOST_TEST(s.heap.calls() == 0U);
  BOOST_TEST(s.memory->secondary_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(what_the_primary_refuses_the_secondary_serves) {
  spilling_frame s;
  void* const small = s.memory->allocate(small_bytes);
  void* const large = s.memory->allocate(large_bytes);
  std::memset(large, 0x5A, large_bytes);
  BOOST_TEST(s.memory->secondary_blocks() == 1U);
  BOOST_TEST(s.heap.bytes_outstanding() == large_bytes + 64);
  std::size_t const in_use = s.frame.stats().bytes_in_use;
  s.memory->deallocate(large, large_bytes);
  BOOST_TEST(s.heap.bytes_outstanding() == 0U);
  BOOST_TEST(s.frame.stats().bytes_in_use == in_use);
  s.memory->deallocate(small, small_bytes);
}

BOOST_AUTO_TEST_CASE(each_block_is_freed_to_its_origin) {
  testing::checked_upstream first;
  testing::checked_upstream second;
  failing_resource primary{&first};
  primary.fail_randomly(0.5, 5);
  fallback_resource memory{&primary, &second};
  std::vector<std::pair<void*, std::size_t>> blocks;
  std::mt19937 random{7};
  for (std::size_t i = 0; i < 500; ++i) {
    blocks.emplace_back(memory.allocate(i % 100, std::size_t{1} << (i % 9)), i);
    if (random() % 3 != 0) continue;
    std::swap(blocks.back(), blocks[random() % blocks.size()]);
    auto const [block, n] = blocks.back();
    memory.deallocate(block, n % 100, std::size_t{1} << (n % 9));
    blocks.pop_back();
  }
  BOOST_TEST(memory.secondary_blocks() > 50U);
  BOOST_TEST(memory.secondary_blocks() == second.totals().blocks_outstanding);
  BOOST_TEST(first.totals().blocks_outstanding + memory.secondary_blocks() == blocks.size());
  for (auto const& [block, n] : blocks) {
    memory.deallocate(block, n % 100, std::size_t{1} << (n % 9));
  }
  BOOST_TEST(first.complaint() == "");
  BOOST_TEST(second.complaint() == "");
}

BOOST_AUTO_TEST_CASE(every_alignment_and_size_is_honoured_by_the_secondary) {
  testing::checked_upstream second;
  fallback_resource memory{std::pmr::null_memory_resource(), &second};
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    for (std::size_t bytes : {0U, 1U, 13U, 64U, 4095U}) {
      void* const block = memory.allocate(bytes, alignment);
      void* const other = memory.allocate(bytes, alignment);
      BOOST_TEST(test::is_aligned(block, alignment));
      BOOST_TEST(block != other);
      std::memset(block, 1, bytes);
      memory.deallocate(block, bytes, alignment);
      memory.deallocate(other, bytes, alignment);
    }
  }
  BOOST_TEST(second.complaint() == "");
}

BOOST_AUTO_TEST_CASE(impossible_sizes_are_refused_by_both) {
  testing::checked_upstream second;
  fallback_resource memory{std::pmr::null_memory_resource(), &second};
  std::size_t impossible = SIZE_MAX;
  for (std::size_t bytes : {impossible, impossible - 63, impossible / 2, impossible / 2 - 63}) {
    BOOST_CHECK_THROW((void)memory.allocate(bytes, 1), std::bad_alloc);
    BOOST_TEST(memory.try_allocate(bytes, 4096) == nullptr);
  }
  BOOST_TEST(second.calls() == 0U);
  BOOST_TEST(memory.secondary_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(what_both_refuse_throws_what_the_secondary_threw) {
  throwing_resource second{resource_exhausted{resource_name{"second"}, 1, 2}};
  fallback_resource memory{std::pmr::null_memory_resource(), &second};
  try {
    (void)memory.allocate(8);
    BOOST_ERROR("nothing was thrown");
  } catch (resource_exhausted const& refusal) {
    BOOST_TEST(refusal.resource == "second");
  }
  BOOST_TEST(memory.try_allocate(8) == nullptr);
  BOOST_TEST(memory.secondary_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_budget_under_it_refuses_it_serves) {
  testing::checked_upstream heap;
  frame_resource frame;
  budget limited{"limited", {.hard_bytes = small_bytes}};
  budget_resource bounded{&frame, limited};
  fallback_resource memory{&bounded, &heap};
  for (int i = 0; i < 3; ++i) {
    memory_scope scope{memory};
    (void)scope.allocate(small_bytes);
    (void)scope.allocate(1);
    BOOST_TEST(limited.bytes() == small_bytes);
    BOOST_TEST(memory.secondary_blocks() == 1U);
  }
  BOOST_TEST(limited.bytes() == 0U);
  BOOST_TEST(heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_budget_over_it_bounds_both) {
  spilling_frame s;
  budget limited{"limited", {.hard_bytes = large_bytes + small_bytes}};
  budget_resource bounded{&*s.memory, limited};
  void* const outer = bounded.allocate(large_bytes);
  {
    memory_scope scope{bounded};
    (void)scope.allocate(small_bytes);
    BOOST_CHECK_THROW((void)scope.allocate(1), budget_exceeded);
    bounded.deallocate(outer, large_bytes);
    BOOST_TEST(limited.bytes() == small_bytes);
    (void)scope.allocate(large_bytes);
    BOOST_TEST(s.memory->secondary_blocks() == 1U);
  }
  BOOST_TEST(limited.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(another_exception_is_no_refusal) {
  throwing_resource first{3};
  testing::checked_upstream second;
  fallback_resource memory{&first, &second};
  BOOST_CHECK_THROW((void)memory.allocate(8), int);
  BOOST_TEST(memory.try_allocate(8) == nullptr);
  BOOST_TEST(second.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(a_primary_that_can_is_asked_without_an_exception) {
  refusing_resource first;
  testing::checked_upstream second;
  fallback_resource memory{&first, &second};
  memory.deallocate(memory.allocate(8), 8);
  BOOST_TEST(second.complaint() == "");
}

BOOST_AUTO_TEST_CASE(try_allocate_falls_back_too) {
  spilling_frame s;
  void* const large = s.memory->try_allocate(large_bytes);
  BOOST_REQUIRE(large != nullptr);
  BOOST_TEST(s.memory->secondary_blocks() == 1U);
  s.heap.fail_at(1);
  BOOST_TEST(s.memory->try_allocate(large_bytes) == nullptr);
  s.memory->deallocate(large, large_bytes);
}

BOOST_AUTO_TEST_CASE(the_end_gives_back_what_was_not_freed) {
  testing::checked_upstream second;
  {
    fallback_resource memory{std::pmr::null_memory_resource(), &second};
    for (std::size_t i = 0; i < 20; ++i) (void)memory.allocate(i, 1024);
    BOOST_TEST(second.totals().blocks_outstanding == 20U);
  }
  BOOST_TEST(second.complaint() == "");
}

BOOST_AUTO_TEST_CASE(no_value_is_lost_when_both_refuse) {
  spilling_frame s;
  std::pmr::vector<int> numbers{&*s.memory};
  numbers.resize(large_bytes / sizeof(int));
  std::iota(numbers.begin(), numbers.end(), 0);
  auto const before = numbers;
  s.heap.fail_at(1);
  BOOST_CHECK_THROW(numbers.push_back(1), std::bad_alloc);
  BOOST_TEST((numbers == before));
  numbers.push_back(2);
  BOOST_TEST(numbers.back() == 2);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_is_lost) {
  auto const run = [](std::pmr::memory_resource* first, std::pmr::memory_resource* second) {
    frame_resource frame{frame_options{.initial_bytes = 256, .max_chunk_bytes = 1024}, first};
    fallback_resource memory{&frame, second};
    memory_scope scope{memory};
    std::pmr::vector<std::pmr::string> lines{scope};
    for (std::size_t i = 0; i < 40; ++i) {
      std::size_t const size = lines.size();
      try {
        lines.emplace_back(i * 20, 'x');
      } catch (std::bad_alloc const&) {
        if (lines.size() != size) throw std::logic_error("a line was lost");
        throw;
      }
    }
  };
  auto* const heap = std::pmr::new_delete_resource();
  auto* const none = std::pmr::null_memory_resource();
  using upstream = std::pmr::memory_resource*;
  BOOST_TEST(testing::fail_each_allocation([&](upstream u) { run(u, heap); }) > 3U);
  BOOST_TEST(testing::fail_each_allocation([&](upstream u) { run(none, u); }) > 40U);
  BOOST_TEST(testing::fail_each_allocation([&](upstream u) { run(u, u); }) > 3U);
}

BOOST_AUTO_TEST_CASE(a_tag_over_it_is_charged_wherever_the_block_is) {
  spilling_frame s;
  tag work{"work"};
  tag_resource tagged{&*s.memory, work};
  {
    memory_scope scope{tagged};
    (void)scope.allocate(small_bytes);
    void* const large = scope.allocate(large_bytes);
    (void)scope.allocate(large_bytes);
    BOOST_TEST(work.stats().bytes == small_bytes + 2 * large_bytes);
    scope.deallocate(large, large_bytes);
    BOOST_TEST(work.stats().blocks == 2U);
    BOOST_TEST(s.memory->secondary_blocks() == 1U);
  }
  BOOST_TEST(work.stats().bytes == 0U);
  BOOST_TEST(s.heap.bytes_outstanding() == 0U);
}

BOOST_AUTO_TEST_CASE(a_tag_over_it_knows_whose_block_the_bare_adaptor_frees) {
  spilling_frame s;
  tag work{"work"};
  tag_resource tagged{&*s.memory, work};
  void* const outer = tagged.allocate(large_bytes);
  marker const mark = tagged.checkpoint();
  (void)tagged.allocate(large_bytes);
  tagged.deallocate(outer, large_bytes);
  BOOST_TEST(work.stats().bytes == large_bytes);
  tagged.rewind(mark);
  BOOST_TEST(work.stats().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_tag_under_it_is_charged_what_the_primary_serves) {
  support::narrow_upstream upstream;
  frame_resource frame{&upstream};
  tag work{"work"};
  tag_resource tagged{&frame, work};
  testing::checked_upstream heap;
  fallback_resource memory{&tagged, &heap};
  {
    memory_scope scope{memory};
    (void)scope.allocate(small_bytes);
    (void)scope.allocate(large_bytes);
    BOOST_TEST(work.stats().bytes == small_bytes);
    BOOST_TEST(memory.secondary_blocks() == 1U);
  }
  BOOST_TEST(work.stats().bytes == 0U);
  BOOST_TEST(heap.complaint() == "");
}

BOOST_AUTO_TEST_CASE(statistics_of_the_secondary_tell_what_it_serves) {
  testing::checked_upstream heap;
  statistics_resource second{&heap};
  support::narrow_upstream upstream;
  frame_resource frame{&upstream};
  fallback_resource memory{&frame, &second};
  {
    memory_scope scope{memory};
    (void)scope.allocate(small_bytes);
    (void)scope.allocate(large_bytes);
  }
  BOOST_TEST(second.statistics().allocations == 1U);
  BOOST_TEST(second.statistics().blocks_in_use == 0U);
}
