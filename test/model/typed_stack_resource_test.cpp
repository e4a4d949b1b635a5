// SPDX-License-Identifier: BSL-1.0

// Random histories of a typed stack. A failure prints the seed and the operation.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

#include "support/model.hpp"
#include "support/model_stack.hpp"

using tidemark::check_level;

namespace {

template <model::stacks Which = model::stacks::any>
void run_seeds(std::uint64_t first, std::uint64_t count, std::size_t operations,
               check_level level) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    model::command_source source{seed};
    try {
      model::run<model::stack_traits<Which>>(source, operations, level);
    } catch (std::exception const& bug) {
      BOOST_TEST(false, "seed " << seed << ", " << bug.what());
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_million_operations_agree_with_the_model) {
  run_seeds(1, 400, 2500, check_level::off);
}

BOOST_AUTO_TEST_CASE(a_stack_with_the_checks_of_its_program_agrees_with_the_model) {
  run_seeds(5001, 40, 1500, check_level::automatic);
}

BOOST_AUTO_TEST_CASE(a_checked_stack_agrees_with_the_model) {
  run_seeds(10001, 60, 1500, check_level::on);
}

BOOST_AUTO_TEST_CASE(a_stack_that_does_not_pool_agrees_with_the_model) {
  run_seeds<model::stacks::disabled>(20001, 40, 1500, check_level::off);
  run_seeds<model::stacks::disabled>(30001, 20, 1500, check_level::on);
}

BOOST_AUTO_TEST_CASE(the_second_of_two_equal_histories_asks_upstream_for_nothing) {
  for (std::uint64_t seed = 40001; seed < 40101; ++seed) {
    try {
      model::run_twice<model::stack_traits<model::stacks::repeatable>>(seed, 1000,
                                                                       check_level::off);
    } catch (std::exception const& bug) {
      BOOST_TEST(false, "seed " << seed << ", " << bug.what());
    }
  }
}

BOOST_AUTO_TEST_CASE(histories_can_be_driven_by_bytes) {
  std::vector<std::uint8_t> bytes(20000);
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24U);
  }
  model::command_source source{bytes};
  BOOST_CHECK_NO_THROW(model::run<model::stack_traits<>>(source, 100000, check_level::automatic));
  BOOST_TEST(source.exhausted());
}
