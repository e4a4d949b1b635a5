// SPDX-License-Identifier: BSL-1.0

// Upstream fails at every n-th call of every operation: nothing changes and nothing leaks.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <functional>
#include <list>
#include <memory_resource>
#include <new>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <vector>

#include "support/unchecked.hpp"

using namespace tidemark;
using namespace tidemark::literals;

namespace {

// A failed call may only have been counted; bookkeeping it got before the failure stays for the
// next try.
void check_unchanged(resource_stats const& before, resource_stats const& after) {
  BOOST_TEST(after.bytes_in_use == before.bytes_in_use);
  BOOST_TEST(after.bytes_peak == before.bytes_peak);
  BOOST_TEST(after.chunk_count == before.chunk_count);
  BOOST_TEST(after.depth == before.depth);
  BOOST_TEST(after.closed_from_below == before.closed_from_below);
  BOOST_TEST(after.late_frees == before.late_frees);
}

// Runs `operation` on a frame with two open scopes and live blocks, failing each upstream call.
std::size_t failure_points(
    std::function<void(frame_resource&, frame_scope& outer, frame_scope& inner)> const& operation,
    frame_options const& options = unchecked_first(512)) {
  return testing::fail_each_allocation([&](std::pmr::memory_resource* upstream) {
    frame_resource frame{options, upstream};
    auto* const block = static_cast<char*>(frame.allocate(500, 1));
    std::memset(block, 'b', 500);
    frame_scope outer{frame};
    auto* const beside = static_cast<char*>(frame.unscoped()->allocate(100, 1));
    std::memset(beside, 's', 100);
    frame_scope inner{frame};
    auto const before = frame.stats();
    try {
      operation(frame, outer, inner);
    } catch (std::bad_alloc const&) {
      check_unchanged(before, frame.stats());
      for (int i : {0, 499}) BOOST_TEST(block[i] == 'b');
      for (int i : {0, 99}) BOOST_TEST(beside[i] == 's');
      std::memset(frame.allocate(10'000), 1, 10'000);  // it works again
      throw;
    }
  });
}

// What the set-up above asks upstream for.
std::size_t points_of_set_up() {
  return failure_points([](frame_resource&, frame_scope&, frame_scope&) {});
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_allocation_from_the_chain_fails_whole) {
  BOOST_TEST(failure_points([](frame_resource& frame, frame_scope&, frame_scope&) {
               static_cast<void>(frame.allocate(600));
             }) == points_of_set_up() + 1);
}

BOOST_AUTO_TEST_CASE(an_allocation_with_a_chunk_of_its_own_fails_whole) {
  BOOST_TEST(failure_points([](frame_resource&, frame_scope&, frame_scope& inner) {
               static_cast<void>(inner.allocate(1_MiB, 4096));
             }) == points_of_set_up() + 1);
}

BOOST_AUTO_TEST_CASE(an_allocation_from_a_side_chunk_fails_whole) {
  BOOST_TEST(failure_points([](frame_resource&, frame_scope& outer, frame_scope&) {
               static_cast<void>(outer.allocate(600));
             }) == points_of_set_up() + 1);
  BOOST_TEST(failure_points([](frame_resource&, frame_scope& outer, frame_scope&) {
               static_cast<void>(outer.resource()->allocate(600));
             }) == points_of_set_up() + 1);
}

BOOST_AUTO_TEST_CASE(an_unscoped_allocation_fails_whole) {
  BOOST_TEST(failure_points([](frame_resource& frame, frame_scope&, frame_scope&) {
               static_cast<void>(frame.unscoped()->allocate(100'000));
             }) == points_of_set_up() + 1);
}

BOOST_AUTO_TEST_CASE(try_allocate_is_null_and_changes_nothing) {
  std::size_t nulls = 0;
  auto const count = failure_points([&](frame_resource& frame, frame_scope& outer, frame_scope&) {
    auto const before = frame.stats();
    if (frame.try_allocate(600) == nullptr) {
      ++nulls;
      check_unchanged(before, frame.stats());
    }
    auto const between = frame.stats();
    if (outer.try_allocate(600) == nullptr) {
      ++nulls;
      check_unchanged(between, frame.stats());
    }
  });
  BOOST_TEST(count == points_of_set_up() + 2);
  BOOST_TEST(nulls == 2U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_deeper_than_the_inline_records_fails_whole) {
  auto const count = failure_points([](frame_resource& frame, frame_scope&, frame_scope&) {
    marker const first = frame.checkpoint();
    try {
      for (int d = 0; d < 100; ++d) {
        auto const before = frame.stats();
        try {
          static_cast<void>(frame.checkpoint());
        } catch (std::bad_alloc const&) {
          check_unchanged(before, frame.stats());
          static_cast<void>(frame.checkpoint());  // the failure is over
          throw;
        }
      }
    } catch (std::bad_alloc const&) {
      std::size_t const from_below = frame.depth() - 3;
      frame.rewind(first);
      BOOST_TEST(frame.stats().closed_from_below == from_below);
    }
  });
  BOOST_TEST(count > points_of_set_up() + 4);
}

BOOST_AUTO_TEST_CASE(a_scope_that_cannot_be_opened_leaves_nothing_open) {
  auto const count = failure_points([](frame_resource& frame, frame_scope&, frame_scope&) {
    frame_scope third{frame};
    frame_scope fourth{frame};
    frame_scope fifth{frame};  // its record is not inline
  });
  BOOST_TEST(count == points_of_set_up() + 2);
}

BOOST_AUTO_TEST_CASE(make_fails_whole) {
  struct large {
    std::string text;
    std::byte rest[2000];
  };
  BOOST_TEST(failure_points([](frame_resource& frame, frame_scope&, frame_scope&) {
               static_cast<void>(frame.make<large>());
             }) == points_of_set_up() + 1);
  BOOST_TEST(failure_points([](frame_resource&, frame_scope& outer, frame_scope&) {
               static_cast<void>(outer.make<large>());
             }) == points_of_set_up() + 1);
}

BOOST_AUTO_TEST_CASE(make_whose_constructor_runs_out_of_memory_leaves_no_object) {
  auto const count = failure_points([](frame_resource& frame, frame_scope&, frame_scope&) {
    std::size_t const before = frame.stats().bytes_in_use;
    try {
      static_cast<void>(frame.make<std::pmr::vector<char>>(std::size_t{300'000}));
    } catch (std::bad_alloc const&) {
      BOOST_TEST(frame.stats().bytes_in_use == before);
    }
  });
  BOOST_TEST(count == points_of_set_up() + 2);
}

BOOST_AUTO_TEST_CASE(coalesce_fails_whole) {
  auto const count = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    frame_resource frame{unchecked_first(512), upstream};
    for (int i = 0; i < 10; ++i) static_cast<void>(frame.allocate(400));
    frame.reset();
    auto before = frame.stats();
    try {
      frame.coalesce();
    } catch (std::bad_alloc const&) {
      ++before.upstream_calls;
      BOOST_TEST((frame.stats() == before));
      throw;
    }
  });
  BOOST_TEST(count == 5U);  // four chunks, then the one that replaces them
}

BOOST_AUTO_TEST_CASE(containers_in_scopes_keep_their_contents) {
  auto const count = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    frame_resource frame{unchecked_first(512), upstream};
    memory_scope outer{frame};
    std::pmr::vector<int> numbers{outer};
    std::pmr::list<std::pmr::string> words{outer};
    for (int i = 0; i < 2000; ++i) {
      memory_scope inner{frame};
      std::pmr::string scratch(900, 'x', inner);
      try {
        numbers.push_back(i);
        if (i % 50 == 0) words.emplace_back("a word that does not fit the small buffer");
      } catch (std::bad_alloc const&) {
        for (std::size_t k = 0; k < numbers.size(); ++k) {
          BOOST_REQUIRE(numbers[k] == static_cast<int>(k));
        }
        for (auto const& word : words) BOOST_REQUIRE(word == words.front());
        throw;
      }
    }
  });
  BOOST_TEST(count >= 4U);
}
