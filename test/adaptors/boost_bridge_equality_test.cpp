// SPDX-License-Identifier: BSL-1.0

// Which bridges are equal: those that may free each other's blocks.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/testing/checked_upstream.hpp>

#include "support/careless_boost.hpp"

using namespace tidemark;
using test::careless_boost;

namespace {

// Hands on to another Boost resource, and says so.
class echo final : public boost::container::pmr::memory_resource {
 public:
  explicit echo(memory_resource* wrapped) noexcept : wrapped_(wrapped) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return wrapped_->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    wrapped_->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(memory_resource const& other) const noexcept override {
    return *wrapped_ == other;
  }

  memory_resource* wrapped_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(bridges_over_equal_resources_are_equal) {
  frame_resource frame, other;
  boost_bridge a{&frame}, b{&frame}, c{&other};
  boost_bridge plain{static_cast<std::pmr::memory_resource*>(&frame)};
  BOOST_TEST((a == b));
  BOOST_TEST((a == plain));
  BOOST_TEST((plain == a));
  BOOST_TEST((a != c));
  BOOST_TEST((plain != c));
  std_bridge std_a{&a}, std_b{&b}, std_c{&c};
  BOOST_TEST((std_a == std_b));
  BOOST_TEST((std_a != std_c));
  BOOST_TEST((std_a != frame));
  careless_boost careless{&frame};
  std_bridge std_careless{&careless};
  BOOST_TEST((a != careless));
  BOOST_TEST((std_a != std_careless));
}

BOOST_AUTO_TEST_CASE(an_equal_bridge_frees_the_block) {
  testing::checked_upstream upstream;
  careless_boost first{&upstream}, second{&upstream};  // equal, not identical
  std_bridge a{&first}, b{&second};
  BOOST_TEST_REQUIRE((a == b));
  for (std::size_t const alignment : {8U, 1024U}) {
    b.deallocate(a.allocate(40, alignment), 40, alignment);
  }
  boost_bridge there{&a}, too{&b};
  BOOST_TEST_REQUIRE((there == too));
  too.deallocate(there.allocate(40, 1024), 40, 1024);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_bridge_over_a_scope_equals_one_over_its_resource) {
  frame_resource frame;
  memory_scope outer{frame};
  memory_scope inner{frame};
  boost_bridge a{outer}, c{inner};
  boost_bridge b{outer.resource()};
  BOOST_TEST((a == b));
  BOOST_TEST((a != c));
}

// One knows that over-aligned blocks are served as they are, the other aligns them itself.
BOOST_AUTO_TEST_CASE(bridges_that_align_in_different_ways_are_not_equal) {
  testing::checked_upstream upstream;
  boost_bridge known{&upstream};
  echo unknown{&known};
  std_bridge a{&known}, b{&unknown};
  BOOST_TEST_REQUIRE((unknown == known));
  BOOST_TEST((a != b));
  BOOST_TEST((b != a));
}
