// SPDX-License-Identifier: BSL-1.0

// Random histories of a thread-local pool, in one thread and with others that free its blocks,
// whose bytes in use the model knows to the byte. A failure prints the seed and the operation.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>

#include "support/model.hpp"
#include "support/model_thread_local.hpp"

namespace {

void run_seeds(std::uint64_t first, std::uint64_t count, std::size_t operations,
               tidemark::check_level level) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    model::command_source source{seed};
    try {
      model::run<model::local_traits>(source, operations, level);
    } catch (std::exception const& bug) {
      BOOST_TEST(false, "seed " << seed << ", " << bug.what());
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_million_operations_agree_with_the_model) {
  run_seeds(1, 400, 2500, tidemark::check_level::off);
}

BOOST_AUTO_TEST_CASE(a_checked_pool_agrees_with_the_model) {
  run_seeds(10001, 60, 1500, tidemark::check_level::on);
}
