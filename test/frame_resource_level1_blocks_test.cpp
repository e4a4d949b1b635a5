// SPDX-License-Identifier: BSL-1.0

// Level 1 of a frame: what every block is, and what lies around it.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>
#include <support/level1.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <vector>

using namespace tidemark;
using level1::checked;
using level1::scribble;
using testing::misuse_recorder;

namespace {

struct checked_frame {
  frame_resource frame{checked()};
  misuse_recorder bugs;

  // One more report than before, and of this kind.
  void expect(misuse_kind kind, void const* address = nullptr) {
    BOOST_REQUIRE(bugs.seen.size() == ++reports);
    BOOST_TEST(bugs.seen.back().kind == kind);
    BOOST_TEST(bugs.seen.back().resource == "tides");
    if (address != nullptr) BOOST_TEST(bugs.seen.back().address == address);
  }
  std::size_t reports = 0;
};

constexpr source_location opened{"tides.cpp", 10};
constexpr source_location closed{"tides.cpp", 20};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_block_freed_twice_is_reported, checked_frame) {
  void* const older = frame.allocate(100);
  void* const newest = frame.allocate(100);
  frame.deallocate(newest, 100);
  frame.deallocate(newest, 100);
  expect(misuse_kind::double_free, newest);
  frame.deallocate(older, 100);
  frame.deallocate(older, 100);
  expect(misuse_kind::double_free, older);
}

BOOST_FIXTURE_TEST_CASE(a_block_that_waits_below_others_is_freed_once, checked_frame) {
  memory_scope scope{frame};
  void* const small = scope.allocate(100);
  void* const array = scope.allocate(5000);
  void* const large = scope.allocate(500'000);
  static_cast<void>(scope.allocate(1));
  for (auto const& [block, bytes] : {std::pair{small, 100U}, {array, 5000U}, {large, 500'000U}}) {
    scope.deallocate(block, bytes);
    BOOST_TEST(bugs.seen.size() == reports);
    scope.deallocate(block, bytes);
    expect(misuse_kind::double_free, block);
  }
}

BOOST_FIXTURE_TEST_CASE(a_block_freed_twice_in_a_scope_that_closed_is_told_with_the_scope,
                        checked_frame) {
  marker const mark = frame.checkpoint(opened);
  void* const block = frame.allocate(100);
  frame.deallocate(block, 100);
  frame.rewind(mark, closed);
  frame.deallocate(block, 100);
  expect(misuse_kind::double_free, block);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(what_the_frame_never_handed_out_is_foreign, checked_frame) {
  int local = 0;
  frame.deallocate(&local, sizeof local);  // before it has handed out anything
  expect(misuse_kind::foreign_block, &local);
  auto* const block = static_cast<std::byte*>(frame.allocate(100));
  frame.deallocate(block + 1, 99);
  expect(misuse_kind::foreign_block, block + 1);
  frame_resource another{checked()};
  void* const theirs = another.allocate(100);
  frame.deallocate(theirs, 100);
  expect(misuse_kind::foreign_block, theirs);
  another.deallocate(theirs, 100);
  frame.deallocate(block, 100);
  BOOST_TEST(bugs.seen.size() == reports);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_another_size_is_foreign, checked_frame) {
  void* const block = frame.allocate(100);
  frame.deallocate(block, 101);
  expect(misuse_kind::foreign_block, block);
  frame.deallocate(block, 99);
  expect(misuse_kind::foreign_block, block);
  frame.deallocate(block, 100);
  BOOST_TEST(bugs.seen.size() == reports);
  void* const empty = frame.allocate(0);
  frame.deallocate(empty, 0);
  BOOST_TEST(bugs.seen.size() == reports);
}

BOOST_FIXTURE_TEST_CASE(an_expanded_block_has_its_new_size, checked_frame) {
  void* const block = frame.allocate(100);
  BOOST_REQUIRE(frame.try_expand(block, 100, 300));
  frame.deallocate(block, 100);
  expect(misuse_kind::foreign_block, block);
  BOOST_REQUIRE(frame.try_expand(block, 300, 50));
  frame.deallocate(block, 50);
  BOOST_TEST(bugs.seen.size() == reports);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_live_block_cannot_be_expanded, checked_frame) {
  void* const block = frame.allocate(100);
  BOOST_TEST(!frame.try_expand(block, 90, 80));
  BOOST_TEST(!frame.try_expand(static_cast<std::byte*>(block) + 50, 50, 20));
  frame.deallocate(block, 100);
  BOOST_TEST(!frame.try_expand(block, 100, 50));
}

BOOST_FIXTURE_TEST_CASE(a_container_of_the_bare_frame_that_grew_in_an_inner_scope_is_found_out,
                        checked_frame) {
  std::optional<std::pmr::vector<int>> numbers{std::in_place, 4U, 1, &frame};
  void const* grown = nullptr;
  {
    memory_scope inner{frame, opened};
    numbers->resize(100, 2);  // lies in `inner`, which will take it back
    grown = numbers->data();
  }
  BOOST_TEST(bugs.seen.empty());
  numbers.reset();
  expect(misuse_kind::outlived, grown);
  BOOST_TEST(bugs.seen[0].opened.line == opened.line);
  BOOST_TEST(bugs.seen[0].closed_at != nullptr);
  BOOST_TEST(bugs.seen[0].used_at != nullptr);
  BOOST_TEST(frame.stats().late_frees == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_a_closed_scope_is_late_whoever_frees_it, checked_frame) {
  marker const mark = frame.checkpoint(opened);
  std::pmr::memory_resource* const scope = frame.resource_of(mark);
  void* const first = scope->allocate(100);
  void* const second = scope->allocate(100);
  frame.rewind(mark, closed);
  frame.deallocate(first, 100);
  expect(misuse_kind::outlived, first);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
  BOOST_TEST(bugs.seen.back().closed_at == nullptr);
  scope->deallocate(second, 100);
  expect(misuse_kind::outlived, second);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
  BOOST_TEST(frame.stats().late_frees == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_late_free_takes_no_block_from_who_has_its_address_now, checked_frame) {
  marker const mark = frame.checkpoint(opened);
  std::pmr::memory_resource* const scope = frame.resource_of(mark);
  void* const block = scope->allocate(100);
  frame.rewind(mark, closed);
  void* const again = frame.allocate(100);
  BOOST_REQUIRE(again == block);
  scope->deallocate(block, 100);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  frame.deallocate(again, 100);
  BOOST_TEST(bugs.seen.size() == reports);
}

BOOST_FIXTURE_TEST_CASE(a_block_is_late_after_reset_and_after_release, checked_frame) {
  void* block = frame.allocate(100);
  frame.reset();
  frame.deallocate(block, 100);
  expect(misuse_kind::outlived, block);
  block = frame.unscoped()->allocate(100);
  frame.release();
  frame.deallocate(block, 100);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(bugs.seen.back().closed_at != nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_a_kept_scope_outlives_what_it_was_kept_into, checked_frame) {
  void* block = nullptr;
  marker const outer = frame.checkpoint(opened);
  {
    memory_scope inner{frame};
    block = inner.allocate(100);
    inner.keep();
  }
  frame.rewind(outer, closed);
  frame.deallocate(block, 100);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_an_emptied_scope_is_told_by_the_emptying, checked_frame) {
  void* block = nullptr;
  {
    memory_scope scope{frame, opened};
    block = scope.allocate(100);
    scope.reset(closed);
  }
  frame.deallocate(block, 100);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(a_scope_closed_long_ago_is_forgotten_but_its_blocks_are_not,
                        checked_frame) {
  marker const mark = frame.checkpoint(opened);
  void* const block = frame.allocate(100);
  frame.rewind(mark, closed);
  for (int i = 0; i < 64; ++i) frame.rewind(frame.checkpoint());
  frame.deallocate(block, 100);
  expect(misuse_kind::outlived, block);
  BOOST_TEST(!bugs.seen.back().opened);
  BOOST_TEST(!bugs.seen.back().closed);
}

BOOST_FIXTURE_TEST_CASE(an_allocation_in_a_closed_scope_names_both_ends_of_it, checked_frame) {
  std::optional<frame_scope> scope{std::in_place, frame, opened};
  std::pmr::memory_resource* const late = *scope;
  scope.reset();
  BOOST_CHECK_THROW(static_cast<void>(late->allocate(1)), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed_at != nullptr);
  marker const mark = frame.checkpoint(opened);
  std::pmr::memory_resource* const second = frame.resource_of(mark);
  frame.rewind(mark, closed);
  BOOST_CHECK_THROW(static_cast<void>(second->allocate(1)), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_FIXTURE_TEST_CASE(a_marker_used_twice_is_told_with_its_first_use, checked_frame) {
  marker const mark = frame.checkpoint(opened);
  frame.rewind(mark, closed);
  frame.rewind(mark);
  expect(misuse_kind::stale_marker);
  BOOST_TEST(bugs.seen.back().opened.line == opened.line);
  BOOST_TEST(bugs.seen.back().closed.line == closed.line);
}

BOOST_AUTO_TEST_CASE(the_memory_of_checks_is_not_asked_of_upstream) {
  testing::checked_upstream upstream;
  {
    frame_options options = checked();
    options.initial_bytes = 1 << 20;
    options.max_chunk_bytes = 1 << 22;
    frame_resource frame{options, &upstream};
    for (int round = 0; round < 100; ++round) {
      marker const mark = frame.checkpoint();
      for (int i = 0; i < 200; ++i) static_cast<void>(frame.allocate(100));
      frame.rewind(mark);
      static_cast<void>(frame.allocate(100));
    }
    BOOST_TEST(upstream.calls() == 1U);
    BOOST_TEST(upstream.bytes_outstanding() == (1U << 20U) + 64U);  // with the chunk's header
    BOOST_TEST(frame.stats().upstream_calls == 1U);
    BOOST_TEST(frame.stats().bytes_reserved == upstream.bytes_outstanding());
  }
  BOOST_TEST(upstream.complaint() == "");
}
