// SPDX-License-Identifier: BSL-1.0

// Uses at the edge of what the typed stack's headers promise. All of them held from the start.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <new>
#include <span>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <type_traits>
#include <utility>
#include <vector>

using namespace tidemark;

namespace {

// The kinds of stack whose arrays lie in different places.
struct kind {
  char const* name;
  typed_stack_options options;
};
kind const kinds[] = {
    {"plain", {.check = check_level::off}},
    {"checked", {.check = check_level::on}},
    {"unpooled", {.check = check_level::off, .pooled = false}},
    {"small", {.initial_bytes = 1, .max_chunk_bytes = 64, .check = check_level::off}},
};

// Runs `use(stack)` on a stack of every kind: with no checkpoint open, and in two scopes. Nothing
// may be reported, leak, or stay in use.
void for_each_kind(std::function<void(typed_stack_resource&)> const& use) {
  for (kind const& each : kinds) {
    for (bool const scoped : {false, true}) {
      BOOST_TEST_CONTEXT(each.name << (scoped ? ", scoped" : "")) {
        testing::misuse_recorder recorder;
        testing::checked_upstream upstream;
        {
          typed_stack_resource stack{each.options, &upstream};
          if (scoped) {
            stack_scope const outer{stack};
            stack_scope const inner{stack};
            use(stack);
          } else {
            use(stack);
            stack.reset();
          }
          BOOST_TEST(stack.depth() == 0U);
          BOOST_TEST(stack.stats().bytes_in_use == 0U);
        }
        BOOST_TEST(upstream.complaint() == "");
        BOOST_TEST(recorder.seen.empty());
      }
    }
  }
}

// Calls back from its constructor and destructor, and finds its bytes as it left them.
struct caller {
  using callback = std::function<void(int)>;

  caller(callback const* begin, callback const* end) : at_end(end), number(next++) {
    if (begin != nullptr) (*begin)(number);
    ++alive;
  }
  caller(caller const&) = delete;
  caller& operator=(caller const&) = delete;
  ~caller() {
    BOOST_TEST(intact == 0x5EEDU);
    intact = 0;
    --alive;
    if (at_end != nullptr) (*at_end)(number);
  }

  static inline int next = 0;
  static inline int alive = 0;
  unsigned intact = 0x5EED;
  callback const* at_end;
  int number;
};
constexpr caller::callback const* nothing = nullptr;

// Scopes, arrays, objects and blocks, in a scope of its own and outside one.
void use_all(typed_stack_resource& stack, std::size_t count) {
  std::ranges::fill(stack.acquire<double>(count), -1.0);
  stack_scope scope{stack};
  auto const ones = scope.ones<int>(count);
  stack_scope inner{stack};
  static_cast<void>(inner.acquire_objects<std::string>(3, std::size_t{40}, 'x'));
  static_cast<void>(scope.acquire_objects<std::string>(3, std::size_t{40}, 'y'));
  std::ranges::fill(scope.acquire<char>(count), 'z');
  static_cast<void>(inner.allocate(3000));
  BOOST_TEST(std::ranges::all_of(ones, [](int each) { return each == 1; }));
}

template <std::size_t Number>
struct numbered {
  std::array<std::uint32_t, 1 + Number % 7> values;
};

template <std::size_t First, std::size_t... Is>
void take_some(stack_scope& scope, std::index_sequence<Is...>) {
  (static_cast<void>(scope.zeros<numbered<First + Is>>(2)), ...);
}

template <std::size_t... Is>
void take_of_each(stack_scope& scope, std::index_sequence<Is...>) {
  (take_some<Is * 20>(scope, std::make_index_sequence<20>{}), ...);
}

}  // namespace

BOOST_AUTO_TEST_CASE(constructors_and_destructors_may_use_the_stack) {
  for_each_kind([](typed_stack_resource& stack) {
    caller::callback const uses = [&](int number) {
      use_all(stack, static_cast<std::size_t>(number % 7) * 100);
      if (number % 3 == 1) stack.trim();
      if (number % 3 == 2) stack.trim<double, int, std::string>();
    };
    {
      stack_scope scope{stack};
      static_cast<void>(scope.acquire_objects<caller>(5, &uses, &uses));
      scope.reset();
      static_cast<void>(scope.acquire_objects<caller>(5, &uses, &uses));
      stack_scope inner{stack};
      static_cast<void>(inner.acquire_objects<caller>(5, &uses, &uses));
      inner.keep();
    }
    BOOST_TEST(caller::alive == 0);
    static_cast<void>(stack.acquire_objects<caller>(5, &uses, nothing));
    stack.reset();
    BOOST_TEST(caller::alive == 0);
  });
}

BOOST_AUTO_TEST_CASE(objects_that_a_destructor_makes_are_destroyed_with_its_scope) {
  for_each_kind([](typed_stack_resource& stack) {
    caller::callback const makes = [&](int) {
      static_cast<void>(stack.acquire_objects<caller>(2, nothing, nothing));
      stack.make<caller>(nothing, nothing);
    };
    {
      stack_scope scope{stack};
      static_cast<void>(scope.acquire_objects<caller>(5, nothing, &makes));
    }
    BOOST_TEST(caller::alive == 0);
  });
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_a_destructor_leaves_open_falls_back_with_the_scope) {
  for_each_kind([](typed_stack_resource& stack) {
    std::uint32_t const depth = stack.depth();
    caller::callback const leaves = [&](int) {
      static_cast<void>(stack.checkpoint());
      static_cast<void>(stack.acquire_objects<caller>(2, nothing, nothing));
      static_cast<void>(stack.acquire<double>(1000));
    };
    {
      stack_scope scope{stack};
      static_cast<void>(scope.acquire_objects<caller>(3, nothing, &leaves));
    }
    BOOST_TEST(stack.depth() == depth);
    BOOST_TEST(caller::alive == 0);
  });
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_a_constructor_leaves_open_has_what_follows) {
  for_each_kind([](typed_stack_resource& stack) {
    marker mark;
    caller::next = 0;
    caller::callback const opens = [&](int number) {
      if (number == 1) mark = stack.checkpoint();
      if (number > 1) stack.make<std::string>(std::size_t{40}, 'x');
    };
    stack_scope around{stack};
    auto const objects = stack.acquire_objects<caller>(4, &opens, nothing);
    stack.rewind(mark);
    BOOST_TEST(caller::alive == 4);
    for (caller const& each : objects) BOOST_TEST(each.intact == 0x5EEDU);
  });
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_leaves_what_it_took_itself) {
  for_each_kind([](typed_stack_resource& stack) {
    for (int last = 0; last < 5; ++last) {
      stack_scope scope{stack};
      caller::next = 0;
      caller::callback const throws = [&](int number) {
        static_cast<void>(stack.acquire_objects<std::string>(2, std::size_t{40}, 'x'));
        if (number == last) throw number;
      };
      BOOST_CHECK_THROW(static_cast<void>(scope.acquire_objects<caller>(5, &throws, nothing)), int);
      BOOST_TEST(caller::alive == 0);
    }
  });
}

BOOST_AUTO_TEST_CASE(two_hundred_types_have_lanes_that_fall_back_alone) {
  for_each_kind([](typed_stack_resource& stack) {
    for (int i = 0; i < 2; ++i) {
      stack_scope scope{stack};
      take_of_each(scope, std::make_index_sequence<10>{});
      stack_scope inner{stack};
      take_of_each(inner, std::make_index_sequence<10>{});
      take_of_each(scope, std::make_index_sequence<10>{});
      if (i == 1) inner.keep();
    }
    BOOST_TEST(stack.stats_by_lane().lanes.size() > 200U);
  });
}

BOOST_AUTO_TEST_CASE(extents_are_of_any_integral_types) {
  for_each_kind([](typed_stack_resource& stack) {
    stack_scope scope{stack};
    auto const five = scope.acquire<int>(std::size_t{2}, 2U, short{2}, '\3', true);
    BOOST_TEST(five.size() == 24U);
    BOOST_TEST(five.rank() == 5U);
    BOOST_TEST(scope.acquire<double>(std::size_t{}, 2U).size() == 0U);
    BOOST_TEST(scope.acquire<double>(false).data() != scope.acquire<double>(false).data());
    auto const tiny = static_cast<signed char>(-1);
    BOOST_CHECK_THROW(static_cast<void>(scope.acquire<char>(tiny)), std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(scope.acquire<char>(0, -1LL)), std::bad_array_new_length);
    BOOST_TEST(stack_scope::reshape(scope.bits(0).words(), SIZE_MAX, SIZE_MAX, 0).size() == 0U);
  });
}

// Scopes are owned by their block.
static_assert(!std::is_copy_constructible_v<stack_scope>);
static_assert(!std::is_move_constructible_v<stack_scope>);
