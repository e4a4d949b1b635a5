// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/literals.hpp>
#include <type_traits>
#include <utility>
#include <vector>

using namespace tidemark;
using namespace tidemark::literals;

static_assert(!std::is_copy_constructible_v<budget> && !std::is_move_constructible_v<budget>);
static_assert(noexcept(std::declval<budget&>().try_charge(1)));
static_assert(noexcept(std::declval<budget&>().refund(1)));

BOOST_AUTO_TEST_CASE(it_holds_what_was_charged_and_not_refunded) {
  budget physics{"physics", 800, 1000};
  physics.charge(300);
  BOOST_TEST(physics.try_charge(200));
  physics.refund(100);
  BOOST_TEST(physics.bytes() == 400U);
  BOOST_TEST(physics.available_bytes() == 600U);
  BOOST_TEST(physics.stats().bytes_peak == 500U);
}

BOOST_AUTO_TEST_CASE(it_refuses_exactly_what_is_over_its_limit) {
  budget physics{"physics", {.hard_bytes = 1000}};
  BOOST_TEST(!physics.try_charge(1001));
  BOOST_TEST(physics.try_charge(999));
  BOOST_TEST(!physics.try_charge(2));
  BOOST_TEST(physics.try_charge(1));
  BOOST_TEST(!physics.try_charge(1));
  BOOST_TEST(physics.bytes() == 1000U);
  physics.refund(1);
  BOOST_TEST(physics.try_charge(1));
}

BOOST_AUTO_TEST_CASE(a_refused_request_changes_nothing_but_the_count_of_refusals) {
  budget physics{"physics", 800, 1000};
  physics.charge(900);
  budget_stats expected = physics.stats();
  BOOST_TEST(!physics.try_charge(101));
  BOOST_CHECK_THROW(physics.charge(200), budget_exceeded);
  expected.refusals = 2;
  BOOST_TEST(physics.stats() == expected);
}

BOOST_AUTO_TEST_CASE(a_thrown_refusal_names_the_budget_and_what_was_left) {
  budget physics{"physics", {.hard_bytes = 1000}};
  physics.charge(900);
  try {
    physics.charge(101);
    BOOST_ERROR("it was granted");
  } catch (std::bad_alloc const& refused) {
    auto const& exceeded = dynamic_cast<budget_exceeded const&>(refused);
    BOOST_TEST(std::string_view{exceeded.resource} == "physics");
    BOOST_TEST(exceeded.requested_bytes == 101U);
    BOOST_TEST(exceeded.available_bytes == 100U);
  }
}

BOOST_AUTO_TEST_CASE(would_fit_answers_as_a_charge_would) {
  budget game{"game", {.hard_bytes = 100}};
  budget physics{"physics", {.hard_bytes = 80}, &game};
  BOOST_TEST(physics.would_fit(80));
  BOOST_TEST(!physics.would_fit(81));
  game.charge(50);
  BOOST_TEST(physics.would_fit(50));
  BOOST_TEST(!physics.would_fit(51));
  BOOST_TEST(physics.stats().refusals == 0U);  // a question is none
  BOOST_TEST(game.stats().refusals == 0U);
}

BOOST_AUTO_TEST_CASE(with_a_limit_of_zero_no_byte_fits) {
  budget none{"none", {.hard_bytes = 0}};
  BOOST_TEST(!none.try_charge(1));
  BOOST_TEST(none.try_charge(0));
  BOOST_TEST(none.available_bytes() == 0U);
  none.refund(0);
}

BOOST_AUTO_TEST_CASE(without_a_limit_everything_fits_that_a_number_can_hold) {
  budget all{"all"};
  BOOST_TEST(all.available_bytes() == SIZE_MAX);
  BOOST_TEST(all.try_charge(SIZE_MAX));
  BOOST_TEST(!all.try_charge(1));
  BOOST_TEST(all.bytes() == SIZE_MAX);
  all.refund(SIZE_MAX);
  BOOST_TEST(all.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(no_sum_wraps) {
  budget game{"game"};
  budget physics{"physics", {.hard_bytes = 1000}, &game};
  physics.charge(10);
  BOOST_TEST(!physics.try_charge(SIZE_MAX));
  BOOST_TEST(!physics.try_charge(SIZE_MAX - 5));
  game.charge(SIZE_MAX - 20);
  BOOST_TEST(!physics.try_charge(11));
  BOOST_TEST(physics.bytes() == 10U);
  BOOST_TEST(game.bytes() == SIZE_MAX - 10);
}

BOOST_AUTO_TEST_CASE(a_charge_counts_for_all_budgets_above) {
  budget game{"game"};
  budget physics{"physics", {}, &game};
  budget broad{"broadphase", {}, &physics};
  budget audio{"audio", {}, &game};
  broad.charge(100);
  physics.charge(10);
  audio.charge(1);
  BOOST_TEST(game.bytes() == 111U);
  BOOST_TEST(physics.bytes() == 110U);
  BOOST_TEST(audio.bytes() == 1U);
  broad.refund(100);
  BOOST_TEST(game.bytes() == 11U);
  BOOST_TEST(physics.bytes() == 10U);
}

BOOST_AUTO_TEST_CASE(the_first_full_budget_on_the_way_up_refuses) {
  budget game{"game", {.hard_bytes = 100}};
  budget physics{"physics", {.hard_bytes = 150}, &game};
  budget broad{"broadphase", {.hard_bytes = 200}, &physics};
  game.charge(60);
  for (auto const& [bytes, name] :
       {std::pair{201U, "broadphase"}, {200U, "physics"}, {150U, "game"}, {41U, "game"}}) {
    try {
      broad.charge(bytes);
      BOOST_ERROR("it was granted");
    } catch (budget_exceeded const& refused) {
      BOOST_TEST(std::string_view{refused.resource} == name);
    }
  }
  BOOST_TEST(broad.try_charge(40));
  BOOST_TEST(game.stats().refusals == 2U);
  BOOST_TEST(physics.stats().refusals == 1U);
  BOOST_TEST(broad.stats().refusals == 1U);
}

BOOST_AUTO_TEST_CASE(a_refusal_higher_up_leaves_those_below_as_they_were) {
  budget game{"game", {.hard_bytes = 100}};
  budget physics{"physics", {}, &game};
  game.charge(95);
  BOOST_TEST(!physics.try_charge(6));
  BOOST_TEST(physics.bytes() == 0U);
  BOOST_TEST(physics.stats().bytes_peak == 0U);
  BOOST_TEST(game.bytes() == 95U);
}

BOOST_AUTO_TEST_CASE(the_destructor_refunds_to_all_above_what_is_still_held) {
  budget game{"game"};
  budget physics{"physics", {}, &game};
  {
    budget level{"level", {}, &physics};
    level.charge(64);
    BOOST_TEST(game.bytes() == 64U);
  }
  BOOST_TEST(physics.bytes() == 0U);
  BOOST_TEST(game.bytes() == 0U);
  BOOST_TEST(game.stats().bytes_peak == 64U);
}

BOOST_AUTO_TEST_CASE(a_limit_may_be_raised) {
  budget physics{"physics", {.hard_bytes = 10}};
  physics.charge(10);
  physics.set_limits({.hard_bytes = 20});
  BOOST_TEST(physics.try_charge(10));
  BOOST_TEST(!physics.try_charge(1));
}

BOOST_AUTO_TEST_CASE(a_lowered_limit_takes_nothing_back_but_refuses_until_there_is_room) {
  budget physics{"physics", {.hard_bytes = 100}};
  physics.charge(100);
  physics.set_limits({.hard_bytes = 50});
  BOOST_TEST(physics.bytes() == 100U);
  BOOST_TEST(physics.available_bytes() == 0U);
  BOOST_TEST(!physics.try_charge(1));
  BOOST_TEST(physics.try_charge(0));
  physics.refund(51);
  BOOST_TEST(physics.try_charge(1));
  BOOST_TEST(!physics.try_charge(1));
}

BOOST_AUTO_TEST_CASE(its_limits_can_be_asked_for) {
  budget physics{"physics", 800, 1000};
  BOOST_TEST((physics.limits() ==
              budget_limits{.soft_bytes = 800, .hard_bytes = 1000, .relief_bytes = 700}));
  physics.set_limits({.soft_bytes = 80, .relief_bytes = 10});
  BOOST_TEST((physics.limits() == budget_limits{.soft_bytes = 80, .relief_bytes = 10}));
}

BOOST_AUTO_TEST_CASE(a_name_is_a_copy_of_31_bytes) {
  std::optional<std::string> name{std::string(40, 'x')};
  budget long_named{*name};
  name.reset();
  BOOST_TEST(long_named.name() == std::string(31, 'x'));
}

BOOST_AUTO_TEST_CASE(the_tree_lists_each_budget_before_those_below) {
  budget game{"game"};
  budget physics{"physics", {}, &game};
  auto level = std::make_unique<budget>("level", budget_limits{}, &game);
  budget audio{"audio", {}, &game};
  budget broad{"broadphase", {}, &physics};
  level.reset();
  std::vector<std::string> paths;
  for (auto const& stats : game.tree()) paths.push_back(stats.path);
  std::vector<std::string> const expected{"game", "game/physics", "game/physics/broadphase",
                                          "game/audio"};
  BOOST_TEST(paths == expected, boost::test_tools::per_element());
  BOOST_TEST(broad.path() == "game/physics/broadphase");
  BOOST_TEST(broad.parent() == &physics);
}

BOOST_AUTO_TEST_CASE(it_prints_as_a_table) {
  budget game{"game", {.hard_bytes = 64_MiB}};
  budget physics{"physics", 800, 1000, &game};
  physics.charge(900);
  BOOST_TEST(!physics.try_charge(101));
  std::ostringstream out;
  out << game;
  BOOST_TEST(out.str() ==
             "budget             bytes  bytes_peak  soft_bytes  hard_bytes    refusals  "
             "soft_passes  dropped_exceptions\n"
             "game                 900         900           -    67108864           0  "
             "          0                   0\n"
             "game/physics         900         900         800        1000           1  "
             "          1                   0\n");
}

BOOST_AUTO_TEST_CASE(it_is_json) {
  budget game{"ga\"me"};
  budget physics{"physics", 800, 1000, &game};
  physics.charge(8);
  BOOST_TEST(to_json(game) ==
             R"([{"path":"ga\"me","bytes":8,"bytes_peak":8,"soft_bytes":null,"hard_bytes":null,)"
             R"("refusals":0,"soft_passes":0,"dropped_exceptions":0},)"
             R"({"path":"ga\"me/physics","bytes":8,"bytes_peak":8,"soft_bytes":800,)"
             R"("hard_bytes":1000,"refusals":0,"soft_passes":0,"dropped_exceptions":0}])");
}

BOOST_AUTO_TEST_CASE(its_numbers_print_in_one_line) {
  budget physics{"physics", {.hard_bytes = 10}};
  physics.charge(8);
  std::ostringstream out;
  out << physics.stats();
  BOOST_TEST(out.str() ==
             "physics: bytes=8 bytes_peak=8 soft_bytes=- hard_bytes=10 refusals=0 soft_passes=0 "
             "dropped_exceptions=0");
}
