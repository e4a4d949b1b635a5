// SPDX-License-Identifier: BSL-1.0

// Level 1 of a frame: which thread may use it.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>
#include <semaphore>
#include <support/level1.hpp>
#include <thread>
#include <tidemark/detail/poison.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <vector>

using namespace tidemark;
using level1::checked;
using level1::elsewhere;
using testing::misuse_recorder;

namespace {

constexpr source_location outermost{"tides.cpp", 3};

// A frame whose outermost checkpoint this thread holds open.
struct open_frame {
  frame_resource frame{checked()};
  marker mark = frame.checkpoint(outermost);
  misuse_recorder bugs;

  ~open_frame() { frame.reset(); }
  // One report, and nothing was changed.
  void expect(misuse_kind kind, resource_stats const& before) const {
    BOOST_REQUIRE(bugs.seen.size() == 1U);
    BOOST_TEST(bugs.seen[0].kind == kind);
    BOOST_TEST(bugs.seen[0].resource == "tides");
    BOOST_TEST((frame.stats() == before));
  }
  void expect_wrong_thread(resource_stats const& before) const {
    expect(misuse_kind::wrong_thread, before);
    BOOST_TEST(bugs.seen[0].opened.line == outermost.line);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(another_thread_gets_no_memory_while_a_checkpoint_is_open, open_frame) {
  resource_stats const before = frame.stats();
  elsewhere([&] { BOOST_CHECK_THROW(static_cast<void>(frame.allocate(8)), std::bad_alloc); });
  expect_wrong_thread(before);
  elsewhere([&] { BOOST_TEST(frame.try_allocate(8) == nullptr); });
  std::pmr::memory_resource* const scope = frame.resource_of(mark);
  elsewhere([&] { BOOST_CHECK_THROW(static_cast<void>(scope->allocate(8)), std::bad_alloc); });
  BOOST_TEST(bugs.count(misuse_kind::wrong_thread) == 3U);
  BOOST_TEST((frame.stats() == before));
}

BOOST_FIXTURE_TEST_CASE(another_thread_opens_no_checkpoint, open_frame) {
  resource_stats const before = frame.stats();
  marker other = mark;
  elsewhere([&] { other = frame.checkpoint({"other.cpp", 9}); });
  BOOST_TEST((other == marker{}));
  expect_wrong_thread(before);
  BOOST_TEST(bugs.seen[0].used.line == 9U);
}

BOOST_FIXTURE_TEST_CASE(another_thread_rewinds_nothing, open_frame) {
  resource_stats const before = frame.stats();
  elsewhere([&] { frame.rewind(mark, {"other.cpp", 9}); });
  expect_wrong_thread(before);
  BOOST_TEST(bugs.seen[0].used.line == 9U);
}

BOOST_FIXTURE_TEST_CASE(another_thread_keeps_nothing, open_frame) {
  resource_stats const before = frame.stats();
  elsewhere([&] { frame.keep(mark); });
  expect_wrong_thread(before);
}

BOOST_FIXTURE_TEST_CASE(another_thread_frees_no_block, open_frame) {
  void* const block = frame.allocate(100);
  level1::scribble(block, 100);
  resource_stats const before = frame.stats();
  elsewhere([&] { frame.deallocate(block, 100); });
  expect_wrong_thread(before);
  BOOST_TEST(static_cast<char*>(block)[99] == 'x');
  frame.deallocate(block, 100);
  BOOST_TEST(bugs.seen.size() == 1U);  // so it was not freed before
}

BOOST_FIXTURE_TEST_CASE(another_thread_expands_no_block, open_frame) {
  void* const block = frame.allocate(100);
  resource_stats const before = frame.stats();
  elsewhere([&] { BOOST_TEST(!frame.try_expand(block, 100, 200)); });
  expect_wrong_thread(before);
}

BOOST_FIXTURE_TEST_CASE(another_thread_resets_and_releases_nothing, open_frame) {
  static_cast<void>(frame.allocate(100));
  resource_stats const before = frame.stats();
  elsewhere([&] { frame.reset(); });
  expect_wrong_thread(before);
  elsewhere([&] { frame.release(); });
  BOOST_TEST(bugs.count(misuse_kind::wrong_thread) == 2U);
  BOOST_TEST((frame.stats() == before));
}

BOOST_FIXTURE_TEST_CASE(another_thread_trims_nothing, open_frame) {
  marker const inner = frame.checkpoint();
  static_cast<void>(frame.allocate(500'000));
  frame.rewind(inner);
  resource_stats const before = frame.stats();
  elsewhere([&] { BOOST_TEST(frame.trim() == 0U); });
  expect_wrong_thread(before);
  BOOST_TEST(frame.trim() > 0U);
}

BOOST_FIXTURE_TEST_CASE(a_scope_that_ends_on_another_thread_stays_open, open_frame) {
  std::optional<frame_scope> scope{std::in_place, frame};
  static_cast<void>(scope->allocate(100));
  resource_stats const before = frame.stats();
  elsewhere([&] { scope.reset(); });
  expect_wrong_thread(before);
  BOOST_TEST(frame.depth() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_scope_is_emptied_on_its_own_thread_only, open_frame) {
  memory_scope scope{frame};
  static_cast<void>(scope.allocate(100));
  resource_stats const before = frame.stats();
  elsewhere([&] { scope.reset(); });
  expect_wrong_thread(before);
}

BOOST_FIXTURE_TEST_CASE(the_owner_goes_on_after_a_report, open_frame) {
  elsewhere([&] { BOOST_TEST(frame.try_allocate(8) == nullptr); });
  static_cast<void>(frame.allocate(8));
  frame.rewind(mark);
  BOOST_TEST(bugs.seen.size() == 1U);
  BOOST_TEST(frame.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_frame_without_an_open_checkpoint_may_be_handed_over) {
  misuse_recorder bugs;
  frame_resource frame{checked()};
  std::binary_semaphore mine{0};
  std::binary_semaphore theirs{0};
  auto const use = [&frame](int round) {
    std::pmr::vector<int> outside{&frame};
    memory_scope scope{frame};
    std::pmr::vector<int> inside{scope};
    for (int i = 0; i < round; ++i) inside.push_back(i);
    void* const block = frame.allocate(64);
    frame.deallocate(block, 64);
  };
  constexpr int rounds = 100;
  std::thread other{[&] {
    for (int i = 0; i < rounds; ++i) {
      theirs.acquire();
      use(i);
      mine.release();
    }
  }};
  for (int i = 0; i < rounds; ++i) {
    use(i);
    theirs.release();
    mine.acquire();
    if (i % 10 == 0) frame.reset();
  }
  other.join();
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(frame.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_of_a_frame_that_was_handed_over_is_freed_by_the_new_holder) {
  misuse_recorder bugs;
  frame_resource frame{checked()};
  void* const block = frame.allocate(64);
  elsewhere([&] { frame.deallocate(block, 64); });
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(frame.stats().bytes_in_use <= 2 * detail::red_zone_bytes);
}

BOOST_AUTO_TEST_CASE(who_opens_the_outermost_checkpoint_next_is_the_next_owner) {
  misuse_recorder bugs;
  frame_resource frame{checked()};
  frame.rewind(frame.checkpoint());
  marker theirs;
  elsewhere([&] {
    theirs = frame.checkpoint();
    frame.rewind(frame.checkpoint());  // an inner one changes no owner
    static_cast<void>(frame.allocate(8));
  });
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(frame.try_allocate(8) == nullptr);
  BOOST_TEST(bugs.count(misuse_kind::wrong_thread) == 1U);
}

BOOST_AUTO_TEST_CASE(a_leased_frame_goes_on_under_another_thread) {
  misuse_recorder bugs;
  frame_resource frame{checked(frame_owner::lease)};
  std::optional<frame_scope> scope{std::in_place, frame};
  std::pmr::vector<int> numbers{*scope};
  numbers.push_back(1);
  elsewhere([&] {
    for (int i = 0; i < 100; ++i) numbers.push_back(i);
    memory_scope inner{frame};
    static_cast<void>(inner.allocate(100));
  });
  numbers = {};
  elsewhere([&] { scope.reset(); });
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(frame.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(two_threads_at_once_are_reported) {
  for (frame_owner const owner : {frame_owner::lease, frame_owner::thread}) {
    misuse_recorder bugs;
    level1::inviting_upstream upstream;
    frame_resource frame{checked(owner), &upstream};
    static_cast<void>(frame.allocate(16));
    marker theirs;
    upstream.during = [&] {
      elsewhere([&] {
        BOOST_CHECK_THROW(static_cast<void>(frame.allocate(16)), std::bad_alloc);
        theirs = frame.checkpoint({"other.cpp", 9});
        frame.reset();
      });
    };
    void* const block = frame.allocate(10'000);  // upstream is asked in its middle
    BOOST_TEST(bugs.count(misuse_kind::concurrent_use) == 3U);
    BOOST_TEST(bugs.seen.size() == 3U);
    BOOST_TEST((theirs == marker{}));
    BOOST_TEST(frame.depth() == 0U);
    level1::scribble(block, 10'000);
    frame.deallocate(block, 10'000);  // the call in whose middle they came was not disturbed
    elsewhere([&] { static_cast<void>(frame.allocate(16)); });  // one after the other is no bug
    BOOST_TEST(bugs.seen.size() == 3U);
  }
}

BOOST_AUTO_TEST_CASE(upstream_may_use_the_frame_that_asks_it) {
  misuse_recorder bugs;
  level1::inviting_upstream upstream;
  frame_resource frame{checked(), &upstream};
  static_cast<void>(frame.allocate(16));
  memory_scope scope{frame};
  void* block = nullptr;
  upstream.during = [&] {
    block = frame.allocate(100, 1);
    level1::scribble(block, 100);
    void* const another = frame.allocate(200, 1);
    frame.deallocate(another, 200, 1);
  };
  static_cast<void>(frame.allocate(10'000));
  BOOST_REQUIRE(block != nullptr);
  level1::scribble(block, 101);
  frame.deallocate(block, 100, 1);  // it is a checked block as any other
  BOOST_TEST(bugs.seen.size() == 1U);
  BOOST_TEST(bugs.count(misuse_kind::overrun) == 1U);
}

BOOST_AUTO_TEST_CASE(a_frame_without_checks_asks_no_thread) {
  misuse_recorder bugs;
  frame_resource frame{{.check = check_level::off}};
  marker const mark = frame.checkpoint();
  elsewhere([&] { frame.rewind(mark); });
  BOOST_TEST(bugs.seen.empty());
  BOOST_TEST(frame.depth() == 0U);
}
