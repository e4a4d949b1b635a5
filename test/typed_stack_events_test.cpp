// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_events.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "support/stack_frames.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::dual;
using test::in_lanes;

namespace {

using action = stack_event::action;

struct listener {
  typed_stack_resource stack{in_lanes({.name = "tides"})};
  std::vector<stack_event> events;
  std::vector<stack_growth> growths;

  void listen() {
    stack.set_trace_handler(
        [](stack_event const& event, void* context) noexcept {
          static_cast<listener*>(context)->events.push_back(event);
        },
        this);
  }
  void watch_growth() {
    stack.set_growth_handler(
        [](stack_growth const& growth, void* context) noexcept {
          static_cast<listener*>(context)->growths.push_back(growth);
        },
        this);
  }
  // What happened since the last call: "open 1, double 1, close 1".
  std::string told() {
    std::string text;
    for (stack_event const& event : std::exchange(events, {})) {
      if (!text.empty()) text += ", ";
      text += event.what == action::open    ? "open"
              : event.what == action::close ? "close"
                                            : std::string(event.lane);
      text += ' ' + std::to_string(event.depth);
    }
    return text;
  }
  void take_unscoped(int count) {
    for (int i = 0; i < count; ++i) static_cast<void>(stack.acquire<double>(2));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(checkpoints_and_arrays_are_told_in_their_order, listener) {
  listen();
  static_cast<void>(stack.acquire<float>(1));
  {
    memory_scope outer{stack};
    static_cast<void>(outer.acquire<double>(1));
    {
      memory_scope inner{stack};
      static_cast<void>(inner.bits(1));
      static_cast<void>(outer.acquire<float>(1));
      static_cast<void>(stack.acquire<double>(1));
    }
    static_cast<void>(outer.acquire<double>(1));
  }
  BOOST_TEST(told() ==
             "float 0, open 1, double 1, open 2, bits 2, float 1, double 2, close 2, double 1, "
             "close 1");
}

BOOST_FIXTURE_TEST_CASE(an_event_says_where_how_much_and_what_is_in_use, listener) {
  listen();
  marker const mark = stack.checkpoint({"tides.cpp", 41});
  BOOST_REQUIRE(events.size() == 1U);
  BOOST_TEST(events[0].where.line == 41U);
  BOOST_TEST(events[0].bytes == 0U);
  BOOST_TEST(events[0].bytes_in_use == 0U);
  static_cast<void>(stack.acquire<dual<1>>(3, 2));
  static_cast<void>(stack.acquire<double>(10));
  BOOST_TEST(events[1].lane.ends_with("dual<1>"));
  BOOST_TEST(events[1].bytes == 96U);
  BOOST_TEST(events[1].bytes_in_use == 96U);
  BOOST_TEST(events[2].bytes == 80U);
  BOOST_TEST(events[2].bytes_in_use == 176U);
  BOOST_TEST(events[2].where.line == 0U);
  stack.rewind(mark);
  BOOST_TEST((events[3].what == action::close));
  BOOST_TEST(events[3].bytes_in_use == 0U);
}

BOOST_FIXTURE_TEST_CASE(every_kind_of_checkpoint_is_told, listener) {
  listen();
  static_cast<void>(stack.acquire<double>(1));
  told();
  marker const typed = stack.checkpoint<double>({"tides.cpp", 1});
  marker const full = stack.checkpoint_all({"tides.cpp", 2});
  rewindable_resource& base = stack;
  marker const raw = base.checkpoint({"tides.cpp", 3});
  for (std::uint32_t i = 0; i < 3; ++i) BOOST_TEST(events[i].where.line == i + 1);
  stack.rewind(raw);
  stack.keep(full);
  stack.rewind(typed);
  BOOST_TEST(told() == "open 1, open 2, open 3, close 3, close 2, close 1");
}

BOOST_FIXTURE_TEST_CASE(what_closes_together_is_told_innermost_first, listener) {
  listen();
  marker const outer = stack.checkpoint();
  static_cast<void>(stack.checkpoint());
  static_cast<void>(stack.checkpoint());
  stack.rewind(outer);
  BOOST_TEST(told() == "open 1, open 2, open 3, close 3, close 2, close 1");
  static_cast<void>(stack.checkpoint());
  static_cast<void>(stack.checkpoint());
  stack.reset();
  BOOST_TEST(told() == "open 1, open 2, close 2, close 1");
  static_cast<void>(stack.checkpoint());
  stack.release();
  BOOST_TEST(told() == "open 1, close 1");
  std::optional<stack_scope> below{std::in_place, stack};
  marker const above = stack.checkpoint();
  below->reset();
  BOOST_TEST(told() == "open 1, open 2, close 2");  // it is empty, and open
  static_cast<void>(above);
}

BOOST_FIXTURE_TEST_CASE(a_scope_that_is_kept_is_told_to_close, listener) {
  listen();
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(2));
    scope.keep();
  }
  BOOST_REQUIRE(events.size() == 3U);
  BOOST_TEST(events[2].bytes_in_use == 16U);
  BOOST_TEST(told() == "open 1, double 1, close 1");
}

BOOST_FIXTURE_TEST_CASE(who_listens_while_scopes_are_open_is_told_of_their_end, listener) {
  {
    memory_scope outer{stack};
    static_cast<void>(outer.acquire<double>(1));
    memory_scope inner{stack};
    static_cast<void>(inner.acquire<double>(1));
    listen();
    static_cast<void>(inner.acquire<double>(1));
    static_cast<void>(outer.acquire<double>(1));
  }
  BOOST_TEST(told() == "double 2, double 1, close 2, close 1");
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

BOOST_FIXTURE_TEST_CASE(who_no_longer_listens_is_told_nothing, listener) {
  listen();
  {
    memory_scope scope{stack};
    auto const before = scope.ones(10);
    stack.set_trace_handler(nullptr);
    told();
    auto const after = scope.ones(10);
    BOOST_TEST(after.data() == before.data() + 10);
    memory_scope inner{stack};
    static_cast<void>(inner.acquire<double>(1));
  }
  BOOST_TEST(events.empty());
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
  stack.set_trace_handler(nullptr);  // once more changes nothing
  BOOST_TEST(stack.ones(5)[4] == 1);
}

BOOST_FIXTURE_TEST_CASE(what_fails_is_not_told, listener) {
  listen();
  memory_scope scope{stack};
  told();
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<double>(SIZE_MAX)), std::bad_alloc);
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<double>(-1)), std::bad_alloc);
  BOOST_TEST(events.empty());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_stack_is_not_told) {
  struct user {
    typed_stack_resource* stack;
    explicit user(typed_stack_resource* used) noexcept : stack(used) {}
    user(user const&) = delete;
    user& operator=(user const&) = delete;
    ~user() { memory_scope scope{*stack}; }
  };
  int told = 0;
  {
    typed_stack_resource stack;
    stack.set_trace_handler(
        [](stack_event const&, void* count) noexcept { ++*static_cast<int*>(count); }, &told);
    static_cast<void>(stack.checkpoint());
    static_cast<void>(stack.make<user>(&stack));
  }
  BOOST_TEST(told == 1);  // that of the opening
}

BOOST_AUTO_TEST_CASE(checked_and_unpooled_stacks_tell_the_same) {
  auto const story = [](typed_stack_options const& options) {
    std::vector<std::string> lines;
    typed_stack_resource stack{options};
    stack.set_trace_handler(
        [](stack_event const& event, void* context) noexcept {
          static_cast<std::vector<std::string>*>(context)->push_back(
              std::to_string(static_cast<int>(event.what)) + std::to_string(event.depth) +
              std::string(event.lane) + std::to_string(event.bytes));
        },
        &lines);
    model::command_source source{5};
    for (int i = 0; i < 3; ++i) test::random_frame(stack, source, 4);
    return lines;
  };
  auto const expected = story(in_lanes());
  BOOST_TEST(expected.size() > 20U);
  BOOST_TEST(story({.check = check_level::on}) == expected, boost::test_tools::per_element());
  BOOST_TEST(story(in_lanes({.pooled = false})) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(results_and_places_are_the_same_with_and_without_a_listener) {
  auto const figures = [](bool traced) {
    typed_stack_resource stack{in_lanes()};
    if (traced) stack.set_trace_handler([](stack_event const&, void*) noexcept {});
    model::command_source source{11};
    for (int i = 0; i < 10; ++i) test::random_frame(stack, source, 2);
    return to_json(stack.stats_by_lane());
  };
  BOOST_TEST(figures(true) == figures(false));
}

BOOST_FIXTURE_TEST_CASE(a_lane_that_grows_without_a_scope_is_told_at_512_and_powers_of_two,
                        listener) {
  watch_growth();
  take_unscoped(511);
  BOOST_TEST(growths.empty());
  take_unscoped(1);
  BOOST_REQUIRE(growths.size() == 1U);
  BOOST_TEST(growths[0].resource == "tides");
  BOOST_TEST(growths[0].lane == "double");
  BOOST_TEST(growths[0].array_count == 512U);
  BOOST_TEST(growths[0].bytes_in_use == 512U * 16);
  take_unscoped(511);
  BOOST_TEST(growths.size() == 1U);
  take_unscoped(1);
  BOOST_TEST(growths.back().array_count == 1024U);
  take_unscoped(1024);
  BOOST_TEST(growths.back().array_count == 2048U);
  BOOST_TEST(growths.size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(each_lane_is_counted_for_itself, listener) {
  watch_growth();
  for (int i = 0; i < 511; ++i) {
    static_cast<void>(stack.acquire<double>(1));
    static_cast<void>(stack.acquire<float>(0));
    static_cast<void>(stack.acquire<dual<1>>(1));
  }
  BOOST_TEST(growths.empty());
  static_cast<void>(stack.acquire<dual<1>>(1));
  BOOST_REQUIRE(growths.size() == 1U);
  BOOST_TEST(growths[0].lane.ends_with("dual<1>"));
  static_cast<void>(stack.acquire<float>(0));
  BOOST_TEST(growths.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(arrays_of_scopes_are_not_counted, listener) {
  watch_growth();
  take_unscoped(500);
  {
    memory_scope scope{stack};
    for (int i = 0; i < 2000; ++i) static_cast<void>(scope.acquire<double>(1));
  }
  listen();  // every array takes the slow half now
  {
    memory_scope scope{stack};
    for (int i = 0; i < 2000; ++i) static_cast<void>(scope.acquire<double>(1));
  }
  BOOST_TEST(growths.empty());
  take_unscoped(12);
  BOOST_TEST(growths.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_reset_starts_the_count_anew, listener) {
  watch_growth();
  for (int i = 0; i < 3; ++i) {
    take_unscoped(511);
    i == 2 ? stack.release() : stack.reset();
  }
  BOOST_TEST(growths.empty());
  take_unscoped(512);
  BOOST_TEST(growths.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(growth_is_counted_before_anybody_watches, listener) {
  take_unscoped(600);
  watch_growth();
  BOOST_TEST(growths.empty());
  take_unscoped(424);
  BOOST_TEST(growths.size() == 1U);
  BOOST_TEST(growths[0].array_count == 1024U);
  stack.set_growth_handler(nullptr);
  take_unscoped(1024);
  BOOST_TEST(growths.size() == 1U);
}
