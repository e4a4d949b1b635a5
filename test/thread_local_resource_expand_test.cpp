// SPDX-License-Identifier: BSL-1.0

// A change of size in place: a true answer must be safe to act on.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <vector>

#include "support/local_pools.hpp"

using namespace tidemark;
using tidemark::test::unchecked;
using tidemark::test::written_block;

namespace {

std::vector<std::size_t> const sizes{
    0,      1,      7,      8,      9,      16,     24,     31,     32,   33,   40,
    41,     63,     64,     65,     79,     80,     81,     100,    112,  113,  128,
    129,    1000,   1024,   1025,   4095,   4096,   4097,   5120,   8191, 8192, 8193,
    10'240, 12'288, 32'767, 32'768, 32'769, 40'000, 65'536, 100'000};

// A block between two others; whoever writes beyond it is seen.
void check_pair(thread_local_resource& pool, std::size_t alignment, std::size_t old_bytes,
                std::size_t new_bytes) {
  auto const before = written_block::take(pool, old_bytes, alignment, 1);
  auto middle = written_block::take(pool, old_bytes, alignment, 2);
  auto const after = written_block::take(pool, old_bytes, alignment, 3);
  if (pool.try_expand(middle.begin, old_bytes, new_bytes)) {
    middle.bytes = new_bytes;
    if (new_bytes != 0) std::memset(middle.begin, middle.pattern, new_bytes);
  }
  BOOST_REQUIRE(before.is_intact());
  BOOST_REQUIRE(after.is_intact());
  middle.give_back(pool);
  before.give_back(pool);
  after.give_back(pool);
  // A block that came back as one of another class would be counted as that.
  BOOST_REQUIRE(pool.stats().bytes_in_use == 0U);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_block_that_was_resized_may_be_freed_with_its_new_size) {
  for (std::size_t const largest : {32'768U, 1000U, 40U, 8U}) {
    testing::checked_upstream upstream;
    {
      thread_local_resource pool{unchecked({.largest_pooled_bytes = largest}), &upstream};
      for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
        for (std::size_t const old_bytes : sizes) {
          for (std::size_t const new_bytes : sizes) {
            check_pair(pool, alignment, old_bytes, new_bytes);
          }
        }
      }
    }
    BOOST_TEST(upstream.complaint() == "");
  }
}

BOOST_AUTO_TEST_CASE(a_checked_pool_takes_resized_blocks_for_what_they_are) {
  thread_local_resource pool{{.largest_pooled_bytes = 1000, .check = check_level::on}};
  for (std::size_t const alignment : {1U, 16U, 64U, 4096U, 8192U}) {
    for (std::size_t const old_bytes : sizes) {
      for (std::size_t const new_bytes : {old_bytes / 2, old_bytes + 1, old_bytes + 8}) {
        check_pair(pool, alignment, old_bytes, new_bytes);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_grows_and_shrinks_within_its_class) {
  thread_local_resource pool;
  void* const block = pool.allocate(33);
  BOOST_TEST(pool.try_expand(block, 33, 40));
  BOOST_TEST(pool.try_expand(block, 40, 34));
  BOOST_TEST(!pool.try_expand(block, 34, 41));
  BOOST_TEST(!pool.try_expand(block, 34, 32));
  pool.deallocate(block, 34);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_of_its_own_shrinks_and_grows_to_what_upstream_gave) {
  thread_local_resource pool;
  void* const block = pool.allocate(100'000);
  BOOST_TEST(pool.try_expand(block, 100'000, 50'000));
  BOOST_TEST(pool.try_expand(block, 50'000, 100'000));
  BOOST_TEST(!pool.try_expand(block, 100'000, 200'000));
  BOOST_TEST(!pool.try_expand(block, 100'000, SIZE_MAX));
  BOOST_TEST(!pool.try_expand(block, 100'000, 32'768));  // it would be freed as a pooled one
  pool.deallocate(block, 100'000);
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_pooled_block_never_grows_beyond_all_classes) {
  thread_local_resource pool;
  void* const block = pool.allocate(32'768);
  BOOST_TEST(!pool.try_expand(block, 32'768, 32'769));
  BOOST_TEST(!pool.try_expand(block, 32'768, SIZE_MAX));
  pool.deallocate(block, 32'768);
}

BOOST_AUTO_TEST_CASE(a_scope_resizes_blocks_while_it_is_open) {
  thread_local_resource pool;
  memory_scope scope{pool};
  void* const block = scope.allocate(33);
  BOOST_TEST(scope.try_expand(block, 33, 40));
  BOOST_TEST(!scope.try_expand(block, 40, 41));
  pool.reset();
  BOOST_TEST(!scope.try_expand(block, 40, 39));
}

BOOST_AUTO_TEST_CASE(another_thread_may_resize_a_block) {
  thread_local_resource pool;
  void* const small = pool.allocate(33);
  void* const large = pool.allocate(40'000);
  test::in_thread([&] {
    BOOST_TEST(pool.try_expand(small, 33, 40));
    BOOST_TEST(!pool.try_expand(small, 40, 48));
    BOOST_TEST(pool.try_expand(large, 40'000, 39'000));
    pool.deallocate(small, 40);
    pool.deallocate(large, 39'000);
  });
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}
