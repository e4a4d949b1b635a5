// SPDX-License-Identifier: BSL-1.0

// Objects of a fixed-block pool, and blocks that change their size.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <tidemark/literals.hpp>

#include "support/block_pools.hpp"
#include "support/is_aligned.hpp"
#include "support/level1.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using test::block_scope;
using test::unchecked_blocks;

namespace {

std::size_t in_use(fixed_block_resource const& pool) { return pool.stats().bytes_in_use; }

struct counted {
  int& alive;
  explicit counted(int& count) : alive(count) { ++alive; }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { --alive; }
};

struct throwing {
  std::array<std::byte, 100> bytes{};
  throwing() { throw std::runtime_error("no object"); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_object_is_made_and_destroyed_and_its_block_is_free) {
  fixed_block_resource pool{blocks_for<counted>};
  int alive = 0;
  auto* const object = pool.new_object<counted>(alive);
  BOOST_TEST(alive == 1);
  BOOST_TEST(in_use(pool) == sizeof(counted));
  pool.delete_object(object);
  BOOST_TEST(alive == 0);
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(static_cast<void*>(pool.new_object<counted>(alive)) == static_cast<void*>(object));
}

BOOST_AUTO_TEST_CASE(blocks_for_a_type_hold_one_object_each) {
  struct alignas(64) line {
    std::array<std::byte, 192> bytes;
  };
  fixed_block_resource pool{blocks_for<line>};
  auto* const one = pool.new_object<line>();
  auto* const two = pool.new_object<line>();
  BOOST_TEST(pool.block_bytes() == sizeof(line));
  BOOST_TEST(test::is_aligned(one, 64));
  BOOST_TEST(test::is_aligned(two, 64));
  BOOST_TEST(pool.stats().chunk_count == 1U);
  pool.delete_object(one);
  pool.delete_object(two);
}

BOOST_AUTO_TEST_CASE(an_object_that_takes_an_allocator_gets_the_pool) {
  fixed_block_resource pool;
  auto* const text = pool.new_object<std::pmr::string>("a text that does not fit the small buffer");
  BOOST_TEST((text->get_allocator().resource() == &pool));
  BOOST_TEST(*text == "a text that does not fit the small buffer");
  auto* const rows = pool.new_object<std::pmr::vector<std::pmr::string>>();
  rows->emplace_back("another text that does not fit the small buffer");
  BOOST_TEST((rows->front().get_allocator().resource() == &pool));
  pool.delete_object(rows);
  pool.delete_object(text);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(an_object_belongs_to_no_checkpoint) {
  fixed_block_resource pool;
  int alive = 0;
  marker const mark = pool.checkpoint();
  auto* const object = pool.new_object<counted>(alive);
  pool.rewind(mark);
  BOOST_TEST(alive == 1);
  BOOST_TEST(&object->alive == &alive);
  pool.delete_object(object);
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_leaves_no_block) {
  fixed_block_resource pool{unchecked_blocks(128)};
  void* const block = pool.allocate(128);
  pool.deallocate(block, 128);
  BOOST_CHECK_THROW(static_cast<void>(pool.new_object<throwing>()), std::runtime_error);
  BOOST_TEST(in_use(pool) == 0U);
  BOOST_TEST(pool.allocate(128) == block);
}

BOOST_AUTO_TEST_CASE(an_object_larger_than_the_blocks_has_a_block_of_its_own) {
  using large = std::array<std::byte, 5000>;
  fixed_block_resource pool{unchecked_blocks(64)};
  auto* const object = pool.new_object<large>();
  object->fill(std::byte{1});
  BOOST_TEST(in_use(pool) == sizeof(large));
  pool.delete_object(object);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(deleting_no_object_is_legal) {
  fixed_block_resource pool;
  pool.delete_object(static_cast<counted*>(nullptr));
  BOOST_TEST(pool.stats().upstream_calls == 0U);
}

// Blocks that change their size in place.

BOOST_AUTO_TEST_CASE(a_block_has_any_size_up_to_that_of_the_pools_blocks) {
  fixed_block_resource pool{{.block_bytes = 64}};
  void* const block = pool.allocate(10);
  std::memset(block, 'b', 10);
  BOOST_TEST(pool.try_expand(block, 10, 64));
  BOOST_TEST(static_cast<char*>(block)[9] == 'b');
  level1::scribble(block, 64);  // the compiler believes that it has 10 bytes
  BOOST_TEST(!pool.try_expand(block, 64, 65));
  BOOST_TEST(pool.try_expand(block, 64, 0));
  BOOST_TEST(pool.try_expand(block, 0, 1));
  BOOST_TEST(in_use(pool) == 64U);
  pool.deallocate(block, 1);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(a_larger_block_shrinks_and_grows_back_but_not_into_the_pools_blocks) {
  fixed_block_resource pool{{.block_bytes = 64}};
  void* const block = pool.allocate(1000);
  BOOST_TEST(pool.try_expand(block, 1000, 65));
  // One that fits the pool's blocks would be taken for one of them when it is freed.
  BOOST_TEST(!pool.try_expand(block, 65, 64));
  BOOST_TEST(pool.try_expand(block, 65, 1000));
  BOOST_TEST(!pool.try_expand(block, 1000, 1001));
  BOOST_TEST(!pool.try_expand(block, 1000, SIZE_MAX));
  std::memset(block, 1, 1000);
  pool.deallocate(block, 1000);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(an_over_aligned_block_has_any_size_that_the_pools_blocks_have) {
  fixed_block_resource pool{{.block_bytes = 64}};
  void* const block = pool.allocate(8, 4_KiB);
  BOOST_TEST(pool.try_expand(block, 8, 64));
  level1::scribble(block, 64);
  BOOST_TEST(!pool.try_expand(block, 64, 65));
  pool.deallocate(block, 64, 4_KiB);
  BOOST_TEST(in_use(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_expands_its_blocks_while_it_is_open) {
  fixed_block_resource pool{{.block_bytes = 64}};
  void* block = nullptr;
  marker const mark = pool.checkpoint();
  block_scope scope{pool};
  block = scope.allocate(10);
  BOOST_TEST(scope.try_expand(block, 10, 20));
  BOOST_TEST(!scope.try_expand(block, 20, 65));
  pool.reset();
  BOOST_TEST(!scope.try_expand(block, 20, 30));
  static_cast<void>(mark);
}
