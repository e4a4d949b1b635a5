// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tidemark/adaptors/budget.hpp>
#include <vector>

using namespace tidemark;

namespace {

// What one or more budgets told.
struct event_log {
  std::vector<budget_event> seen;

  explicit event_log(budget& source) { source.set_event_handler(&write, this); }
  static void write(budget_event const& event, void* self) {
    static_cast<event_log*>(self)->seen.push_back(event);
  }
  // Their kinds in one line.
  std::string kinds() const {
    std::ostringstream out;
    for (auto const& event : seen) out << (out.tellp() == 0 ? "" : " ") << event.kind;
    return out.str();
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(passing_the_soft_limit_is_told_once) {
  budget physics{"physics", 800, 1000};
  event_log const log{physics};
  physics.charge(800);
  BOOST_TEST(log.kinds() == "");
  physics.charge(1);
  BOOST_TEST(log.kinds() == "soft_passed");
  BOOST_TEST(log.seen[0].source == &physics);
  BOOST_TEST(log.seen[0].bytes == 801U);
  BOOST_TEST(log.seen[0].requested_bytes == 0U);
  physics.refund(100);
  physics.charge(150);
  BOOST_TEST(log.kinds() == "soft_passed");
}

BOOST_AUTO_TEST_CASE(falling_to_seven_eighths_of_the_soft_limit_is_relief) {
  budget physics{"physics", 800, 1000};
  event_log const log{physics};
  physics.charge(900);
  physics.refund(199);  // 701
  BOOST_TEST(log.kinds() == "soft_passed");
  physics.refund(1);
  BOOST_TEST(log.kinds() == "soft_passed relieved");
  BOOST_TEST(log.seen[1].bytes == 700U);
  physics.refund(100);
  physics.charge(300);
  BOOST_TEST(log.kinds() == "soft_passed relieved soft_passed");
  BOOST_TEST(physics.stats().soft_passes == 2U);
}

BOOST_AUTO_TEST_CASE(a_relief_mark_of_ones_own_is_kept_to) {
  budget physics{"physics", {.soft_bytes = 800, .relief_bytes = 100}};
  event_log const log{physics};
  physics.charge(900);
  physics.refund(799);
  BOOST_TEST(log.kinds() == "soft_passed");
  physics.refund(1);
  BOOST_TEST(log.kinds() == "soft_passed relieved");
}

BOOST_AUTO_TEST_CASE(a_relief_mark_over_the_soft_limit_is_taken_as_seven_eighths) {
  budget physics{"physics", {.soft_bytes = 800, .relief_bytes = 900}};
  event_log const log{physics};
  physics.charge(850);
  BOOST_TEST(log.kinds() == "soft_passed");
  BOOST_TEST(physics.limits().relief_bytes == 700U);
}

BOOST_AUTO_TEST_CASE(refusals_are_told_once_until_seven_eighths_are_left) {
  budget physics{"physics", {.hard_bytes = 1000}};
  event_log const log{physics};
  physics.charge(950);
  for (int i = 0; i < 5; ++i) BOOST_TEST(!physics.try_charge(51));
  BOOST_TEST(log.kinds() == "refused");
  BOOST_TEST(log.seen[0].bytes == 950U);
  BOOST_TEST(log.seen[0].requested_bytes == 51U);
  physics.refund(74);  // 876
  BOOST_TEST(!physics.try_charge(200));
  BOOST_TEST(log.kinds() == "refused");
  physics.refund(1);
  BOOST_TEST(!physics.try_charge(200));
  BOOST_TEST(log.kinds() == "refused refused");
  BOOST_TEST(physics.stats().refusals == 7U);
}

BOOST_AUTO_TEST_CASE(large_requests_to_an_empty_budget_are_told_once_until_a_refund) {
  budget physics{"physics", {.hard_bytes = 1000}};
  event_log const log{physics};
  for (int i = 0; i < 5; ++i) BOOST_TEST(!physics.try_charge(2000));
  physics.charge(100);
  BOOST_TEST(!physics.try_charge(2000));
  BOOST_TEST(log.kinds() == "refused");
  physics.refund(100);
  BOOST_TEST(!physics.try_charge(2000));
  BOOST_TEST(log.kinds() == "refused refused");
}

BOOST_AUTO_TEST_CASE(each_budget_tells_its_own_events_alone) {
  budget game{"game", 50, 100};
  budget physics{"physics", 1000, 1000, &game};
  event_log const of_game{game};
  event_log const of_physics{physics};
  physics.charge(60);
  BOOST_TEST(!physics.try_charge(60));
  physics.refund(60);
  BOOST_TEST(of_game.kinds() == "soft_passed refused relieved");
  BOOST_TEST(of_physics.kinds() == "");
}

BOOST_AUTO_TEST_CASE(an_event_of_a_budget_above_is_told_when_all_numbers_are_right) {
  budget game{"game", 50, 100};
  budget middle{"middle", {}, &game};
  budget physics{"physics", 10, 1000, &middle};
  struct numbers {
    budget &game, &physics;
    std::vector<std::size_t> seen;
  } seen{game, physics, {}};
  auto const look = [](budget_event const&, void* context) {
    auto& to = *static_cast<numbers*>(context);
    to.seen.insert(to.seen.end(), {to.physics.bytes(), to.game.bytes()});
  };
  game.set_event_handler(look, &seen);
  physics.set_event_handler(look, &seen);
  game.charge(40);
  physics.charge(60);
  physics.refund(60);
  std::vector<std::size_t> const expected{60, 100, 60, 100, 0, 40, 0, 40};
  BOOST_TEST(seen.seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_budget_may_relieve_the_one_above) {
  budget game{"game", 50, 100};
  event_log const log{game};
  {
    budget level{"level", {}, &game};
    level.charge(60);
  }
  BOOST_TEST(log.kinds() == "soft_passed relieved");
}

BOOST_AUTO_TEST_CASE(new_limits_may_be_events) {
  budget physics{"physics", 800, 1000};
  event_log const log{physics};
  physics.charge(500);
  physics.set_limits({.soft_bytes = 400});
  BOOST_TEST(log.kinds() == "soft_passed");
  physics.set_limits({.soft_bytes = 800, .hard_bytes = 510});
  BOOST_TEST(log.kinds() == "soft_passed relieved");
  BOOST_TEST(!physics.try_charge(20));
  physics.set_limits({.hard_bytes = 1000});
  BOOST_TEST(!physics.try_charge(600));
  BOOST_TEST(log.kinds() == "soft_passed relieved refused refused");
}

BOOST_AUTO_TEST_CASE(set_event_handler_returns_the_former_one) {
  budget physics{"physics", 800, 1000};
  int context = 0;
  auto const nothing = [](budget_event const&, void*) {};
  BOOST_TEST((physics.set_event_handler(nothing, &context).handler == nullptr));
  budget_event_hook const former = physics.set_event_handler(nullptr);
  BOOST_TEST((former.handler == +nothing));
  BOOST_TEST(former.context == &context);
  physics.charge(900);
  BOOST_TEST(physics.stats().soft_passes == 1U);
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_is_dropped_and_counted) {
  budget physics{"physics", 800, 1000};
  physics.set_event_handler([](budget_event const&, void*) { throw std::runtime_error("no"); });
  BOOST_TEST(physics.try_charge(900));
  BOOST_TEST(!physics.try_charge(900));
  BOOST_CHECK_THROW(physics.charge(900), budget_exceeded);
  physics.refund(900);
  BOOST_TEST(physics.stats().dropped_exceptions == 3U);
  BOOST_TEST(physics.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_charge_its_budget_and_is_not_called_from_within_itself) {
  budget physics{"physics", 800, 1000};
  struct calls {
    int count = 0, deepest = 0, depth = 0;
  } calls;
  physics.set_event_handler(
      [](budget_event const& event, void* context) {
        auto& c = *static_cast<struct calls*>(context);
        c.deepest = std::max(c.deepest, ++c.depth);
        ++c.count;
        if (event.source->try_charge(50)) event.source->refund(50);
        (void)event.source->try_charge(5000);
        --c.depth;
      },
      &calls);
  physics.charge(900);
  BOOST_TEST(calls.count == 1);
  BOOST_TEST(!physics.try_charge(500));
  BOOST_TEST(calls.count == 2);
  BOOST_TEST(calls.deepest == 1);
  BOOST_TEST(physics.bytes() == 900U);
  BOOST_TEST(physics.stats().refusals == 3U);
}

BOOST_AUTO_TEST_CASE(a_relief_that_a_handler_brings_is_told_after_it_returned) {
  budget physics{"physics", 800, 1000};
  struct state {
    std::string told;
    bool inside = false;
  } state;
  physics.set_event_handler(
      [](budget_event const& event, void* context) {
        auto& s = *static_cast<struct state*>(context);
        s.told += s.inside ? "inside " : "";
        s.inside = true;
        s.told += event.kind == budget_event_kind::soft_passed ? "passed " : "relieved ";
        if (event.kind == budget_event_kind::soft_passed) event.source->refund(500);  // a cache's
        s.inside = false;
      },
      &state);
  physics.charge(850);
  BOOST_TEST(state.told == "passed relieved ");
  BOOST_TEST(physics.bytes() == 350U);
}

BOOST_AUTO_TEST_CASE(a_handler_that_always_causes_the_next_event_comes_to_an_end) {
  budget physics{"physics", 800, 1000};
  int calls = 0;
  physics.set_event_handler(
      [](budget_event const& event, void* context) {
        ++*static_cast<int*>(context);
        if (event.kind == budget_event_kind::soft_passed) event.source->refund(500);
        if (event.kind == budget_event_kind::relieved) event.source->charge(500);
      },
      &calls);
  physics.charge(850);
  BOOST_TEST(calls >= 2);
  BOOST_TEST(calls <= 8);
}

BOOST_AUTO_TEST_CASE(a_request_is_refused_even_if_the_handler_makes_room) {
  budget physics{"physics", {.hard_bytes = 1000}};
  physics.charge(1000);
  int calls = 0;
  physics.set_event_handler(
      [](budget_event const& event, void* context) {
        ++*static_cast<int*>(context);
        event.source->refund(500);
      },
      &calls);
  BOOST_TEST(!physics.try_charge(100));
  BOOST_TEST(physics.try_charge(100));
  BOOST_TEST(!physics.try_charge(700));  // told again: the refund left less than 7/8
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(handlers_of_two_budgets_may_call_each_other_and_end) {
  budget first{"first", 10, 1000};
  budget second{"second", 10, 1000};
  struct pair {
    budget &first, &second;
    int calls;
  } both{first, second, 0};
  auto const charge_both = [](budget_event const&, void* context) {
    auto& p = *static_cast<pair*>(context);
    ++p.calls;
    (void)p.first.try_charge(20);
    (void)p.second.try_charge(20);
  };
  first.set_event_handler(charge_both, &both);
  second.set_event_handler(charge_both, &both);
  first.charge(20);
  BOOST_TEST(both.calls == 2);
  BOOST_TEST(first.bytes() == 60U);
  BOOST_TEST(second.bytes() == 40U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_replace_itself) {
  budget physics{"physics", 800, 1000};
  int calls = 0;
  physics.set_event_handler(
      [](budget_event const& event, void* context) {
        event.source->set_event_handler(nullptr);
        ++*static_cast<int*>(context);
      },
      &calls);
  physics.charge(900);
  physics.refund(900);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_handler_may_report_and_change_limits) {
  std::string table;  // outlives the budgets, whose ends are events, too
  budget game{"game", 50, 100};
  budget physics{"physics", {}, &game};
  game.set_event_handler(
      [](budget_event const& event, void* context) {
        std::ostringstream out;
        out << *event.source;
        *static_cast<std::string*>(context) = out.str();
        event.source->set_limits({.soft_bytes = 500, .hard_bytes = 1000});
      },
      &table);
  physics.charge(60);
  BOOST_TEST(table.find("game/physics          60") != std::string::npos);
  BOOST_TEST(physics.try_charge(900));
}
