// SPDX-License-Identifier: BSL-1.0

// Random histories of a frame. A failure prints the seed and the operation.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "support/model.hpp"
#include "support/model_frame.hpp"

namespace {

void run_seeds(std::uint64_t first, std::uint64_t count, std::size_t operations,
               tidemark::check_level level) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    model::command_source source{seed};
    try {
      model::run<model::frame_traits>(source, operations, level);
    } catch (std::exception const& bug) {
      BOOST_TEST(false, "seed " << seed << ", " << bug.what());
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_million_operations_agree_with_the_model) {
  run_seeds(1, 400, 2500, tidemark::check_level::automatic);
}

BOOST_AUTO_TEST_CASE(a_checked_frame_agrees_with_the_model) {
  run_seeds(10001, 60, 1500, tidemark::check_level::on);
}

BOOST_AUTO_TEST_CASE(histories_can_be_driven_by_bytes) {
  std::vector<std::uint8_t> bytes(20000);
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24U);
  }
  model::command_source source{bytes};
  BOOST_CHECK_NO_THROW(
      model::run<model::frame_traits>(source, 100000, tidemark::check_level::automatic));
  BOOST_TEST(source.exhausted());
}
