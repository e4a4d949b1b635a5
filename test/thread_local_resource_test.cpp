// SPDX-License-Identifier: BSL-1.0

// Construction, sizes, alignments and objects of a thread-local pool. Marks, threads, memory as a
// whole, misuse: see the other test/thread_local_resource_*_test.cpp.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tidemark/detail/size_classes.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <type_traits>
#include <vector>

#include "support/is_aligned.hpp"
#include "support/local_pools.hpp"

using namespace tidemark;
using detail::size_classes;
using tidemark::test::is_aligned;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

template <class... Args>
constexpr bool nothrow_from = std::is_nothrow_constructible_v<thread_local_resource, Args...>;
template <class... Args>
constexpr bool made_from = std::is_constructible_v<thread_local_resource, Args...>;
using upstream_pointer = std::pmr::memory_resource*;

static_assert(std::is_final_v<thread_local_resource>);
static_assert(std::is_base_of_v<rewindable_resource, thread_local_resource>);
static_assert(!std::is_copy_constructible_v<thread_local_resource>);
static_assert(!std::is_move_constructible_v<thread_local_resource>);
static_assert(!std::is_copy_assignable_v<thread_local_resource>);
static_assert(!std::is_move_assignable_v<thread_local_resource>);
static_assert(nothrow_from<>);
static_assert(nothrow_from<upstream_pointer>);
static_assert(nothrow_from<thread_local_options>);
static_assert(nothrow_from<thread_local_options, upstream_pointer>);
static_assert(nothrow_from<std::pmr::pool_options>);
static_assert(nothrow_from<std::pmr::pool_options, upstream_pointer>);
static_assert(!made_from<std::nullptr_t>);
static_assert(!made_from<thread_local_options, std::nullptr_t>);
static_assert(!made_from<std::pmr::pool_options, std::nullptr_t>);
static_assert(!std::is_convertible_v<upstream_pointer, thread_local_resource>);

// What a block of that size counts as.
std::size_t counted_bytes(std::size_t bytes, std::size_t alignment) {
  std::size_t const whole = std::max<std::size_t>((bytes + alignment - 1) & ~(alignment - 1), 1);
  std::size_t const least = std::max(whole, bytes == 0 ? alignment : 1);
  if (least > size_classes::largest_bytes || alignment > 4096) return std::max(least, alignment);
  return size_classes::bytes(size_classes::of(least - 1));
}

}  // namespace

BOOST_AUTO_TEST_CASE(constructors_ask_upstream_for_nothing) {
  testing::checked_upstream upstream;
  {
    thread_local_resource const plain{&upstream};
    thread_local_resource const named{{.name = "named"}, &upstream};
    thread_local_resource const like_std{std::pmr::pool_options{}, &upstream};
    for (thread_local_resource const* pool : {&plain, &named, &like_std}) {
      BOOST_TEST(pool->stats().bytes_reserved == 0U);
      BOOST_TEST(pool->upstream_resource() == &upstream);
      BOOST_TEST(pool->depth() == 0U);
    }
    BOOST_TEST(named.name() == "named");
  }
  BOOST_TEST(upstream.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_without_an_upstream_takes_the_default_one) {
  thread_local_resource const plain;
  thread_local_resource const named{thread_local_options{.name = "named"}};
  thread_local_resource const like_std{std::pmr::pool_options{}};
  upstream_pointer const none = nullptr;
  thread_local_resource const from_null{none};
  for (thread_local_resource const* pool : {&plain, &named, &like_std, &from_null}) {
    BOOST_TEST(pool->upstream_resource() == default_upstream());
  }
}

BOOST_AUTO_TEST_CASE(a_name_is_copied_up_to_31_bytes) {
  std::string name(40, 'n');
  thread_local_resource const pool{thread_local_options{.name = name}};
  name.clear();
  BOOST_TEST(pool.name() == std::string(31, 'n'));
  BOOST_TEST((pool.stats().name == pool.name()));
}

BOOST_AUTO_TEST_CASE(equality_is_identity) {
  thread_local_resource one, two;
  memory_scope const scope{one};
  BOOST_TEST(one.is_equal(one));
  BOOST_TEST(!one.is_equal(two));
  BOOST_TEST(!one.is_equal(*scope.resource()));
  BOOST_TEST(scope.resource()->is_equal(*scope.resource()));
  BOOST_TEST(one.unscoped()->is_equal(one));  // the bare pool belongs to no checkpoint
}

BOOST_AUTO_TEST_CASE(every_small_size_at_every_alignment_is_counted_as_its_class) {
  thread_local_resource pool{unchecked()};
  memory_scope scope{pool};
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    for (std::size_t bytes = 0; bytes <= 1100; ++bytes) {
      auto const bare = written_block::take(pool, bytes, alignment, bytes);
      auto const scoped = written_block::take(scope, bytes, alignment, bytes + 1);
      BOOST_REQUIRE(is_aligned(bare.begin, alignment));
      BOOST_REQUIRE(is_aligned(scoped.begin, alignment));
      BOOST_REQUIRE(bare.is_intact());
      BOOST_REQUIRE(pool.stats().bytes_in_use == 2 * counted_bytes(bytes, alignment));
      bare.give_back(pool);
      scoped.give_back(pool);
      BOOST_REQUIRE(pool.stats().bytes_in_use == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(sizes_at_the_edges_of_classes_are_counted_as_their_class) {
  thread_local_resource pool{unchecked()};
  for (std::uint32_t c = 0; c < size_classes::count; ++c) {
    for (std::size_t bytes : {size_classes::bytes(c), size_classes::bytes(c) + 1}) {
      for (std::size_t alignment : {8U, 64U, 2048U, 4096U, 8192U, 65536U}) {
        auto const block = written_block::take(pool, bytes, alignment, bytes);
        BOOST_TEST(is_aligned(block.begin, alignment));
        BOOST_TEST(pool.stats().bytes_in_use == counted_bytes(bytes, alignment));
        block.give_back(pool);
        BOOST_TEST(pool.stats().bytes_in_use == 0U);
      }
    }
  }
}

// The standard library's pools choose a class by the larger of both numbers: then sizes that are no
// multiple of the alignment are misaligned from the second block on.
BOOST_AUTO_TEST_CASE(sizes_that_do_not_divide_their_alignment_are_honoured) {
  struct request {
    std::size_t bytes, alignment;
  };
  thread_local_resource pool;
  for (auto const [bytes, alignment] : std::vector<request>{{24, 16},
                                                            {40, 32},
                                                            {48, 32},
                                                            {80, 32},
                                                            {96, 64},
                                                            {112, 64},
                                                            {320, 256},
                                                            {1000, 512},
                                                            {1025, 1024},
                                                            {4097, 4096},
                                                            {1, 4096},
                                                            {5000, 8192},
                                                            {33'000, 4096}}) {
    std::vector<written_block> blocks;
    for (std::size_t i = 0; i < 64; ++i) {
      blocks.push_back(written_block::take(pool, bytes, alignment, i));
      BOOST_REQUIRE(is_aligned(blocks.back().begin, alignment));
    }
    for (written_block const& each : blocks) {
      BOOST_REQUIRE(each.is_intact());
      each.give_back(pool);
    }
  }
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(alignments_of_pages_and_huge_pages_are_honoured) {
  thread_local_resource pool;
  memory_scope scope{pool};
  for (std::size_t const alignment : {std::size_t{4096}, std::size_t{2} << 20U}) {
    for (std::size_t const bytes : {0U, 1U, 100U, 4096U, 5000U}) {
      auto const bare = written_block::take(pool, bytes, alignment, 1);
      auto const scoped = written_block::take(scope, bytes, alignment, 2);
      BOOST_TEST(is_aligned(bare.begin, alignment));
      BOOST_TEST(is_aligned(scoped.begin, alignment));
      BOOST_TEST(bare.is_intact());
      bare.give_back(pool);
    }
  }
}

BOOST_AUTO_TEST_CASE(blocks_of_size_0_are_unique) {
  thread_local_resource pool;
  memory_scope scope{pool};
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) {
    blocks.push_back(pool.allocate(0, 1));
    blocks.push_back(scope.allocate(0, 1));
    blocks.push_back(pool.allocate(0, 8192));  // of its own
  }
  std::sort(blocks.begin(), blocks.end());
  BOOST_TEST((std::adjacent_find(blocks.begin(), blocks.end()) == blocks.end()));
  BOOST_TEST(blocks.front() != nullptr);
}

BOOST_AUTO_TEST_CASE(a_block_of_size_0_is_freed_like_any_other) {
  thread_local_resource pool{unchecked()};
  for (std::size_t alignment : {1U, 64U, 8192U}) {
    void* const block = pool.allocate(0, alignment);
    BOOST_TEST(pool.stats().bytes_in_use == std::max<std::size_t>(8, alignment));
    pool.deallocate(block, 0, alignment);
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
  }
}

BOOST_AUTO_TEST_CASE(sizes_that_no_memory_has_throw_and_change_nothing) {
  testing::checked_upstream upstream;
  thread_local_resource pool{&upstream};
  static_cast<void>(pool.allocate(64));
  memory_scope scope{pool};
  static_cast<void>(scope.allocate(64));
  auto const before = pool.stats();
  std::size_t const outstanding = upstream.totals().blocks_outstanding;
  for (std::size_t bytes : {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 8191, SIZE_MAX / 2 + 1}) {
    for (std::size_t alignment : {1U, 16U, 8192U}) {
      BOOST_CHECK_THROW(static_cast<void>(pool.allocate(bytes, alignment)), std::bad_alloc);
      BOOST_CHECK_THROW(static_cast<void>(scope.allocate(bytes, alignment)), std::bad_alloc);
      BOOST_CHECK_THROW(static_cast<void>(scope.resource()->allocate(bytes, alignment)),
                        std::bad_alloc);
      BOOST_TEST(pool.try_allocate(bytes, alignment) == nullptr);
      BOOST_TEST(scope.try_allocate(bytes, alignment) == nullptr);
    }
  }
  std::size_t volatile highest = std::size_t{1} << 63U;  // clang warns of it as a constant
  BOOST_CHECK_THROW(static_cast<void>(pool.allocate(1, highest)), std::bad_alloc);
  auto after = pool.stats();
  after.upstream_calls = before.upstream_calls;  // who has that much is for upstream to say
  BOOST_TEST((after == before));
  BOOST_TEST(upstream.totals().blocks_outstanding == outstanding);
}

BOOST_AUTO_TEST_CASE(the_block_freed_last_is_handed_out_first) {
  thread_local_resource pool;
  void* const one = pool.allocate(64);
  void* const two = pool.allocate(64);
  pool.deallocate(one, 64);
  pool.deallocate(two, 64);
  BOOST_TEST(pool.allocate(64) == two);
  BOOST_TEST(pool.allocate(64) == one);
}

namespace {

// Whether the pool keeps blocks of that size: it then asks upstream at most once for three.
bool pools(thread_local_resource& pool, std::size_t bytes) {
  std::vector<void*> blocks;
  static_cast<void>(pool.allocate(1));  // now this thread has a heap
  std::size_t const before = pool.stats().upstream_calls;
  for (int i = 0; i < 3; ++i) blocks.push_back(pool.allocate(bytes, 8));
  std::size_t const calls = pool.stats().upstream_calls - before;
  for (void* const block : blocks) pool.deallocate(block, bytes, 8);
  return calls < 2;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sizes_up_to_the_class_of_largest_pooled_bytes_are_pooled) {
  for (std::size_t const largest :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{9},
        std::size_t{33}, std::size_t{40}, std::size_t{63}, std::size_t{1000}, std::size_t{1024},
        std::size_t{1025}, std::size_t{5000}, std::size_t{32'767}, std::size_t{32'768},
        std::size_t{32'769}, SIZE_MAX}) {
    thread_local_resource pool{unchecked({.largest_pooled_bytes = largest})};
    std::size_t const wanted = std::clamp<std::size_t>(largest, 1, 32'768);
    std::size_t const last_pooled = size_classes::bytes(size_classes::of(wanted - 1));
    BOOST_TEST(pools(pool, last_pooled), "up to " << largest);
    BOOST_TEST(!pools(pool, last_pooled + 1), "up to " << largest);
  }
}

BOOST_AUTO_TEST_CASE(options_of_standard_pools_say_what_is_pooled) {
  thread_local_resource hundred{{.max_blocks_per_chunk = 1, .largest_required_pool_block = 100}};
  BOOST_TEST(pools(hundred, 112));
  BOOST_TEST(!pools(hundred, 113));
  thread_local_resource silent{std::pmr::pool_options{}};
  BOOST_TEST(pools(silent, 32'768));
  thread_local_resource greedy{
      {.max_blocks_per_chunk = 0, .largest_required_pool_block = 1U << 30}};
  BOOST_TEST(pools(greedy, 32'768));
  BOOST_TEST(!pools(greedy, 32'769));
}

namespace {

struct word {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  word(std::string_view from, allocator_type with) : text(from, with) {}
  std::pmr::string text;
};

struct refusing {
  refusing() { throw std::runtime_error("refused"); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_object_is_made_with_the_pool_as_its_allocator) {
  thread_local_resource pool;
  word* const made = pool.new_object<word>("longer than any small buffer holds");
  BOOST_TEST(made->text == "longer than any small buffer holds");
  BOOST_TEST(made->text.get_allocator().resource() == &pool);
  pool.delete_object(made);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(objects_belong_to_no_checkpoint) {
  thread_local_resource pool;
  word* made = nullptr;
  {
    memory_scope const scope{pool};
    made = pool.new_object<word>("longer than any small buffer holds");
  }
  BOOST_TEST(made->text == "longer than any small buffer holds");
  pool.delete_object(made);
}

BOOST_AUTO_TEST_CASE(an_object_that_cannot_be_made_leaves_no_block) {
  thread_local_resource pool;
  BOOST_CHECK_THROW(static_cast<void>(pool.new_object<refusing>()), std::runtime_error);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(deleting_no_object_does_nothing) {
  thread_local_resource pool;
  pool.delete_object<word>(nullptr);
  BOOST_TEST(pool.stats().upstream_calls == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_serves_containers) {
  thread_local_resource pool;
  std::pmr::vector<std::pmr::string> rows{&pool};
  for (int i = 0; i < 300; ++i) {
    rows.emplace_back("a row that does not fit the small buffer: ") += 'x';
  }
  BOOST_TEST(rows.size() == 300U);
  BOOST_TEST(rows.front() == rows.back());
}
