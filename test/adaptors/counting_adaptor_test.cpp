// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <new>
#include <string>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <type_traits>
#include <vector>

#include "support/book_adaptor.hpp"

using namespace tidemark;
using support::book;
using support::book_adaptor;

namespace {

bool heap_is_empty = false;  // whether `new` fails

}  // namespace

// What the adaptors' bookkeeping asks.
void* operator new(std::size_t bytes) {
  void* const block = heap_is_empty ? nullptr : std::malloc(bytes);
  if (block == nullptr) throw std::bad_alloc{};
  return block;
}
// Not inlined: g++ 12 takes an inlined `free` for a mismatch.
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

BOOST_AUTO_TEST_CASE(over_a_pool_with_marks_it_has_marks) {
  BOOST_TEST((std::is_base_of_v<rewindable_resource, book_adaptor<frame_resource>>));
  BOOST_TEST((std::is_base_of_v<rewindable_resource, book_adaptor<rewindable_resource>>));
  BOOST_TEST((std::is_base_of_v<rewindable_resource, book_adaptor<book_adaptor<frame_resource>>>));
  BOOST_TEST((!std::is_base_of_v<rewindable_resource, book_adaptor<std::pmr::memory_resource>>));
  BOOST_TEST((!std::is_copy_constructible_v<book_adaptor<frame_resource>>));
  BOOST_TEST((!std::is_copy_constructible_v<book_adaptor<std::pmr::memory_resource>>));
}

BOOST_AUTO_TEST_CASE(over_any_resource_it_charges_what_is_not_freed) {
  book b;
  book_adaptor<std::pmr::memory_resource> adaptor{std::pmr::new_delete_resource(), b};
  BOOST_TEST(adaptor.upstream_resource() == std::pmr::new_delete_resource());
  {
    std::pmr::vector<std::pmr::string> lines{&adaptor};
    lines.emplace_back("a line that is longer than the string itself has room for");
    BOOST_TEST(b.held.blocks == 2U);
  }
  BOOST_TEST((b.held == detail::charge{}));
  BOOST_TEST(b.late_frees == 0U);
}

BOOST_AUTO_TEST_CASE(the_end_refunds_what_was_not_freed) {
  std::pmr::monotonic_buffer_resource memory;
  book b;
  {
    book_adaptor<std::pmr::monotonic_buffer_resource> adaptor{&memory, b};
    (void)adaptor.allocate(40);
    BOOST_TEST(b.held.bytes == 40U);
  }
  BOOST_TEST((b.held == detail::charge{}));
  BOOST_TEST(b.refunds == 1U);
}

BOOST_AUTO_TEST_CASE(a_free_of_what_was_never_charged_is_late) {
  std::pmr::monotonic_buffer_resource memory;
  book b;
  book_adaptor<std::pmr::monotonic_buffer_resource> adaptor{&memory, b};
  adaptor.deallocate(memory.allocate(40), 40);
  BOOST_TEST((b.held == detail::charge{}));
  BOOST_TEST(b.late_frees == 1U);
}

BOOST_AUTO_TEST_CASE(two_open_checkpoints_ask_the_heap_for_nothing) {
  frame_resource pool;
  book b;
  book_adaptor<frame_resource> adaptor{&pool, b};
  heap_is_empty = true;
  for (int i = 0; i < 3; ++i) {
    marker const outer = adaptor.checkpoint();
    marker const inner = adaptor.checkpoint();
    (void)adaptor.resource_of(inner);
    adaptor.rewind(inner);
    adaptor.rewind(outer);
  }
  heap_is_empty = false;
  BOOST_TEST(pool.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_the_heap_refuses_changes_nothing) {
  frame_resource pool;
  book b;
  book_adaptor<frame_resource> adaptor{&pool, b};
  (void)adaptor.checkpoint();
  marker const top = adaptor.checkpoint();
  (void)adaptor.allocate(10);
  heap_is_empty = true;
  bool refused = false;
  try {
    (void)adaptor.checkpoint();
  } catch (std::bad_alloc const&) {
    refused = true;
  }
  heap_is_empty = false;
  BOOST_TEST(refused);
  BOOST_TEST(adaptor.depth() == 2U);
  BOOST_TEST(b.held.bytes == 10U);
  marker const next = adaptor.checkpoint();
  adaptor.rewind(next);
  adaptor.rewind(top);
  BOOST_TEST(b.held.bytes == 0U);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_the_book_stays_right) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    book b;
    fixed_block_resource pool{upstream};
    book_adaptor<fixed_block_resource> adaptor{&pool, b};
    try {
      std::pmr::vector<std::pmr::string> kept{&adaptor};
      kept.emplace_back(100, 'x');
      memory_scope scope{adaptor};
      std::pmr::vector<std::pmr::string> lines{scope};
      for (int i = 0; i < 20; ++i) lines.emplace_back(100, 'y');
    } catch (std::bad_alloc const&) {
      if (b.held != detail::charge{}) throw std::runtime_error("a charge was left");
      throw;
    }
    if (b.held != detail::charge{}) throw std::runtime_error("a charge was left");
  });
  BOOST_TEST(points > 3U);
}
