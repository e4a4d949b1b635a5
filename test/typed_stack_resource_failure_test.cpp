// SPDX-License-Identifier: BSL-1.0

// Upstream fails at every n-th call of every operation: nothing changes and nothing leaks.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <new>
#include <span>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "support/stack_frames.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::dual;
using test::in_lanes;

namespace {

// What a failed call may change: calls are counted, and bookkeeping it got before the failure
// stays for the next try.
void check_unchanged(resource_stats const& before, resource_stats const& after) {
  BOOST_TEST(after.bytes_in_use == before.bytes_in_use);
  BOOST_TEST(after.bytes_peak == before.bytes_peak);
  BOOST_TEST(after.chunk_count == before.chunk_count);
  BOOST_TEST(after.depth == before.depth);
  BOOST_TEST(after.closed_from_below == before.closed_from_below);
}

struct all_options {
  char const* name;
  typed_stack_options options;
};
all_options const variants[] = {
    {"lanes", in_lanes({.initial_bytes = 512})},
    {"checked", {.initial_bytes = 512, .check = check_level::on}},
    {"not pooled", in_lanes({.pooled = false})},
};

using operation = std::function<void(typed_stack_resource&, stack_scope& outer, stack_scope&)>;

// Runs `f` on a stack with two open scopes and live arrays, failing each upstream call.
std::size_t failure_points(operation const& f, typed_stack_options const& options) {
  return testing::fail_each_allocation([&](std::pmr::memory_resource* upstream) {
    typed_stack_resource stack{options, upstream};
    auto const unscoped = stack.ones(50);
    stack_scope outer{stack};
    auto const floats = outer.ones<float>(100);
    stack_scope inner{stack};
    auto const inside = inner.ones(5);
    auto const before = stack.stats();
    try {
      f(stack, outer, inner);
    } catch (std::bad_alloc const&) {
      check_unchanged(before, stack.stats());
      BOOST_TEST(std::ranges::count(unscoped, 1.0) == 50);
      BOOST_TEST(std::ranges::count(floats, 1.0F) == 100);
      BOOST_TEST(std::ranges::count(inside, 1.0) == 5);
      std::ranges::fill(stack.acquire<dual<3>>(2000), dual<3>{});  // it works again
      std::ranges::fill(inner.acquire<double>(2000), 0.0);
      throw;
    }
  });
}

// How many more points `f` has than what precedes it, at least one in each kind of stack.
void check_fails_whole(operation const& f) {
  for (all_options const& each : variants) {
    BOOST_TEST_CONTEXT(each.name) {
      std::size_t const of_set_up =
          failure_points([](typed_stack_resource&, stack_scope&, stack_scope&) {}, each.options);
      BOOST_TEST(failure_points(f, each.options) > of_set_up);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_array_of_the_stack_fails_whole) {
  check_fails_whole([](typed_stack_resource& stack, stack_scope&, stack_scope&) {
    static_cast<void>(stack.acquire<double>(500));
  });
}

BOOST_AUTO_TEST_CASE(an_array_of_the_scope_on_top_fails_whole) {
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    static_cast<void>(inner.acquire<double>(50, 10));
  });
}

BOOST_AUTO_TEST_CASE(an_array_of_a_scope_below_fails_whole) {
  check_fails_whole([](typed_stack_resource&, stack_scope& outer, stack_scope&) {
    static_cast<void>(outer.acquire<double>(800));
  });
}

BOOST_AUTO_TEST_CASE(a_large_array_fails_whole) {
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    static_cast<void>(inner.acquire<double>(200'000));
  });
}

BOOST_AUTO_TEST_CASE(the_first_array_of_a_type_fails_whole) {
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    static_cast<void>(inner.acquire<dual<1>>(100));
  });
}

BOOST_AUTO_TEST_CASE(an_array_fails_whole_when_the_journal_has_no_room) {
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    for (std::uint32_t type = 0; type < 9; ++type) {
      auto const before = inner.pool().stats();
      try {
        test::take_some_type(inner, type, 20);
      } catch (std::bad_alloc const&) {
        check_unchanged(before, inner.pool().stats());
        return test::take_some_type(inner, type, 20);  // the failure is over
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(filled_arrays_and_bits_fail_whole) {
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    static_cast<void>(inner.zeros(1000));
  });
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    static_cast<void>(inner.ones<float>(2000));
  });
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    static_cast<void>(inner.trues(100'000));
  });
  check_fails_whole([](typed_stack_resource&, stack_scope&, stack_scope& inner) {
    static_cast<void>(inner.similar<int>(std::vector<char>(5000)));
  });
}

BOOST_AUTO_TEST_CASE(objects_fail_whole) {
  check_fails_whole([](typed_stack_resource& stack, stack_scope&, stack_scope&) {
    static_cast<void>(stack.acquire_objects<std::string>(100));
  });
  check_fails_whole([](typed_stack_resource&, stack_scope& outer, stack_scope&) {
    static_cast<void>(outer.acquire_objects<std::string>(200));
  });
}

BOOST_AUTO_TEST_CASE(objects_that_run_out_of_memory_leave_no_object) {
  for (all_options const& each : variants) {
    BOOST_TEST_CONTEXT(each.name) {
      std::size_t const count = testing::fail_each_allocation([&](std::pmr::memory_resource* up) {
        typed_stack_resource stack{each.options, up};
        stack_scope scope{stack};
        std::size_t const before = stack.stats().bytes_in_use;
        try {
          auto const all = scope.acquire_objects<std::pmr::vector<char>>(3, std::size_t{300'000});
          BOOST_TEST(all[2].size() == 300'000U);
        } catch (std::bad_alloc const&) {
          // A vector that was made and destroyed again may have been a block that waits.
          scope.reset();
          BOOST_TEST(stack.stats().bytes_in_use == before);
          throw;
        }
      });
      BOOST_TEST(count >= 4U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_and_an_object_fail_whole) {
  check_fails_whole([](typed_stack_resource& stack, stack_scope&, stack_scope&) {
    static_cast<void>(stack.allocate(2000, 256));
  });
  check_fails_whole([](typed_stack_resource&, stack_scope& outer, stack_scope&) {
    static_cast<void>(outer.resource()->allocate(2000));
  });
  check_fails_whole([](typed_stack_resource& stack, stack_scope&, stack_scope&) {
    static_cast<void>(stack.unscoped()->allocate(100'000));
  });
  struct large {
    std::string text;
    std::byte rest[2000];
  };
  check_fails_whole([](typed_stack_resource& stack, stack_scope&, stack_scope&) {
    static_cast<void>(stack.make<large>());
  });
}

BOOST_AUTO_TEST_CASE(try_allocate_is_null_and_changes_nothing) {
  for (all_options const& each : variants) {
    std::size_t nulls = 0;
    std::size_t const count = testing::fail_each_allocation([&](std::pmr::memory_resource* up) {
      typed_stack_resource stack{each.options, up};
      stack_scope scope{stack};
      stack_scope above{stack};
      auto const before = stack.stats();
      if (stack.try_allocate(600) == nullptr) {
        ++nulls;
        check_unchanged(before, stack.stats());
      }
      auto const between = stack.stats();
      if (scope.try_allocate(6000) == nullptr) {
        ++nulls;
        check_unchanged(between, stack.stats());
      }
    });
    BOOST_TEST(count == 2U, each.name);
    BOOST_TEST(nulls == 2U, each.name);
  }
}

BOOST_AUTO_TEST_CASE(checkpoints_of_every_kind_fail_whole) {
  check_fails_whole([](typed_stack_resource& stack, stack_scope&, stack_scope&) {
    marker first = stack.checkpoint();
    for (int d = 0; d < 20; ++d) {
      auto const before = stack.stats();
      try {
        static_cast<void>(d % 3 == 0   ? stack.checkpoint<double, dual<4>, dual<5>>()
                          : d % 3 == 1 ? stack.checkpoint_all()
                                       : stack.checkpoint());
      } catch (std::bad_alloc const&) {
        check_unchanged(before, stack.stats());
        stack.rewind(stack.checkpoint<dual<4>, float>());  // the failure is over
        break;
      }
    }
    stack.rewind(first);
  });
}

BOOST_AUTO_TEST_CASE(a_typed_checkpoint_that_fails_is_not_open) {
  check_fails_whole([](typed_stack_resource& stack, stack_scope&, stack_scope&) {
    static_cast<void>(stack.checkpoint<dual<6>, dual<7>, dual<8>>());
  });
}

BOOST_AUTO_TEST_CASE(after_a_typed_checkpoint_the_first_arrays_need_no_bookkeeping) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes(), &upstream};
  static_cast<void>(stack.checkpoint<dual<1>, dual<2>, dual<3>, float, bool, int, double, char>());
  std::size_t const before = upstream.calls();
  static_cast<void>(stack.acquire<dual<3>>(10));
  static_cast<void>(stack.acquire<dual<1>>(10));
  static_cast<void>(stack.acquire<char>(10));
  static_cast<void>(stack.acquire<double>(10));
  BOOST_TEST(upstream.calls() == before + 4);  // for the first chunk of each lane
}

BOOST_AUTO_TEST_CASE(after_a_typed_checkpoint_others_cannot_use_up_the_journal) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes(), &upstream};
  for (std::uint32_t type = 0; type < 9; ++type) test::take_some_type(stack, type, 16);
  static_cast<void>(stack.acquire<dual<2>>(10));
  stack.reset();  // every lane has a chunk
  static_cast<void>(stack.checkpoint<dual<2>, double>());
  std::uint32_t type = 1;
  upstream.fail_at(1);
  try {
    for (; type < 9; ++type) test::take_some_type(stack, type, 16);
  } catch (std::bad_alloc const&) {
    upstream.fail_at(1);
  }
  BOOST_TEST(type < 9U);
  static_cast<void>(stack.acquire<dual<2>>(10));
  static_cast<void>(stack.acquire<double>(10));
}

BOOST_AUTO_TEST_CASE(random_frames_leak_nothing_wherever_upstream_fails) {
  for (all_options const& each : variants) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      std::size_t const count = testing::fail_each_allocation([&](std::pmr::memory_resource* up) {
        typed_stack_resource stack{each.options, up};
        model::command_source source{seed};
        try {
          for (int i = 0; i < 3; ++i) test::random_frame(stack, source, 5);
        } catch (std::bad_alloc const&) {
          BOOST_TEST(stack.depth() == 0U);  // every scope ended on the way out
          throw;
        }
      });
      BOOST_TEST(count > 0U, each.name);
    }
  }
}
