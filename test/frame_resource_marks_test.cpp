// SPDX-License-Identifier: BSL-1.0

// Markers of a frame cannot lie: what may be closed, by whom, and what is reported instead.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <new>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <vector>

#include "support/unchecked.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using testing::misuse_recorder;

namespace {

std::size_t in_use(frame_resource const& frame) { return frame.stats().bytes_in_use; }

// That `wrong` is reported as `kind` and changes nothing.
template <class F>
void check_refused(frame_resource& frame, misuse_kind kind, F wrong) {
  misuse_recorder recorder;
  auto const before = frame.stats();
  wrong();
  BOOST_TEST((frame.stats() == before));
  BOOST_TEST(recorder.count(kind) == 1U);
  BOOST_TEST(recorder.seen.size() == 1U);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_rewind_frees_what_came_after_the_checkpoint_and_nothing_else) {
  frame_resource frame{unchecked()};
  auto* const kept = static_cast<char*>(frame.allocate(100, 1));
  std::memset(kept, 'k', 100);
  std::size_t const before = in_use(frame);
  marker const mark = frame.checkpoint();
  void* const freed = frame.allocate(100, 1);
  static_cast<void>(frame.allocate(1_MiB));
  frame.rewind(mark);
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(kept[99] == 'k');
  BOOST_TEST(frame.allocate(100, 1) == freed);
}

BOOST_AUTO_TEST_CASE(a_marker_closes_once) {
  frame_resource frame;
  marker const outer = frame.checkpoint();
  marker const mark = frame.checkpoint();
  frame.rewind(mark);
  for (int i = 0; i < 2; ++i) {
    check_refused(frame, misuse_kind::stale_marker, [&] { frame.rewind(mark); });
    check_refused(frame, misuse_kind::stale_marker, [&] { frame.keep(mark); });
  }
  frame.keep(outer);
  check_refused(frame, misuse_kind::stale_marker, [&] { frame.rewind(outer); });
}

BOOST_AUTO_TEST_CASE(a_marker_of_a_depth_that_was_opened_again_is_stale) {
  frame_resource frame;
  marker const old = frame.checkpoint();
  frame.rewind(old);
  marker const fresh = frame.checkpoint();
  check_refused(frame, misuse_kind::stale_marker, [&] { frame.rewind(old); });
  BOOST_TEST(frame.depth() == 1U);
  frame.rewind(fresh);
}

BOOST_AUTO_TEST_CASE(a_null_marker_is_stale) {
  frame_resource frame;
  check_refused(frame, misuse_kind::stale_marker, [&] { frame.rewind(marker{}); });
  static_cast<void>(frame.checkpoint());
  check_refused(frame, misuse_kind::stale_marker, [&] { frame.keep(marker{}); });
}

BOOST_AUTO_TEST_CASE(a_marker_of_another_frame_is_foreign) {
  frame_resource frame;
  frame_resource other;
  marker const ours = frame.checkpoint();
  marker const theirs = other.checkpoint();
  check_refused(frame, misuse_kind::foreign_marker, [&] { frame.rewind(theirs); });
  check_refused(frame, misuse_kind::foreign_marker, [&] { frame.keep(theirs); });
  check_refused(other, misuse_kind::foreign_marker, [&] { other.rewind(ours); });
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(other.depth() == 1U);
}

BOOST_AUTO_TEST_CASE(a_marker_of_a_frame_that_lived_at_the_same_place_is_foreign) {
  alignas(frame_resource) std::byte place[sizeof(frame_resource)];
  auto* frame = ::new (place) frame_resource;
  marker const old = frame->checkpoint();
  frame->~frame_resource();
  frame = ::new (place) frame_resource;
  static_cast<void>(frame->checkpoint());
  check_refused(*frame, misuse_kind::foreign_marker, [&] { frame->rewind(old); });
  frame->~frame_resource();
}

BOOST_AUTO_TEST_CASE(a_report_names_the_frame_and_the_call) {
  misuse_recorder recorder;
  frame_resource frame{{.name = "parser"}};
  frame.rewind(marker{}, source_location{"caller.cpp", 12});
  BOOST_TEST((recorder.seen.at(0).resource == "parser"));
  BOOST_TEST(recorder.seen.at(0).used.file == "caller.cpp");
  BOOST_TEST(recorder.seen.at(0).used.line == 12U);
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_bad_marker_is_null_memory_and_reported) {
  frame_resource frame;
  marker const mark = frame.checkpoint();
  BOOST_TEST(frame.resource_of(mark) != std::pmr::null_memory_resource());
  frame.rewind(mark);
  check_refused(frame, misuse_kind::stale_marker,
                [&] { BOOST_TEST(frame.resource_of(mark) == std::pmr::null_memory_resource()); });
}

BOOST_AUTO_TEST_CASE(raw_checkpoints_above_a_marker_are_closed_with_it_and_counted) {
  frame_resource frame{unchecked()};
  marker const outer = frame.checkpoint();
  std::size_t const before = in_use(frame);
  marker inner;
  for (int i = 0; i < 7; ++i) {
    inner = frame.checkpoint();
    static_cast<void>(frame.allocate(3000));
  }
  frame.rewind(outer);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(frame.stats().closed_from_below == 7U);
  check_refused(frame, misuse_kind::stale_marker, [&] { frame.rewind(inner); });
}

BOOST_AUTO_TEST_CASE(an_open_scope_is_not_closed_from_below) {
  frame_resource frame;
  marker const mark = frame.checkpoint();
  memory_scope scope{frame, source_location{"opener.cpp", 7}};
  std::memset(scope.allocate(100), 1, 100);
  check_refused(frame, misuse_kind::out_of_order, [&] { frame.rewind(mark); });
  check_refused(frame, misuse_kind::out_of_order, [&] { frame.keep(mark); });
  BOOST_TEST(scope.is_open());
  misuse_recorder recorder;
  frame.rewind(mark);
  BOOST_TEST(recorder.seen.at(0).opened.file == "opener.cpp");
  BOOST_TEST(recorder.seen.at(0).opened.line == 7U);
}

BOOST_AUTO_TEST_CASE(a_marker_is_honest_across_chunks) {
  frame_resource frame{unchecked_first(512)};
  std::vector<marker> marks;
  std::vector<std::size_t> used;
  for (int i = 0; i < 20; ++i) {
    used.push_back(in_use(frame));
    marks.push_back(frame.checkpoint());
    for (int k = 0; k < 9; ++k) static_cast<void>(frame.allocate(400, 16));
  }
  BOOST_TEST(frame.stats().chunk_count > 3U);
  while (!marks.empty()) {
    frame.rewind(marks.back());
    BOOST_TEST(in_use(frame) == used.back());
    marks.pop_back();
    used.pop_back();
  }
}

BOOST_AUTO_TEST_CASE(a_checkpoint_before_the_first_chunk_rewinds_to_nothing) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  marker const first = frame.checkpoint();
  marker const second = frame.checkpoint();
  BOOST_TEST(upstream.calls() == 0U);
  static_cast<void>(frame.allocate(100));
  frame.rewind(second);
  BOOST_TEST(in_use(frame) == 0U);
  static_cast<void>(frame.allocate(100));
  frame.rewind(first);
  BOOST_TEST(in_use(frame) == 0U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_at_depth_32768_throws_and_changes_nothing) {
  frame_resource frame{unchecked()};
  marker const outermost = frame.checkpoint();
  for (int d = 2; d <= 32767; ++d) static_cast<void>(frame.checkpoint());
  auto const before = frame.stats();
  BOOST_TEST(before.depth == 32767U);
  BOOST_CHECK_THROW(static_cast<void>(frame.checkpoint()), std::bad_alloc);
  BOOST_CHECK_THROW(frame_scope scope{frame}, std::bad_alloc);
  BOOST_TEST((frame.stats() == before));
  BOOST_TEST(frame.allocate(16) != nullptr);
  frame.rewind(outermost);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().closed_from_below == 32766U);
}

BOOST_AUTO_TEST_CASE(reset_and_release_make_every_marker_stale) {
  frame_resource frame;
  for (bool const release : {false, true}) {
    marker const mark = frame.checkpoint();
    static_cast<void>(frame.checkpoint());
    static_cast<void>(frame.allocate(100));
    release ? frame.release() : frame.reset();
    BOOST_TEST(frame.depth() == 0U);
    check_refused(frame, misuse_kind::stale_marker, [&] { frame.rewind(mark); });
  }
}

// What earlier machines of marks got wrong.

// There a lane without a save of its own was set back to an ancestor's save.
BOOST_AUTO_TEST_CASE(a_rewind_keeps_what_the_parent_took_after_its_own_checkpoint) {
  frame_resource frame{unchecked()};
  marker const parent = frame.checkpoint();
  auto* const block = static_cast<char*>(frame.allocate(64, 1));
  std::memset(block, 'p', 64);
  for (int i = 0; i < 3; ++i) {
    marker const child = frame.checkpoint();
    auto* const other = static_cast<char*>(frame.allocate(64, 1));
    BOOST_TEST((other >= block + 64 || other + 64 <= block));
    std::memset(other, 'c', 64);
    frame.rewind(child);
  }
  BOOST_TEST(block[0] == 'p');
  BOOST_TEST(block[63] == 'p');
  frame.rewind(parent);
}

// There a leaked child made the parent's exit drop what the grandparent had.
BOOST_AUTO_TEST_CASE(closing_a_leaked_child_leaves_the_grandparent_its_blocks) {
  frame_resource frame{unchecked()};
  static_cast<void>(frame.checkpoint());
  auto* const block = static_cast<char*>(frame.allocate(5000, 1));
  std::memset(block, 'g', 5000);
  std::size_t const before = in_use(frame);
  marker const parent = frame.checkpoint();
  try {
    static_cast<void>(frame.checkpoint());  // leaked by the exception
    static_cast<void>(frame.allocate(9000));
    throw 1;
  } catch (int) {
  }
  frame.rewind(parent);
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(block[4999] == 'g');
}

// There the safe form closed one depth too few after an inner one threw.
BOOST_AUTO_TEST_CASE(exceptions_pass_scopes_and_raw_checkpoints_alike) {
  frame_resource frame{unchecked()};
  marker const outer = frame.checkpoint();
  static_cast<void>(frame.allocate(10, 1));
  auto const before = frame.stats();
  try {
    memory_scope first{frame};
    static_cast<void>(frame.checkpoint());
    static_cast<void>(first.allocate(3000));
    memory_scope second{frame};
    static_cast<void>(frame.checkpoint());
    static_cast<void>(frame.checkpoint());
    throw 1;
  } catch (int) {
  }
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(in_use(frame) == before.bytes_in_use);
  BOOST_TEST(frame.stats().closed_from_below == 3U);
  frame.rewind(outer);
}

// There a rewind at the outermost depth wiped what was acquired outside every checkpoint.
BOOST_AUTO_TEST_CASE(a_rewind_leaves_what_was_taken_outside_every_checkpoint) {
  frame_resource frame;
  auto* const block = static_cast<char*>(frame.allocate(100, 1));
  std::memset(block, 'o', 100);
  marker const mark = frame.checkpoint();
  static_cast<void>(frame.allocate(100));
  frame.rewind(mark);
  check_refused(frame, misuse_kind::stale_marker, [&] { frame.rewind(mark); });
  void* const next = frame.allocate(100, 1);
  std::memset(next, 'n', 100);
  BOOST_TEST(block[0] == 'o');
  BOOST_TEST(block[99] == 'o');
}

// There a reset inside a scope made its exit count below zero.
BOOST_AUTO_TEST_CASE(a_reset_inside_a_scope_leaves_its_end_nothing_to_do) {
  misuse_recorder recorder;
  frame_resource frame{unchecked()};
  {
    memory_scope scope{frame};
    memory_scope inner{frame};
    frame.reset();
    BOOST_TEST(!scope.is_open());
    static_cast<void>(frame.allocate(100, 1));
  }
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(in_use(frame) == 100U);
  BOOST_TEST(recorder.seen.empty());
}

// There the count rose before the memory was there.
BOOST_AUTO_TEST_CASE(a_failed_allocation_leaves_the_marks_as_they_were) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked_first(512), &upstream};
  marker const outer = frame.checkpoint();
  static_cast<void>(frame.allocate(500, 1));
  marker const inner = frame.checkpoint();
  std::size_t const before = in_use(frame);
  for (std::size_t bytes : {100U, 100'000U, 1'000'000U}) {
    upstream.fail_at(1);
    BOOST_CHECK_THROW(static_cast<void>(frame.allocate(bytes)), std::bad_alloc);
    BOOST_TEST(in_use(frame) == before);
  }
  frame.rewind(inner);
  frame.rewind(outer);
  BOOST_TEST(in_use(frame) == 0U);
}

// There one acquisition outside every checkpoint made all later scopes slower.
BOOST_AUTO_TEST_CASE(what_happens_outside_every_checkpoint_leaves_no_trace_on_later_ones) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  static_cast<void>(frame.allocate(128));
  static_cast<void>(frame.unscoped()->allocate(6400));
  auto const before = frame.stats();
  for (int i = 0; i < 100; ++i) {
    memory_scope scope{frame};
    static_cast<void>(scope.allocate(64));
  }
  auto const after = frame.stats();
  BOOST_TEST(after.bytes_in_use == before.bytes_in_use);
  BOOST_TEST(after.upstream_calls == before.upstream_calls);
  BOOST_TEST(after.bytes_peak == before.bytes_in_use + 64);
}
