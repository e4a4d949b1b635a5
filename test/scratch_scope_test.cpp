// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/scratch_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <vector>

#include "support/toy_pool.hpp"

using namespace tidemark;
using tidemark::testing::checked_upstream;
using tidemark::testing::misuse_recorder;

namespace {

struct note {
  note(std::vector<int>& where, int what) : log(where), value(what) {}
  note(note const&) = delete;
  note& operator=(note const&) = delete;
  ~note() { log.push_back(value); }
  std::vector<int>& log;
  int value;
};

struct alignas(256) wide {
  explicit wide(bool fails) {
    if (fails) throw std::runtime_error("as asked");
  }
  std::string text = "a text too long for the small buffer of a string";
};

static_assert(!std::is_copy_constructible_v<scratch_scope>);
static_assert(!std::is_constructible_v<scratch_scope, std::nullptr_t>);
static_assert(!std::is_convertible_v<std::pmr::memory_resource*, scratch_scope>);
static_assert(!std::is_convertible_v<scratch_scope, void*>);
static_assert(std::is_constructible_v<scratch_scope, frame_scope&>);

}  // namespace

BOOST_AUTO_TEST_CASE(a_pool_with_marks_is_marked) {
  frame_resource frame;
  {
    scratch_scope scratch{&frame};
    BOOST_TEST(&scratch.pool() == &frame);
    BOOST_TEST(frame.depth() == 1U);
    BOOST_TEST(scratch.is_open());
    (void)scratch.allocate(5000);
    BOOST_TEST(frame.stats().bytes_in_use >= 5000U);
  }
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_gets_a_scope_of_its_pool_above_it) {
  frame_resource frame;
  memory_scope outer{frame};
  std::pmr::vector<int> results{outer};
  {
    scratch_scope scratch{outer};
    BOOST_TEST(&scratch.pool() == &frame);
    BOOST_TEST(frame.depth() == 2U);
    std::pmr::vector<int> numbers(100, 1, scratch);
    results.assign(numbers.begin(), numbers.end());
  }
  scratch_scope again{results.get_allocator().resource()};
  (void)again.allocate(4000);
  BOOST_TEST(frame.depth() == 2U);
  BOOST_TEST(results[99] == 1);
}

BOOST_AUTO_TEST_CASE(the_unscoped_side_of_a_pool_gets_a_scope_of_the_pool) {
  frame_resource frame;
  scratch_scope scratch{frame.unscoped()};
  BOOST_TEST(frame.depth() == 1U);
}

BOOST_AUTO_TEST_CASE(any_other_resource_gets_everything_back_at_the_end) {
  checked_upstream upstream;
  {
    scratch_scope scratch{&upstream};
    BOOST_TEST(upstream.calls() == 0U);
    std::pmr::vector<std::pmr::string> rows{scratch};
    for (int i = 0; i < 500; ++i) rows.emplace_back(100, 'x');
    BOOST_TEST(upstream.bytes_outstanding() > 50000U);
    BOOST_TEST(upstream.calls() < 50U);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_user_s_own_pool_is_marked_too) {
  support::toy_pool pool;
  {
    scratch_scope scratch{&pool};
    auto* const block = scratch.allocate(100, 64);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % 64 == 0U);
    BOOST_TEST(scratch.try_allocate(8) != nullptr);
    BOOST_TEST(!scratch.try_expand(block, 100, 200));
    scratch.deallocate(block, 100, 64);
    BOOST_TEST(pool.depth() == 1U);
    BOOST_TEST(pool.live_blocks() == 1U);
  }
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(pool.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(a_null_resource_is_refused) {
  std::pmr::memory_resource* none = nullptr;
  BOOST_CHECK_THROW((void)scratch_scope{none}, std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_resource_without_memory_throws_when_asked_not_when_opened) {
  scratch_scope scratch{std::pmr::null_memory_resource()};
  BOOST_TEST(scratch.try_allocate(1) == nullptr);
  BOOST_CHECK_THROW((void)scratch.allocate(1), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(the_verbs_are_those_of_a_frame) {
  for (bool const own : {false, true}) {
    frame_resource frame;
    auto* const heap = std::pmr::new_delete_resource();
    scratch_scope scratch{own ? heap : static_cast<std::pmr::memory_resource*>(&frame)};
    auto* const block = scratch.allocate(64);
    BOOST_TEST(scratch.try_expand(block, 64, 128));
    BOOST_TEST(scratch.try_allocate(SIZE_MAX) == nullptr);
    scratch.deallocate(block, 128);
    BOOST_TEST(scratch.allocate(128) == block);
    {
      auto inner = scratch.nested();
      BOOST_TEST(&inner.pool() == &scratch.pool());
      BOOST_TEST(inner.resource() != scratch.resource());
      (void)inner.allocate(10000);
      (void)scratch.allocate(10);
    }
    scratch.reset();
    BOOST_TEST(scratch.is_open());
    BOOST_TEST(scratch.allocate(128) == block);
  }
}

BOOST_AUTO_TEST_CASE(a_scratch_scope_is_a_resource_wherever_one_is_taken) {
  scratch_scope scratch{std::pmr::new_delete_resource()};
  std::pmr::vector<bool> bits(9, true, scratch);
  std::pmr::string text{"a text too long for the small buffer", scratch};
  std::pmr::memory_resource* const resource = scratch;
  BOOST_TEST(resource == scratch.resource());
  BOOST_TEST(text.get_allocator().resource() == resource);
  BOOST_TEST(bits.get_allocator().resource() == resource);
}

BOOST_AUTO_TEST_CASE(keep_passes_blocks_on_where_there_is_somebody_to_take_them) {
  frame_resource frame;
  memory_scope outer{frame};
  std::pmr::memory_resource* kept = nullptr;
  char* text = nullptr;
  {
    scratch_scope scratch{outer};
    kept = scratch.resource();
    text = static_cast<char*>(scratch.allocate(1));
    *text = 'x';
    BOOST_TEST(scratch.keep());
  }
  (void)kept->allocate(5000);
  BOOST_TEST(*text == 'x');
  BOOST_TEST(frame.stats().bytes_in_use > 5000U);

  checked_upstream upstream;
  {
    scratch_scope scratch{&upstream};
    (void)scratch.allocate(100);
    BOOST_TEST(!scratch.keep());
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(what_it_makes_is_destroyed_newest_first_whatever_the_pool) {
  frame_resource frame;
  support::toy_pool toy;
  for (std::pmr::memory_resource* resource :
       {static_cast<std::pmr::memory_resource*>(&frame),
        static_cast<std::pmr::memory_resource*>(&toy), std::pmr::new_delete_resource()}) {
    std::vector<int> log;
    {
      scratch_scope scratch{resource};
      (void)scratch.make<note>(log, 1);
      (void)scratch.make<note>(log, 2);
      scratch.reset();
      BOOST_TEST(log == (std::vector{2, 1}), boost::test_tools::per_element());
      (void)scratch.make<note>(log, 3);
      auto* const text = scratch.make<std::pmr::string>(100, 'x');
      BOOST_TEST(text->get_allocator().resource() == scratch.resource());
      auto* const object = scratch.make<wide>(false);
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(object) % 256 == 0U);
      BOOST_CHECK_THROW((void)scratch.make<wide>(true), std::runtime_error);
      BOOST_TEST(*scratch.make<int>(5) == 5);
    }
    BOOST_TEST(log == (std::vector{2, 1, 3}), boost::test_tools::per_element());
  }
  BOOST_TEST(toy.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(after_a_reset_of_the_pool_its_end_is_harmless) {
  misuse_recorder misuse;
  std::vector<int> log;
  support::toy_pool toy;
  frame_resource frame;
  {
    scratch_scope on_toy{&toy};
    scratch_scope on_frame{&frame};
    (void)on_toy.make<note>(log, 1);
    (void)on_frame.make<note>(log, 2);
    toy.reset();
    frame.reset();
    BOOST_TEST(!on_toy.is_open());
    BOOST_TEST(!on_frame.is_open());
    BOOST_CHECK_THROW((void)on_frame.allocate(1), std::bad_alloc);
  }
  BOOST_TEST(misuse.seen.size() == 1U);
  // The toy destroys nothing by itself, and the memory of its object is gone.
  BOOST_TEST(log == (std::vector{2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reports_name_the_place_where_it_was_opened) {
  misuse_recorder misuse;
  frame_resource frame;
  memory_scope outer{frame};
  auto const line = source_location::current().line + 1;
  scratch_scope scratch{&frame};
  outer.reset();
  BOOST_REQUIRE(misuse.seen.size() == 1U);
  BOOST_TEST(misuse.seen[0].opened.line == line);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_leaks) {
  auto const failures = tidemark::testing::fail_each_allocation([](std::pmr::memory_resource* m) {
    scratch_scope scratch{m};
    std::pmr::vector<std::pmr::string> rows{scratch};
    for (int i = 0; i < 50; ++i) rows.emplace_back(300, 'x');
    auto inner = scratch.nested();
    (void)inner.make<std::string>(100, 'y');
    (void)inner.allocate(100000);
  });
  BOOST_TEST(failures >= 3U);
}
