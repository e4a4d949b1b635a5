// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <tidemark/detail/block_book.hpp>
#include <vector>

using namespace tidemark;
using detail::block_book;
using detail::block_state;
using detail::known_block;

namespace {

std::size_t news = 0;  // calls of operator new in this program

std::byte* at(std::uintptr_t number) { return reinterpret_cast<std::byte*>(number); }

void add(block_book& book, std::uintptr_t number, std::uint32_t depth, std::uint64_t serial = 7,
         std::size_t bytes = 10) {
  book.prepare(depth);
  book.add(at(number), bytes, depth, serial);
}

block_state state(block_book& book, std::uintptr_t number) {
  known_block const* const block = book.find(at(number));
  BOOST_REQUIRE(block != nullptr);
  return block->state;
}

std::size_t count(block_book& book, std::uint32_t depth) { return book.at(depth).size(); }

}  // namespace

// Not inlined: g++ 12 takes malloc's memory for another allocation function's then.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++news;
  if (void* const memory = std::malloc(bytes != 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

BOOST_AUTO_TEST_CASE(what_was_never_handed_out_is_unknown) {
  block_book book;
  BOOST_TEST(book.find(at(4096)) == nullptr);
  add(book, 4096, 0);
  BOOST_TEST(book.find(at(4097)) == nullptr);
  BOOST_TEST(book.find(at(4096 - 32)) == nullptr);
  BOOST_TEST(book.find(nullptr) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_block_is_known_by_where_it_begins) {
  block_book book;
  add(book, 4096, 2, 11, 100);
  known_block const* const block = book.find(at(4096));
  BOOST_REQUIRE(block != nullptr);
  BOOST_TEST(block->address == at(4096));
  BOOST_TEST(block->bytes == 100U);
  BOOST_TEST(block->serial == 11U);
  BOOST_TEST(block->closing == 0U);
  BOOST_TEST((block->state == block_state::live));
  BOOST_TEST(book.depth_count() == 3U);
  BOOST_TEST(count(book, 2) == 1U);
  BOOST_TEST(count(book, 1) == 0U);
}

BOOST_AUTO_TEST_CASE(closing_a_depth_closes_it_and_what_is_deeper) {
  block_book book;
  add(book, 4096, 0);
  add(book, 8192, 1);
  add(book, 12288, 2);
  book.close(1);
  BOOST_TEST((state(book, 4096) == block_state::live));
  BOOST_TEST((state(book, 8192) == block_state::closed));
  BOOST_TEST((state(book, 12288) == block_state::closed));
  BOOST_TEST(count(book, 0) == 1U);
  BOOST_TEST(count(book, 1) == 0U);
  book.close(5);  // deeper than ever
  book.close(0);
  BOOST_TEST((state(book, 4096) == block_state::closed));
}

BOOST_AUTO_TEST_CASE(a_freed_block_is_still_known_as_freed_when_its_scope_is_closed) {
  block_book book;
  add(book, 4096, 1);
  book.find(at(4096))->state = block_state::freed;
  BOOST_TEST(count(book, 1) == 1U);
  book.close(1);
  BOOST_TEST((state(book, 4096) == block_state::freed));
}

BOOST_AUTO_TEST_CASE(an_address_handed_out_again_is_a_new_block) {
  block_book book;
  add(book, 4096, 1, 7, 10);
  book.find(at(4096))->closing = 3;
  book.close(1);
  add(book, 4096, 0, 9, 20);
  known_block const* const block = book.find(at(4096));
  BOOST_TEST(block->bytes == 20U);
  BOOST_TEST(block->serial == 9U);
  BOOST_TEST(block->closing == 0U);
  BOOST_TEST((block->state == block_state::live));
  BOOST_TEST(count(book, 0) == 1U);
}

BOOST_AUTO_TEST_CASE(a_block_is_in_the_list_of_one_depth_only) {
  block_book book;
  add(book, 4096, 2);
  add(book, 4096, 1);  // its scope at depth 2 is not closed yet
  BOOST_TEST(count(book, 2) == 0U);
  BOOST_TEST(count(book, 1) == 1U);
  book.close(2);
  BOOST_TEST((state(book, 4096) == block_state::live));
}

BOOST_AUTO_TEST_CASE(kept_blocks_pass_to_the_enclosing_depth) {
  block_book book;
  add(book, 4096, 1);
  add(book, 8192, 2);
  book.keep(2);
  BOOST_TEST(count(book, 1) == 2U);
  book.close(2);
  BOOST_TEST((state(book, 8192) == block_state::live));
  book.close(1);
  BOOST_TEST((state(book, 8192) == block_state::closed));
  book.keep(9);  // nothing was ever there
}

BOOST_AUTO_TEST_CASE(every_block_is_found_among_many_chunks) {
  // As a pool has them: runs of neighbours that begin at equal distances, some of odd addresses.
  std::mt19937 random(2026);
  block_book book;
  std::vector<std::uintptr_t> addresses;
  for (std::uintptr_t chunk = 1; chunk <= 50; ++chunk) {
    std::uintptr_t address = chunk << 20U;
    for (int i = 0; i < 400; ++i) addresses.push_back(address += 17 + random() % 300);
  }
  for (std::uintptr_t const address : addresses) add(book, address, 0, address, address % 1000);
  bool all = true;
  for (std::uintptr_t const address : addresses) {
    known_block const* const block = book.find(at(address));
    all = all && block != nullptr && block->address == at(address) && block->serial == address &&
          block->bytes == address % 1000 && book.find(at(address + 1)) == nullptr;
  }
  BOOST_TEST(all);
  BOOST_TEST(count(book, 0) == addresses.size());
}

BOOST_AUTO_TEST_CASE(the_last_64_closings_are_remembered) {
  auto const book = std::make_unique<block_book>();
  BOOST_TEST(book->find_closing(0) == nullptr);
  BOOST_TEST(book->find_closing(1) == nullptr);
  BOOST_TEST(book->find_scope(1000) == nullptr);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    BOOST_TEST(book->remember({.serial = 1000 + i, .opened = {"open.cpp", 1}}) == i);
  }
  BOOST_TEST(book->find_closing(36) == nullptr);
  BOOST_TEST(book->find_scope(1036) == nullptr);
  BOOST_TEST(book->find_closing(101) == nullptr);
  for (std::uint64_t i = 37; i <= 100; ++i) {
    BOOST_REQUIRE(book->find_closing(i) != nullptr);
    BOOST_TEST(book->find_closing(i)->serial == 1000 + i);
    BOOST_TEST(book->find_scope(1000 + i) == book->find_closing(i));
  }
}

BOOST_AUTO_TEST_CASE(of_a_scope_that_was_emptied_before_its_end_both_are_remembered) {
  block_book book;
  std::uint64_t const emptied = book.remember({.serial = 5, .closed = {"empty.cpp", 1}});
  std::uint64_t const ended = book.remember({.serial = 5, .closed = {"end.cpp", 2}});
  BOOST_TEST(book.find_closing(emptied)->closed.line == 1U);
  BOOST_TEST(book.find_closing(ended)->closed.line == 2U);
  BOOST_TEST(book.find_scope(5)->closed.line == 2U);
}

BOOST_AUTO_TEST_CASE(its_memory_is_not_operator_news) {
  std::size_t const before = news;
  std::size_t found = 0;
  {
    block_book book;
    for (std::uintptr_t i = 1; i <= 5000; ++i) {
      book.prepare(static_cast<std::uint32_t>(i % 40));
      book.add(at(64 * i), 10, static_cast<std::uint32_t>(i % 40), i);
    }
    for (std::uintptr_t i = 1; i <= 5000; ++i) found += book.find(at(64 * i)) != nullptr ? 1U : 0U;
  }
  BOOST_TEST(news == before);
  BOOST_TEST(found == 5000U);
}
