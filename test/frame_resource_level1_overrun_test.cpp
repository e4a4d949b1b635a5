// SPDX-License-Identifier: BSL-1.0

// Level 1 of a frame: writes behind the end of a block.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <optional>
#include <support/level1.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/testing/misuse_recorder.hpp>

using namespace tidemark;
using detail::red_zone_bytes;
using level1::checked;
using level1::scribble;
using testing::misuse_recorder;

namespace {

struct checked_frame {
  frame_resource frame{checked()};
  misuse_recorder bugs;

  void expect_overruns(std::size_t count) const {
    BOOST_TEST(bugs.count(misuse_kind::overrun) == count);
    BOOST_TEST(bugs.seen.size() == count);
  }
};

void scribble_behind(void* block, std::size_t bytes, std::size_t from = 0) {
  scribble(static_cast<std::byte*>(block) + bytes + from, 1);
}

constexpr source_location opened{"tides.cpp", 10};

}  // namespace

BOOST_FIXTURE_TEST_CASE(every_byte_of_a_block_may_be_written, checked_frame) {
  for (std::size_t bytes = 0; bytes < 100; ++bytes) {
    memory_scope scope{frame};
    void* const first = scope.allocate(bytes, 1);
    void* const second = scope.allocate(bytes, 1);
    scribble(first, bytes);
    scribble(second, bytes);
    scope.deallocate(second, bytes, 1);
  }
  expect_overruns(0);
}

BOOST_FIXTURE_TEST_CASE(each_of_the_16_bytes_behind_a_block_is_watched, checked_frame) {
  for (std::size_t i = 0; i < red_zone_bytes; ++i) {
    void* const block = frame.allocate(13, 1);
    scribble_behind(block, 13, i);
    frame.deallocate(block, 13, 1);
    expect_overruns(i + 1);
    BOOST_TEST(bugs.seen.back().address == block);
  }
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_found_when_the_block_is_expanded, checked_frame) {
  memory_scope scope{frame, opened};
  void* const block = scope.allocate(100);
  scribble_behind(block, 100);
  BOOST_TEST(scope.try_expand(block, 100, 200));
  expect_overruns(1);
  BOOST_TEST(bugs.seen[0].opened.line == opened.line);
  scope.deallocate(block, 200);
  expect_overruns(1);
}

BOOST_FIXTURE_TEST_CASE(the_zone_moves_with_the_end_of_a_block, checked_frame) {
  void* const block = frame.allocate(100);
  BOOST_REQUIRE(frame.try_expand(block, 100, 200));
  scribble(block, 200);
  BOOST_REQUIRE(frame.try_expand(block, 200, 150));
  scribble(block, 151);
  frame.deallocate(block, 150);
  expect_overruns(1);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_found_at_the_end_of_its_scope, checked_frame) {
  {
    memory_scope outer{frame, opened};
    void* const small = outer.allocate(1);
    void* const own = outer.allocate(500'000);
    memory_scope inner{frame};
    void* const beside = outer.allocate(40);
    scribble_behind(small, 1);
    scribble_behind(own, 500'000);
    scribble_behind(beside, 40);
  }
  expect_overruns(3);
  for (misuse const& bug : bugs.seen) BOOST_TEST(bug.opened.line == opened.line);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_found_by_reset_release_and_the_end_of_the_frame,
                        checked_frame) {
  std::optional<frame_resource> other{std::in_place, checked()};
  scribble_behind(other->allocate(10), 10);
  other->reset();
  expect_overruns(1);
  scribble_behind(other->allocate(10), 10);
  other->release();
  expect_overruns(2);
  scribble_behind(other->allocate(10), 10);
  other.reset();
  expect_overruns(3);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_of_a_kept_block_is_found_when_that_ends, checked_frame) {
  void* block = nullptr;
  {
    memory_scope inner{frame};
    block = inner.allocate(10);
    inner.keep();
  }
  scribble_behind(block, 10);
  expect_overruns(0);
  frame.reset();
  expect_overruns(1);
}

BOOST_AUTO_TEST_CASE(an_overrun_is_reported_once) {
  misuse_recorder bugs;
  frame_resource frame{checked()};
  void* const older = frame.allocate(10);
  static_cast<void>(frame.allocate(10));
  scribble_behind(older, 10);
  BOOST_TEST(!frame.try_expand(older, 10, 20));
  BOOST_TEST(bugs.seen.size() == 1U);
  frame.deallocate(older, 10);
  frame.reset();
  BOOST_TEST(bugs.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_close_the_scope_whose_end_found_the_overrun) {
  struct context {
    frame_resource frame{checked()};
    marker outer{};
    int reports = 0;
  } shared;
  auto const close = [](misuse const&, void* pointer) noexcept {
    auto& c = *static_cast<context*>(pointer);
    ++c.reports;
    c.frame.rewind(c.outer);
  };
  misuse_hook const former = set_misuse_handler(close, &shared);
  shared.outer = shared.frame.checkpoint();
  marker const inner = shared.frame.checkpoint();
  for (int i = 0; i < 3; ++i) scribble_behind(shared.frame.allocate(10), 10);
  shared.frame.rewind(inner);
  set_misuse_handler(former.handler, former.context);
  BOOST_TEST(shared.frame.depth() == 0U);
  BOOST_TEST(shared.reports == 3);  // each rewind of the handler's finds the next overrun
  misuse_recorder bugs;
  void* const block = shared.frame.allocate(10);
  shared.frame.deallocate(block, 10);
  BOOST_TEST(bugs.seen.empty());
}
