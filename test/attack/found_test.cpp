// SPDX-License-Identifier: BSL-1.0

// What a hostile reader of the headers broke. Each case found a bug.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory_resource>
#include <new>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <type_traits>
#include <utility>

using namespace tidemark;
using namespace tidemark::literals;

namespace {

// Upstream calls of the first, and of each of five equal frames after it.
void check_steady(frame_options options, std::function<void(frame_resource&)> const& run) {
  frame_resource frame{options};
  run(frame);
  std::size_t const calls = frame.stats().upstream_calls;
  for (int i = 0; i < 5; ++i) {
    run(frame);
    BOOST_TEST(frame.stats().upstream_calls == calls);
  }
}

}  // namespace

// The first pair of a kept scope held a resource that the next scope at its depth took over.
BOOST_AUTO_TEST_CASE(members_of_a_pair_keep_the_resource_of_their_kept_scope) {
  frame_resource frame;
  memory_scope outer{frame};
  using named = std::pair<std::pmr::string, int>;
  named* made = nullptr;
  {
    memory_scope scope{frame};
    made = scope.make<named>("a name that is too long for the small buffer", 1);
    scope.keep();
  }
  {
    memory_scope later{frame};
    made->first.assign(200, 'x');  // must not come from `later`
  }
  void* const next = frame.allocate(400);
  std::memset(next, 'y', 400);
  BOOST_TEST((made->first == std::pmr::string(200, 'x')));
}

// The first frame gave a large block a chunk of its own, the second found room in the first chunk.
BOOST_AUTO_TEST_CASE(the_first_chunk_serves_the_first_frame_as_it_serves_later_ones) {
  check_steady({.initial_bytes = 1_MiB}, [](frame_resource& frame) {
    static_cast<void>(frame.allocate(978'993));
    static_cast<void>(frame.allocate(234'839));
    frame.reset();
  });
}

// That a resource was handed out under an earlier checkpoint made a later keep cost another one.
BOOST_AUTO_TEST_CASE(a_kept_scope_and_one_whose_resource_is_asked_for_are_steady) {
  check_steady({}, [](frame_resource& frame) {
    memory_scope outer{frame};
    static_cast<void>(outer.allocate(5));
    {
      memory_scope first{frame};
      static_cast<void>(first.allocate(85));
      first.keep();
    }
    memory_scope second{frame};
    std::pmr::string text(100, 'x', second);
  });
}

// The finalizer was written into storage that the constructor had given up.
BOOST_AUTO_TEST_CASE(an_object_whose_constructor_closes_its_scope_writes_nothing_afterwards) {
  testing::misuse_recorder seen;
  frame_resource frame;
  static_cast<void>(frame.allocate(8));
  unsigned char* others = nullptr;
  struct closer {
    closer(frame_resource& f, unsigned char*& block) {
      f.reset();
      block = static_cast<unsigned char*>(f.allocate(300));
      std::memset(block, 'o', 300);
    }
    ~closer() {}
  };
  marker const mark = frame.checkpoint();
  BOOST_CHECK_THROW(static_cast<void>(frame.make<closer>(frame, others)), std::bad_alloc);
  BOOST_TEST(seen.seen.size() == 1U);
  for (int i = 0; i < 300; ++i) BOOST_REQUIRE(others[i] == 'o');
  frame.rewind(mark);
  BOOST_TEST((seen.seen.back().kind == misuse_kind::stale_marker));
}

// A nest of n kept checkpoints walked over all chunks once for each level.
BOOST_AUTO_TEST_CASE(keeping_a_nest_passes_what_it_holds_on_in_one_piece) {
  frame_resource frame{{.check = check_level::off}};
  marker const outer = frame.checkpoint();
  marker last = outer;
  for (int depth = 0; depth < 2000; ++depth) {
    last = frame.checkpoint();
    std::memset(frame.allocate(300'000), depth, 1);
  }
  std::size_t const in_use = frame.stats().bytes_in_use;
  frame.keep(outer);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().bytes_in_use == in_use);
  frame.reset();
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

// A block of 0 bytes has one, which a free left behind.
BOOST_AUTO_TEST_CASE(blocks_of_zero_bytes_are_popped_and_expanded_like_others) {
  frame_resource frame{{.check = check_level::off}};
  static_cast<void>(frame.allocate(8));
  for (int i = 0; i < 1000; ++i) frame.deallocate(frame.allocate(0), 0);
  BOOST_TEST(frame.stats().bytes_in_use <= 24U);
  void* const block = frame.allocate(0);
  BOOST_TEST(frame.try_expand(block, 0, 50));
  BOOST_TEST(frame.try_expand(block, 50, 0));
  BOOST_TEST(frame.try_expand(block, 0, 0));
  frame.deallocate(block, 0);
  BOOST_TEST(frame.stats().bytes_in_use <= 24U);
}

// The resource object itself became the buffer.
static_assert(!std::is_constructible_v<frame_resource, std::pmr::memory_resource*, std::size_t>);
static_assert(!std::is_constructible_v<frame_resource, std::nullptr_t, std::size_t>);
static_assert(!std::is_constructible_v<frame_resource, std::size_t, std::nullptr_t>);
static_assert(std::is_constructible_v<frame_resource, std::byte*, std::size_t>);
