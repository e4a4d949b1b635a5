// SPDX-License-Identifier: BSL-1.0

// Objects that a frame constructs and destroys.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <utility>
#include <vector>

#include "support/is_aligned.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using testing::misuse_recorder;
using tidemark::test::is_aligned;

namespace {

using numbers = std::vector<int>;

std::size_t in_use(frame_resource const& frame) { return frame.stats().bytes_in_use; }

// Writes its number when it is destroyed.
struct logged {
  int number;
  numbers* log;

  logged(int own_number, numbers& own_log) noexcept : number(own_number), log(&own_log) {}
  logged(logged const&) = delete;
  logged& operator=(logged const&) = delete;
  ~logged() { log->push_back(number); }
};

// Runs what it was given when it is destroyed.
struct at_end {
  std::function<void()> run;

  explicit at_end(std::function<void()> f) : run(std::move(f)) {}
  at_end(at_end const&) = delete;
  at_end& operator=(at_end const&) = delete;
  ~at_end() { run(); }
};

struct throws_in_constructor {
  logged part;

  throws_in_constructor(frame_resource& frame, numbers& log) : part(1, log) {
    static_cast<void>(frame.make<logged>(2, log));
    throw std::runtime_error{"no"};
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(objects_are_destroyed_newest_first_and_inner_scopes_first) {
  numbers log;
  frame_resource frame;
  static_cast<void>(frame.make<logged>(0, log));
  {
    memory_scope outer{frame};
    static_cast<void>(outer.make<logged>(1, log));
    {
      memory_scope inner{frame};
      static_cast<void>(inner.make<logged>(2, log));
      static_cast<void>(outer.make<logged>(3, log));
      static_cast<void>(frame.make<logged>(4, log));
    }
    BOOST_TEST((log == numbers{4, 2}));
  }
  BOOST_TEST((log == numbers{4, 2, 3, 1}));
}

BOOST_AUTO_TEST_CASE(reset_release_and_the_frames_end_destroy_what_was_made) {
  numbers log;
  {
    frame_resource frame;
    static_cast<void>(frame.make<logged>(1, log));
    static_cast<void>(frame.checkpoint());
    static_cast<void>(frame.make<logged>(2, log));
    frame.reset();
    BOOST_TEST((log == numbers{2, 1}));
    static_cast<void>(frame.make<logged>(3, log));
    frame.release();
    BOOST_TEST((log == numbers{2, 1, 3}));
    static_cast<void>(frame.make<logged>(4, log));
  }
  BOOST_TEST((log == numbers{2, 1, 3, 4}));
}

BOOST_AUTO_TEST_CASE(a_reset_of_a_scope_destroys_what_was_made_in_it) {
  numbers log;
  frame_resource frame;
  memory_scope scope{frame};
  static_cast<void>(scope.make<logged>(1, log));
  static_cast<void>(scope.make<logged>(2, log));
  scope.reset();
  BOOST_TEST((log == numbers{2, 1}));
  scope.reset();
  BOOST_TEST(log.size() == 2U);
}

BOOST_AUTO_TEST_CASE(keep_passes_destructors_on) {
  numbers log;
  frame_resource frame;
  {
    memory_scope outer{frame};
    static_cast<void>(outer.make<logged>(1, log));
    {
      memory_scope inner{frame};
      static_cast<void>(inner.make<logged>(2, log));
      static_cast<void>(inner.make<logged>(3, log));
      inner.keep();
    }
    BOOST_TEST(log.empty());
    static_cast<void>(outer.make<logged>(4, log));
  }
  BOOST_TEST((log == numbers{4, 3, 2, 1}));
}

BOOST_AUTO_TEST_CASE(make_constructs_with_the_resource_of_its_checkpoint) {
  frame_resource frame;
  memory_scope outer{frame};
  memory_scope inner{frame};
  using text = std::pmr::string;
  BOOST_TEST(outer.make<text>("x")->get_allocator().resource() == outer.resource());
  BOOST_TEST(frame.make<text>("x")->get_allocator().resource() == inner.resource());
  using pair = std::pair<text, std::pmr::vector<text>>;
  auto* const made = outer.make<pair>();
  BOOST_TEST(made->first.get_allocator().resource() == outer.resource());
  BOOST_TEST(made->second.get_allocator().resource() == outer.resource());
}

BOOST_AUTO_TEST_CASE(trivially_destructible_objects_cost_their_size_alone) {
  frame_resource frame{unchecked()};
  static_cast<void>(frame.make<double>(1.0));
  static_cast<void>(frame.make<char>('c'));
  BOOST_TEST(in_use(frame) == sizeof(double) + 1);
}

BOOST_AUTO_TEST_CASE(over_aligned_objects_are_aligned) {
  struct alignas(256) wide {
    std::string text;
  };
  frame_resource frame;
  for (int i = 0; i < 3; ++i) BOOST_TEST(is_aligned(frame.make<wide>(), 256));
}

BOOST_AUTO_TEST_CASE(what_a_constructor_makes_is_destroyed_after_the_object) {
  struct parent {
    logged* child;
    logged self;
    parent(frame_resource& frame, numbers& log) : child(frame.make<logged>(2, log)), self(1, log) {}
    ~parent() { child->number = 20; }  // still there
  };
  numbers log;
  frame_resource frame;
  {
    memory_scope scope{frame};
    static_cast<void>(scope.make<parent>(frame, log));
  }
  // The child was complete before its parent: newest first is the parent, then the child.
  BOOST_TEST((log == numbers{1, 20}));
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_leaves_no_object) {
  numbers log;
  frame_resource frame;
  {
    memory_scope scope{frame};
    BOOST_CHECK_THROW(static_cast<void>(scope.make<throws_in_constructor>(frame, log)),
                      std::runtime_error);
    BOOST_TEST((log == numbers{1}));
  }
  // What its constructor made in the frame is the scope's.
  BOOST_TEST((log == numbers{1, 2}));
}

BOOST_AUTO_TEST_CASE(the_memory_of_a_constructor_that_throws_is_popped) {
  struct picky {
    std::string text = "not trivial";
    picky() { throw std::runtime_error{"no"}; }
  };
  frame_resource frame{unchecked()};
  static_cast<void>(frame.allocate(64));
  std::size_t const before = in_use(frame);
  BOOST_CHECK_THROW(static_cast<void>(frame.make<picky>()), std::runtime_error);
  BOOST_TEST(in_use(frame) == before);
}

BOOST_AUTO_TEST_CASE(closing_a_mark_from_a_destructor_that_its_rewind_runs_is_refused) {
  misuse_recorder recorder;
  numbers log;
  frame_resource frame;
  marker const outer = frame.checkpoint();
  static_cast<void>(frame.make<logged>(1, log));
  marker const inner = frame.checkpoint();
  static_cast<void>(frame.make<logged>(2, log));
  static_cast<void>(frame.make<at_end>([&] {
    frame.rewind(outer);
    frame.keep(outer);
    frame.rewind(inner);
    frame.reset();
    frame.release();
    BOOST_TEST(frame.depth() == 2U);
    BOOST_TEST(log.empty());
  }));
  frame.rewind(inner);
  BOOST_TEST(recorder.count(misuse_kind::rewind_in_finalizer) == 5U);
  BOOST_TEST(recorder.seen.size() == 5U);
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST((log == numbers{2}));
  frame.rewind(outer);
  BOOST_TEST((log == numbers{2, 1}));
}

BOOST_AUTO_TEST_CASE(a_reset_from_a_destructor_outside_every_checkpoint_is_refused) {
  misuse_recorder recorder;
  numbers log;
  frame_resource frame;
  static_cast<void>(frame.make<logged>(1, log));
  static_cast<void>(frame.make<at_end>([&] { frame.reset(); }));
  frame.reset();
  BOOST_TEST(recorder.count(misuse_kind::rewind_in_finalizer) == 1U);
  BOOST_TEST((log == numbers{1}));
}

BOOST_AUTO_TEST_CASE(a_destructor_may_allocate_and_make_and_open_scopes) {
  misuse_recorder recorder;
  numbers log;
  frame_resource frame{unchecked()};
  std::size_t const before = in_use(frame);
  {
    memory_scope scope{frame};
    static_cast<void>(scope.make<logged>(1, log));
    static_cast<void>(scope.make<at_end>([&] {
      static_cast<void>(frame.allocate(10'000));
      static_cast<void>(scope.make<logged>(2, log));
      memory_scope inner{frame};
      static_cast<void>(inner.make<logged>(3, log));
      static_cast<void>(scope.allocate(10'000));
      marker const raw = frame.checkpoint();
      static_cast<void>(frame.make<logged>(4, log));
      frame.rewind(raw);
    }));
  }
  BOOST_TEST((log == numbers{4, 3, 2, 1}));
  BOOST_TEST(in_use(frame) == before);
  BOOST_TEST(recorder.seen.empty());
}

BOOST_AUTO_TEST_CASE(checkpoints_that_a_destructor_leaves_open_are_closed) {
  numbers log;
  frame_resource frame;
  marker const mark = frame.checkpoint();
  static_cast<void>(frame.make<logged>(1, log));
  static_cast<void>(frame.make<at_end>([&] {
    for (int i = 0; i < 30; ++i) static_cast<void>(frame.checkpoint());  // records move
    static_cast<void>(frame.make<logged>(2, log));
  }));
  frame.rewind(mark);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST((log == numbers{2, 1}));
}

BOOST_AUTO_TEST_CASE(a_scope_that_ends_in_a_destructor_closes_when_the_destructor_is_done) {
  misuse_recorder recorder;
  numbers log;
  frame_resource frame;
  auto outer = std::make_unique<frame_scope>(frame);
  static_cast<void>(outer->make<logged>(1, log));
  {
    memory_scope inner{frame};
    static_cast<void>(inner.make<logged>(2, log));
    static_cast<void>(inner.make<at_end>([&] { outer.reset(); }));
  }
  BOOST_TEST(recorder.seen.size() == 1U);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST((log == numbers{2, 1}));
}

BOOST_AUTO_TEST_CASE(a_scope_that_ends_in_a_destructor_closes_after_the_raw_checkpoint_above) {
  misuse_recorder recorder;
  numbers log;
  frame_resource frame;
  auto outer = std::make_unique<frame_scope>(frame);
  static_cast<void>(outer->make<logged>(1, log));
  marker const mark = frame.checkpoint();
  static_cast<void>(frame.make<at_end>([&] { outer.reset(); }));
  frame.rewind(mark);
  BOOST_TEST(recorder.seen.size() == 1U);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST((log == numbers{1}));
}

BOOST_AUTO_TEST_CASE(making_fails_without_memory_and_leaves_nothing) {
  testing::checked_upstream upstream;
  numbers log;
  frame_resource frame{unchecked(), &upstream};
  upstream.fail_at(1);
  BOOST_CHECK_THROW(static_cast<void>(frame.make<logged>(1, log)), std::bad_alloc);
  BOOST_TEST(in_use(frame) == 0U);
  frame.reset();
  BOOST_TEST(log.empty());
}
