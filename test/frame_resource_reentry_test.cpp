// SPDX-License-Identifier: BSL-1.0

// Upstream may use the frame that asks it.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <new>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <utility>

#include "support/level1.hpp"

using namespace tidemark;

namespace {

struct asked_frame {
  level1::inviting_upstream upstream;
  frame_resource frame;

  explicit asked_frame(check_level level)
      : frame(frame_options{.initial_bytes = 256, .check = level}, &upstream) {}
};

constexpr check_level both_levels[]{check_level::off, check_level::on};

}  // namespace

// Once the block was taken for the closed checkpoint, and its chunk was lost.
BOOST_AUTO_TEST_CASE(a_checkpoint_that_upstream_closes_gets_no_block) {
  for (check_level const level : both_levels) {
    for (std::size_t const bytes :
         {std::size_t{100}, std::size_t{100'000}, std::size_t{5'000'000}}) {
      testing::misuse_recorder recorder;
      asked_frame f{level};
      marker const mark = f.frame.checkpoint();
      auto* const resource = f.frame.resource_of(mark);
      f.upstream.during = [&] { f.frame.rewind(mark); };
      BOOST_CHECK_THROW((void)resource->allocate(bytes), std::bad_alloc);
      BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
      BOOST_TEST(f.frame.depth() == 0U);
      BOOST_TEST(f.frame.stats().bytes_in_use == 0U);
      (void)f.frame.allocate(bytes);  // it works again
    }
  }
}

BOOST_AUTO_TEST_CASE(nor_does_the_bare_frame_for_it) {
  for (check_level const level : both_levels) {
    testing::misuse_recorder recorder;
    asked_frame f{level};
    marker const mark = f.frame.checkpoint();
    f.upstream.during = [&] { f.frame.rewind(mark); };
    BOOST_CHECK_THROW((void)f.frame.allocate(100), std::bad_alloc);
    BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
    BOOST_TEST(f.frame.stats().bytes_in_use == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_scope_that_upstream_opens_and_closes_changes_nothing) {
  for (check_level const level : both_levels) {
    asked_frame f{level};
    memory_scope scope{f.frame};
    f.upstream.during = [&] {
      memory_scope inner{f.frame};
      (void)inner.allocate(1000);
    };
    auto* const block = static_cast<char*>(scope.allocate(100));
    block[0] = block[99] = 'x';
    BOOST_TEST(f.frame.depth() == 1U);
  }
}
