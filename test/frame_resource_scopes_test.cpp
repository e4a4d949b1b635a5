// SPDX-License-Identifier: BSL-1.0

// Scopes on a frame: each allocates for itself, however many are open above it.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <list>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <unordered_map>
#include <vector>

#include "support/unchecked.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using testing::misuse_recorder;

namespace {

std::size_t in_use(frame_resource const& frame) { return frame.stats().bytes_in_use; }

void scribble(frame_resource& frame) {
  for (std::size_t bytes : {16U, 1000U, 4000U, 300'000U}) {
    std::memset(frame.allocate(bytes), 0xEE, bytes);
  }
}

}  // namespace

// The trap of every other mark: the grown part lies above it and falls with it.
BOOST_AUTO_TEST_CASE(a_container_made_before_a_mark_and_grown_after_keeps_its_contents) {
  frame_resource frame;
  memory_scope outer{frame};
  std::pmr::vector<int> numbers{outer};
  std::pmr::list<std::pmr::string> words{outer};
  std::pmr::unordered_map<int, std::pmr::vector<int>> table{outer};
  for (int round = 0; round < 50; ++round) {
    memory_scope inner{frame};
    scribble(frame);
    for (int i = 0; i < 40; ++i) numbers.push_back(round * 40 + i);
    words.emplace_back("a word that is too long for the small buffer of a string");
    table[round].assign(30, round);
    scribble(frame);
  }
  scribble(frame);
  for (int i = 0; i < 2000; ++i) BOOST_REQUIRE(numbers[static_cast<std::size_t>(i)] == i);
  for (auto const& word : words) BOOST_TEST(word == words.front());
  for (auto const& [key, values] : table) BOOST_TEST((values == std::pmr::vector<int>(30, key)));
}

BOOST_AUTO_TEST_CASE(every_open_scope_allocates_for_itself) {
  frame_resource frame{unchecked()};
  memory_scope first{frame};
  memory_scope second{frame};
  char* of_first = nullptr;
  char* of_second = nullptr;
  {
    memory_scope third{frame};
    of_first = static_cast<char*>(first.allocate(100));
    of_second = static_cast<char*>(second.resource()->allocate(100));
    std::memset(of_first, '1', 100);
    std::memset(of_second, '2', 100);
    std::memset(third.allocate(100), '3', 100);
    std::memset(frame.allocate(100), '3', 100);
  }
  scribble(frame);
  BOOST_TEST(of_first[99] == '1');
  BOOST_TEST(of_second[99] == '2');
}

BOOST_AUTO_TEST_CASE(the_bare_frame_means_the_innermost_open_checkpoint) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  std::size_t before = 0;
  {
    memory_scope inner{frame};
    before = in_use(frame);
    static_cast<void>(frame.allocate(100));
    static_cast<void>(inner.allocate(100));
    BOOST_TEST(in_use(frame) >= before + 200);
  }
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(what_a_scope_took_beside_the_chain_falls_with_it) {
  frame_resource frame{unchecked()};
  std::size_t const before = in_use(frame);
  {
    memory_scope outer{frame};
    memory_scope inner{frame};
    for (int i = 0; i < 100; ++i) static_cast<void>(outer.allocate(500));
    static_cast<void>(outer.allocate(1_MiB));
    static_cast<void>(inner.allocate(1_MiB));
    BOOST_TEST(in_use(frame) >= 50'000 + 2_MiB);
  }
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(what_an_inner_scope_leaves_counts_what_outer_ones_took_meanwhile) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  std::size_t const before = in_use(frame);
  {
    memory_scope inner{frame};
    static_cast<void>(inner.allocate(4000));
    static_cast<void>(outer.allocate(100, 1));
    static_cast<void>(frame.unscoped()->allocate(50, 1));
  }
  BOOST_TEST(in_use(frame) == before + 150);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_has_a_resource_of_its_own) {
  frame_resource frame{unchecked()};
  marker const outer = frame.checkpoint();
  std::pmr::memory_resource* const resource = frame.resource_of(outer);
  BOOST_TEST(frame.resource_of(outer) == resource);
  marker const inner = frame.checkpoint();
  BOOST_TEST(frame.resource_of(inner) != resource);
  std::pmr::vector<int> numbers{resource};
  numbers.assign(100, 7);
  frame.rewind(inner);
  scribble(frame);
  BOOST_TEST((numbers == std::pmr::vector<int>(100, 7)));
}

BOOST_AUTO_TEST_CASE(a_container_that_outlives_its_scope_gets_no_memory_and_is_reported) {
  misuse_recorder recorder;
  frame_resource frame{{.name = "parser"}};
  std::optional<std::pmr::vector<int>> late;
  {
    memory_scope scope{frame, source_location{"opener.cpp", 41}};
    late.emplace(scope);
  }
  auto const before = frame.stats();
  for (int i = 0; i < 2; ++i) BOOST_CHECK_THROW(late->push_back(1), std::bad_alloc);
  BOOST_TEST((frame.stats() == before));
  BOOST_REQUIRE(recorder.seen.size() == 2U);
  BOOST_TEST((recorder.seen[0].kind == misuse_kind::scope_closed));
  BOOST_TEST((recorder.seen[0].resource == "parser"));
  BOOST_TEST(recorder.seen[0].opened.file == "opener.cpp");
  BOOST_TEST(recorder.seen[0].opened.line == 41U);
}

BOOST_AUTO_TEST_CASE(a_late_container_gets_no_memory_of_an_outer_scope_that_is_still_open) {
  misuse_recorder recorder;
  frame_resource frame;
  memory_scope outer{frame};
  std::optional<std::pmr::vector<int>> late;
  {
    memory_scope scope{frame};
    late.emplace(scope);
    late->push_back(1);
  }
  BOOST_CHECK_THROW(late->resize(1000), std::bad_alloc);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
  late.reset();
  BOOST_TEST(frame.depth() == 1U);
}

BOOST_AUTO_TEST_CASE(try_allocate_in_a_closed_scope_is_reported_and_null) {
  misuse_recorder recorder;
  frame_resource frame;
  memory_scope scope{frame};
  frame.reset();
  BOOST_TEST(scope.try_allocate(10) == nullptr);
  BOOST_CHECK_THROW(static_cast<void>(scope.allocate(10)), std::bad_alloc);
  BOOST_CHECK_THROW(static_cast<void>(scope.make<int>(1)), std::bad_alloc);
  scope.reset();
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 4U);
  BOOST_TEST(recorder.seen.size() == 4U);
  BOOST_TEST(!scope.try_expand(&scope, 1, 2));
}

BOOST_AUTO_TEST_CASE(a_scope_that_is_reset_is_empty_and_stays_open) {
  frame_resource frame{unchecked_first(512)};
  memory_scope outer{frame};
  static_cast<void>(outer.allocate(100));
  memory_scope scope{frame};
  std::size_t const before = in_use(frame);
  std::pmr::memory_resource* const resource = scope.resource();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) static_cast<void>(scope.allocate(400));
    static_cast<void>(scope.allocate(1_MiB));
    scope.reset();
    BOOST_TEST(in_use(frame) == before);
    BOOST_TEST(scope.is_open());
    BOOST_TEST(scope.resource() == resource);
    void* const block = resource->allocate(40, 8);
    resource->deallocate(block, 40, 8);
    BOOST_TEST(in_use(frame) == before + (8 - before % 8) % 8);
    scope.reset();
  }
}

BOOST_AUTO_TEST_CASE(after_a_reset_of_a_scope_its_newest_block_pops_and_an_outer_one_does_not) {
  frame_resource frame{unchecked_first(512)};
  memory_scope outer{frame};
  void* const below = outer.allocate(128, 8);
  memory_scope scope{frame};
  for (int i = 0; i < 20; ++i) static_cast<void>(scope.allocate(400));
  scope.reset();
  std::size_t const before = in_use(frame);
  void* const block = scope.allocate(128, 8);
  scope.deallocate(block, 128, 8);
  BOOST_TEST(in_use(frame) == before);
  frame.deallocate(below, 128, 8);
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(a_reset_of_a_scope_closes_raw_checkpoints_above_it_but_no_scopes) {
  misuse_recorder recorder;
  frame_resource frame;
  memory_scope scope{frame};
  static_cast<void>(frame.checkpoint());
  static_cast<void>(frame.checkpoint());
  scope.reset();
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(frame.stats().closed_from_below == 2U);
  BOOST_TEST(recorder.seen.empty());
  memory_scope inner{frame};
  auto const before = frame.stats();
  scope.reset();
  BOOST_TEST(recorder.count(misuse_kind::out_of_order) == 1U);
  BOOST_TEST((frame.stats() == before));
}

BOOST_AUTO_TEST_CASE(a_nested_scope_is_a_scope_on_the_same_frame) {
  frame_resource frame;
  memory_scope outer{frame};
  {
    frame_scope inner = outer.nested();
    BOOST_TEST(frame.depth() == 2U);
    BOOST_TEST(&inner.pool() == &frame);
  }
  BOOST_TEST(frame.depth() == 1U);
}

BOOST_AUTO_TEST_CASE(a_scope_on_a_frame_known_by_its_base_obeys_the_same_rules) {
  frame_resource frame{unchecked()};
  rewindable_resource& base = frame;
  std::size_t before = 0;
  {
    memory_scope<rewindable_resource> outer{base};
    before = in_use(frame);
    memory_scope<rewindable_resource> inner{base};
    std::pmr::vector<int> numbers{outer};
    numbers.resize(1000);
    static_cast<void>(inner.allocate(100));
    BOOST_TEST(frame.depth() == 2U);
  }
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(a_scope_destroyed_before_an_inner_one_closes_together_with_it) {
  misuse_recorder recorder;
  frame_resource frame{unchecked()};
  std::size_t const before = in_use(frame);
  auto outer = std::make_unique<frame_scope>(frame);
  auto* const block = static_cast<char*>(outer->allocate(100));
  std::memset(block, 'o', 100);
  auto inner = std::make_unique<frame_scope>(frame, source_location{"inner.cpp", 3});
  outer.reset();
  BOOST_TEST(recorder.seen.size() == 1U);
  BOOST_TEST((recorder.seen.at(0).kind == misuse_kind::out_of_order));
  BOOST_TEST(recorder.seen.at(0).opened.file == "inner.cpp");
  BOOST_TEST(frame.depth() == 2U);
  scribble(frame);
  BOOST_TEST(block[99] == 'o');
  inner.reset();
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(recorder.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(several_scopes_destroyed_out_of_order_close_when_nothing_is_above_them) {
  misuse_recorder recorder;
  frame_resource frame{unchecked()};
  std::vector<std::unique_ptr<frame_scope>> scopes;
  for (int i = 0; i < 6; ++i) {
    scopes.push_back(std::make_unique<frame_scope>(frame));
    static_cast<void>(scopes.back()->allocate(1000));
  }
  for (std::size_t i : {1U, 3U, 0U, 4U}) scopes[i].reset();
  BOOST_TEST(recorder.count(misuse_kind::out_of_order) == 4U);
  BOOST_TEST(frame.depth() == 6U);
  scopes[5].reset();
  BOOST_TEST(frame.depth() == 3U);
  scopes[2].reset();
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(in_use(frame) == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_destroyed_out_of_order_still_keeps_if_it_was_told_to) {
  misuse_recorder recorder;
  frame_resource frame{unchecked()};
  auto outer = std::make_unique<frame_scope>(frame);
  static_cast<void>(outer->allocate(128));
  outer->keep();
  auto inner = std::make_unique<frame_scope>(frame);
  static_cast<void>(inner->allocate(1000));
  outer.reset();
  inner.reset();
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(in_use(frame) == 128U);
}

BOOST_AUTO_TEST_CASE(a_raw_checkpoint_above_a_scope_closes_when_the_scope_ends) {
  misuse_recorder recorder;
  frame_resource frame;
  {
    memory_scope scope{frame};
    static_cast<void>(frame.checkpoint());
    static_cast<void>(frame.allocate(100));
  }
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().closed_from_below == 1U);
  BOOST_TEST(recorder.seen.empty());
}
