// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <tidemark/detail/chunk_list.hpp>

#include "support/chunk_shelf.hpp"

using namespace tidemark::detail;
using tidemark::test::chunk_shelf;

namespace {

// Whether the list holds exactly these, linked in both directions.
bool holds(chunk_list const& list, std::initializer_list<chunk const*> expected) {
  chunk const* previous = nullptr;
  chunk const* c = list.front();
  for (chunk const* const e : expected) {
    if (c != e || c->previous != previous) return false;
    previous = c;
    c = c->next;
  }
  return c == nullptr && list.empty() == (expected.size() == 0);
}

struct six_chunks {
  chunk_shelf shelf;
  chunk& a = shelf.make(128);
  chunk& b = shelf.make(128);
  chunk& c = shelf.make(128);
  chunk& d = shelf.make(128);
  chunk& e = shelf.make(128);
  chunk& f = shelf.make(128);
  chunk_list list;
  chunk_list other;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(chunk_list_, six_chunks)

BOOST_AUTO_TEST_CASE(a_chunk_begins_a_cache_line_behind_its_header) {
  std::byte* const memory = shelf.bytes(4096);
  chunk const& made = *make_chunk(memory, 1000, 1024);
  BOOST_TEST(made.begin == memory + chunk_alignment);
  BOOST_TEST(made.cursor == made.begin);
  BOOST_TEST(made.end == memory + 1000);
  BOOST_TEST(made.capacity() == 1000 - chunk_alignment);
  BOOST_TEST(made.used() == 0U);
  BOOST_TEST(made.upstream_bytes == 1000U);
  BOOST_TEST(made.class_bytes == 1024U);
  BOOST_TEST(made.preceding_bytes == 0U);
  BOOST_TEST((made.next == nullptr && made.previous == nullptr));
}

BOOST_AUTO_TEST_CASE(a_block_lies_within_only_if_all_of_it_does) {
  std::byte* const low = a.begin;
  std::byte* const high = a.begin + 32;
  BOOST_TEST(chunk::within(low, 32, low, high));
  BOOST_TEST(chunk::within(low + 31, 1, low, high));
  BOOST_TEST(!chunk::within(low, 33, low, high));
  BOOST_TEST(!chunk::within(low + 31, 2, low, high));
  BOOST_TEST(!chunk::within(low + 8, SIZE_MAX, low, high));
  BOOST_TEST(!chunk::within(low - 1, 1, low, high));
  BOOST_TEST(!chunk::within(high, 1, low, high));
  BOOST_TEST(!chunk::within(low, 1, low, low));
}

BOOST_AUTO_TEST_CASE(chunks_are_added_in_front) {
  BOOST_TEST(holds(list, {}));
  list.push_front(a);
  BOOST_TEST(holds(list, {&a}));
  list.push_front(b);
  list.push_front(c);
  BOOST_TEST(holds(list, {&c, &b, &a}));
}

BOOST_AUTO_TEST_CASE(a_chunk_is_unlinked_from_any_place) {
  for (chunk* const added : {&a, &b, &c, &d}) list.push_front(*added);
  list.unlink(b);
  BOOST_TEST(holds(list, {&d, &c, &a}));
  list.unlink(d);
  BOOST_TEST(holds(list, {&c, &a}));
  list.unlink(a);
  BOOST_TEST(holds(list, {&c}));
  list.unlink(c);
  BOOST_TEST(holds(list, {}));
  for (chunk const* const removed : {&a, &b, &c, &d}) {
    BOOST_TEST((removed->next == nullptr && removed->previous == nullptr));
  }
}

BOOST_AUTO_TEST_CASE(chunks_are_popped_newest_first) {
  BOOST_TEST((list.pop_front() == nullptr));
  list.push_front(a);
  list.push_front(b);
  BOOST_TEST(list.pop_front() == &b);
  BOOST_TEST(holds(list, {&a}));
  BOOST_TEST((b.next == nullptr));
  BOOST_TEST(list.pop_front() == &a);
  BOOST_TEST((list.pop_front() == nullptr));
}

BOOST_AUTO_TEST_CASE(a_list_takes_another_over_behind_its_front) {
  for (chunk* const added : {&a, &b, &c}) list.push_front(*added);
  for (chunk* const added : {&d, &e, &f}) other.push_front(*added);
  list.take_over(other);
  BOOST_TEST(holds(list, {&c, &f, &e, &d, &b, &a}));
  BOOST_TEST(holds(other, {}));
}

BOOST_AUTO_TEST_CASE(a_list_of_one_takes_another_over) {
  list.push_front(a);
  other.push_front(b);
  list.take_over(other);
  BOOST_TEST(holds(list, {&a, &b}));
  BOOST_TEST(holds(other, {}));
}

BOOST_AUTO_TEST_CASE(an_empty_list_takes_over_and_is_taken_over) {
  list.take_over(other);
  BOOST_TEST(holds(list, {}));
  other.push_front(a);
  other.push_front(b);
  list.take_over(other);
  BOOST_TEST(holds(list, {&b, &a}));
  BOOST_TEST(holds(other, {}));
  list.take_over(other);
  BOOST_TEST(holds(list, {&b, &a}));
}

BOOST_AUTO_TEST_CASE(an_idle_chunk_is_served_by_exact_class) {
  idle_chunks idle;
  chunk& small = shelf.make(1024);
  chunk& large = shelf.make(2048);
  small.cursor = small.end;
  idle.put(small);
  idle.put(large);
  BOOST_TEST((idle.take(512, 1) == nullptr));
  BOOST_TEST((idle.take(1536, 1) == nullptr));
  BOOST_TEST(idle.take(1024, 1) == &small);
  BOOST_TEST(small.used() == 0U);
  BOOST_TEST((idle.take(1024, 1) == nullptr));
  BOOST_TEST(idle.take(2048, 2048 - chunk_alignment) == &large);
  BOOST_TEST((idle.take(2048, 1) == nullptr));
}

BOOST_AUTO_TEST_CASE(two_classes_that_share_a_list_never_mix) {
  // Classes 4 to 2^20 times apart repeat the three bits that choose a list.
  idle_chunks idle;
  chunk& first = shelf.make(256, 1024);
  chunk& second = shelf.make(256, 4096);
  chunk& third = shelf.make(256, std::size_t{1} << 30U);
  for (chunk* const added : {&first, &second, &third}) idle.put(*added);
  BOOST_TEST((idle.take(std::size_t{1} << 20U, 1) == nullptr));
  BOOST_TEST(idle.take(4096, 1) == &second);
  BOOST_TEST(idle.take(std::size_t{1} << 30U, 1) == &third);
  BOOST_TEST((idle.take(4096, 1) == nullptr));
  BOOST_TEST(idle.take(1024, 1) == &first);
}

BOOST_AUTO_TEST_CASE(a_chunk_that_a_limit_made_smaller_serves_what_it_can_hold) {
  idle_chunks idle;
  chunk& shrunk = shelf.make(256, 4096);
  idle.put(shrunk);
  BOOST_TEST((idle.take(4096, 256 - chunk_alignment + 1) == nullptr));
  BOOST_TEST(idle.take(4096, 256 - chunk_alignment) == &shrunk);
}

BOOST_AUTO_TEST_CASE(the_newest_idle_chunk_of_a_class_is_served_first) {
  idle_chunks idle;
  for (chunk* const added : {&a, &b, &c}) idle.put(*added);
  BOOST_TEST(idle.take(128, 1) == &c);
  BOOST_TEST(idle.take(128, 1) == &b);
  BOOST_TEST(idle.take(128, 1) == &a);
}

BOOST_AUTO_TEST_CASE(every_size_class_is_found_again_and_popped_once) {
  idle_chunks idle;
  std::size_t count = 0;
  for (std::size_t size = 1; size <= (std::size_t{1} << 40U); size = size_class(size + 1)) {
    idle.put(shelf.make(128, size));
    ++count;
  }
  for (std::size_t size = 1; size <= (std::size_t{1} << 40U); size = size_class(size + 1)) {
    chunk* const taken = idle.take(size, 1);
    BOOST_REQUIRE((taken != nullptr));
    BOOST_TEST(taken->class_bytes == size);
    idle.put(*taken);
  }
  while (idle.pop() != nullptr) --count;
  BOOST_TEST(count == 0U);
}

BOOST_AUTO_TEST_CASE(idle_chunks_that_were_not_put_since_the_last_time_are_taken) {
  idle_chunks idle;
  idle.put(a);
  idle.put(b);
  BOOST_TEST(idle.take_since_last() == nullptr);
  idle.put(c);
  chunk* const used = idle.take(128, 1);
  BOOST_REQUIRE(used == &c);
  BOOST_REQUIRE(idle.take(128, 1) == &b);
  idle.put(b);
  idle.put(c);
  BOOST_TEST(idle.take_since_last() == &a);
  BOOST_TEST(a.next == nullptr);
  chunk* const first = idle.take_since_last();
  BOOST_REQUIRE(first != nullptr);
  BOOST_TEST(((first == &b && b.next == &c) || (first == &c && c.next == &b)));
  BOOST_TEST(idle.pop() == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
