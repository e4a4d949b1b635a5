// SPDX-License-Identifier: BSL-1.0

// Memory of a frame that stays: kept checkpoints, and what no checkpoint owns.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
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

void scribble(frame_resource& frame) {
  for (std::size_t bytes : {16U, 1000U, 4000U, 300'000U}) {
    std::memset(frame.allocate(bytes), 0xEE, bytes);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_kept_checkpoint_passes_its_blocks_to_the_enclosing_one) {
  frame_resource frame{unchecked()};
  marker const outer = frame.checkpoint();
  marker const inner = frame.checkpoint();
  auto* const block = static_cast<char*>(frame.allocate(1000));
  std::memset(block, 'k', 1000);
  std::size_t const before = in_use(frame);
  frame.keep(inner);
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(in_use(frame) == before);
  scribble(frame);
  BOOST_TEST(block[999] == 'k');
  frame.rewind(outer);
  BOOST_TEST(in_use(frame) == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_at_depth_1_lives_until_reset) {
  frame_resource frame{unchecked()};
  auto* const block = static_cast<char*>([&] {
    memory_scope scope{frame};
    void* const kept = scope.allocate(100, 1);
    std::memset(kept, 'k', 100);
    scope.keep();
    return kept;
  }());
  {
    memory_scope later{frame};
    scribble(frame);
  }
  BOOST_TEST(block[99] == 'k');
  BOOST_TEST(in_use(frame) == 100U);
  frame.reset();
  BOOST_TEST(in_use(frame) == 0U);
}

BOOST_AUTO_TEST_CASE(keeping_over_deeper_raw_checkpoints_keeps_those_too) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  marker const kept = frame.checkpoint();
  static_cast<void>(frame.checkpoint());
  auto* const block = static_cast<char*>(frame.allocate(5000));
  std::memset(block, 'k', 5000);
  static_cast<void>(frame.checkpoint());
  static_cast<void>(frame.allocate(5000));
  std::size_t const before = in_use(frame);
  frame.keep(kept);
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(frame.stats().closed_from_below == 2U);
  scribble(frame);
  BOOST_TEST(block[4999] == 'k');
}

BOOST_AUTO_TEST_CASE(keep_is_acted_on_when_the_scope_ends) {
  frame_resource frame{unchecked()};
  {
    memory_scope scope{frame};
    scope.keep();
    BOOST_TEST(scope.is_open());
    static_cast<void>(scope.allocate(64));
    scope.reset();
    static_cast<void>(scope.allocate(32));
  }
  BOOST_TEST(in_use(frame) == 32U);
}

BOOST_AUTO_TEST_CASE(everything_a_kept_scope_holds_goes_with_it) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  std::size_t const before = in_use(frame);
  {
    memory_scope kept{frame};
    static_cast<void>(kept.allocate(1_MiB));  // a chunk of its own
    memory_scope inner{frame};
    static_cast<void>(kept.allocate(100));  // a side chunk
    static_cast<void>(outer.allocate(100));
    kept.keep();
  }
  BOOST_TEST(in_use(frame) >= before + 1_MiB + 200);
  auto* const more = static_cast<char*>(outer.allocate(100));
  std::memset(more, 1, 100);
  outer.reset();
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(a_container_in_a_kept_scope_goes_on_growing_in_the_enclosing_one) {
  frame_resource frame;
  memory_scope outer{frame};
  auto const* const text = "a text that is too long for the small buffer";
  std::pmr::vector<std::pmr::string>* rows = nullptr;
  {
    memory_scope inner{frame};
    rows = inner.make<std::pmr::vector<std::pmr::string>>();
    rows->assign(10, text);
    inner.keep();
  }
  for (int i = 0; i < 200; ++i) {
    memory_scope scratch{frame};  // the same depth again: it must take another resource
    scribble(frame);
    rows->emplace_back(text);
  }
  BOOST_TEST(rows->size() == 210U);
  for (auto const& row : *rows) BOOST_REQUIRE(row == text);
}

BOOST_AUTO_TEST_CASE(resources_of_nested_keeps_mean_whatever_encloses_them_now) {
  misuse_recorder recorder;
  frame_resource frame{unchecked()};
  std::vector<std::pmr::memory_resource*> resources;
  std::size_t at_open = 0;
  {
    memory_scope outer{frame};
    at_open = in_use(frame);
    {
      memory_scope middle{frame};
      resources.push_back(middle.resource());
      for (int i = 0; i < 3; ++i) {
        memory_scope inner{frame};
        resources.push_back(inner.resource());
        inner.keep();
      }
      for (auto* const r : resources) static_cast<void>(r->allocate(100));
      middle.keep();
    }
    std::size_t const before = in_use(frame);
    {
      memory_scope other{frame};
      for (auto* const r : resources) static_cast<void>(r->allocate(96, 8));
      scribble(frame);
    }
    BOOST_TEST(in_use(frame) == before + 96 * resources.size());
    BOOST_TEST(recorder.seen.empty());
  }
  BOOST_TEST(in_use(frame) == at_open);
  for (auto* const r : resources) {
    BOOST_CHECK_THROW(static_cast<void>(r->allocate(8)), std::bad_alloc);
  }
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == resources.size());
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_checkpoint_kept_at_depth_1_means_no_checkpoint) {
  misuse_recorder recorder;
  frame_resource frame{unchecked()};
  marker const mark = frame.checkpoint();
  std::pmr::memory_resource* const resource = frame.resource_of(mark);
  frame.keep(mark);
  auto* block = static_cast<char*>(nullptr);
  {
    memory_scope scope{frame};
    BOOST_TEST(scope.resource() != resource);
    block = static_cast<char*>(resource->allocate(100));
    std::memset(block, 'k', 100);
  }
  scribble(frame);
  BOOST_TEST(block[99] == 'k');
  BOOST_TEST(recorder.seen.empty());
  frame.reset();
  BOOST_TEST(in_use(frame) == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_kept_into_an_outer_scope_pops_there_and_so_on_down) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  std::size_t const before = in_use(frame);
  void* const older = outer.allocate(64, 8);
  void* block = nullptr;
  {
    memory_scope inner{frame};
    block = inner.allocate(64, 8);
    inner.keep();
  }
  outer.deallocate(block, 64, 8);
  outer.deallocate(older, 64, 8);
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(keeping_again_and_again_asks_upstream_for_nothing_new) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  auto const request = [&] {
    memory_scope outer{frame};
    std::pmr::vector<std::pmr::memory_resource*> resources{outer};
    for (int i = 0; i < 40; ++i) {
      memory_scope inner{frame};
      resources.push_back(inner.resource());
      inner.keep();
    }
    for (auto* const r : resources) static_cast<void>(r->allocate(100));
  };
  request();
  std::size_t const calls = upstream.calls();
  for (int i = 0; i < 20; ++i) request();
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_AUTO_TEST_CASE(unscoped_memory_outlives_every_checkpoint) {
  frame_resource frame{unchecked()};
  std::pmr::vector<int> cache{frame.unscoped()};
  for (int round = 0; round < 30; ++round) {
    memory_scope outer{frame};
    memory_scope inner{frame};
    for (int i = 0; i < 30; ++i) cache.push_back(round * 30 + i);
    scribble(frame);
  }
  scribble(frame);
  for (int i = 0; i < 900; ++i) BOOST_REQUIRE(cache[static_cast<std::size_t>(i)] == i);
}

BOOST_AUTO_TEST_CASE(the_newest_unscoped_block_is_popped_under_open_scopes) {
  frame_resource frame{unchecked()};
  memory_scope scope{frame};
  static_cast<void>(scope.allocate(100));
  std::size_t const before = in_use(frame);
  void* const first = frame.unscoped()->allocate(64, 8);
  void* const second = frame.unscoped()->allocate(64, 8);
  frame.unscoped()->deallocate(second, 64, 8);
  frame.unscoped()->deallocate(first, 64, 8);
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(unscoped_arrays_are_reused_under_open_scopes) {
  frame_resource frame{unchecked()};
  memory_scope scope{frame};
  std::pmr::memory_resource* const unscoped = frame.unscoped();
  void* const array = unscoped->allocate(8192, 8);
  static_cast<void>(unscoped->allocate(16, 8));
  unscoped->deallocate(array, 8192, 8);
  std::size_t const before = in_use(frame);
  std::memset(unscoped->allocate(4096, 8), 1, 4096);
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(unscoped_memory_goes_with_reset_and_release) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  for (bool const release : {false, true}) {
    memory_scope scope{frame};
    static_cast<void>(frame.unscoped()->allocate(5000));
    static_cast<void>(frame.unscoped()->allocate(1_MiB));
    release ? frame.release() : frame.reset();
    BOOST_TEST(in_use(frame) == 0U);
    BOOST_TEST((upstream.bytes_outstanding() == 0) == release);
  }
}
