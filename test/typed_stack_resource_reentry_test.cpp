// SPDX-License-Identifier: BSL-1.0

// Upstream may use the stack that asks it, whatever it is asked for.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <span>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <utility>
#include <vector>

#include "support/level1.hpp"
#include "support/stack_frames.hpp"

using namespace tidemark;
using test::dual;

namespace {

struct asked_stack {
  level1::inviting_upstream upstream;
  typed_stack_resource stack;
  std::vector<std::span<double>> theirs;

  explicit asked_stack(typed_stack_options const& options) : stack(options, &upstream) {}

  template <int... Is>
  void take_each(std::integer_sequence<int, Is...>) {
    (static_cast<void>(stack.acquire<dual<Is>>(3)), ...);
  }
  // In the middle of a call upstream takes arrays of `Types` types, and opens and closes a scope.
  template <int Types>
  void invite(int calls_before) {
    upstream.during = [this, calls_before] {
      if (calls_before != 0) return invite<Types>(calls_before - 1);
      theirs.push_back(stack.ones(30));
      take_each(std::make_integer_sequence<int, Types>{});
      memory_scope scope{stack};
      static_cast<void>(scope.ones(500));
      take_each(std::integer_sequence<int, 0, 90, 91>{});
    };
  }
  void check_theirs() const {
    for (auto const& array : theirs) BOOST_TEST(std::ranges::count(array, 1.0) == 30);
  }
};

// Runs `f` with upstream coming back at each of its calls.
void check_all_calls(std::function<void(typed_stack_resource&)> const& f) {
  for (check_level const level : {check_level::off, check_level::on}) {
    for (int call = 0; call < 30; ++call) {
      asked_stack s{{.check = level}};
      auto const outside = s.stack.ones(5);
      std::size_t const before = s.stack.stats().bytes_in_use;
      {
        memory_scope scope{s.stack};
        s.invite<40>(call);
        f(s.stack);
        s.upstream.during = nullptr;
        BOOST_TEST(s.stack.depth() == 1U);
        s.check_theirs();
        std::ranges::fill(scope.acquire<double>(1000), 0.0);
        s.check_theirs();
      }
      BOOST_TEST(std::ranges::count(outside, 1.0) == 5);
      BOOST_TEST(s.stack.stats().bytes_in_use == before);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(asked_for_a_lane_a_table_a_journal_or_a_chunk) {
  check_all_calls([](typed_stack_resource& stack) {
    auto const a = stack.acquire<dual<60>>(10);
    auto const b = stack.acquire<dual<61>>(2000);
    std::ranges::fill(a, dual<60>{1, 2});
    std::ranges::fill(b, dual<61>{3, 4});
    for (std::uint32_t type = 0; type < 9; ++type) test::take_some_type(stack, type, 100);
    BOOST_TEST(std::ranges::all_of(a, [](dual<60> d) { return d.value == 1; }));
    BOOST_TEST(std::ranges::all_of(b, [](dual<61> d) { return d.derivative == 4; }));
  });
}

BOOST_AUTO_TEST_CASE(asked_for_what_a_typed_checkpoint_needs) {
  check_all_calls([](typed_stack_resource& stack) {
    marker const outer = stack.checkpoint<dual<70>, double, dual<71>, dual<72>, float, bool>();
    static_cast<void>(stack.acquire<dual<71>>(100));
    for (int i = 0; i < 12; ++i) {
      static_cast<void>(stack.checkpoint<dual<70>, double, dual<71>, float, int>());
      static_cast<void>(stack.acquire<float>(10));
    }
    static_cast<void>(stack.checkpoint_all());
    stack.keep(outer);
  });
}

// However little room the journal has left for the checkpoint whose record is asked for.
BOOST_AUTO_TEST_CASE(asked_for_the_record_of_a_typed_checkpoint) {
  for (std::uint32_t filled = 0; filled < 36; ++filled) {
    for (int call = 0; call < 16; ++call) {
      asked_stack s{{.check = check_level::off}};
      for (std::uint32_t d = 0; d < 4; ++d) {  // as many as need no memory
        static_cast<void>(s.stack.checkpoint());
        for (std::uint32_t type = 9 * d; type < std::min(filled, 9 * d + 9); ++type) {
          test::take_some_type(s.stack, type, 5);
        }
      }
      s.invite<12>(call);
      marker const mark = s.stack.checkpoint<dual<0>, dual<80>, dual<81>, dual<82>, dual<83>,
                                             dual<84>, dual<85>, dual<86>, dual<87>, dual<88>>();
      s.upstream.during = nullptr;
      static_cast<void>(s.stack.acquire<dual<88>>(100));
      s.check_theirs();
      s.stack.rewind(mark);
      s.check_theirs();
      s.stack.reset();
      BOOST_TEST(s.stack.stats().bytes_in_use == 0U);
    }
  }
}
