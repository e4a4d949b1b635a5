// SPDX-License-Identifier: BSL-1.0

// Each of these adaptors over every pool, and over every other adaptor over it, in the battery.

#include <boost/test/unit_test.hpp>

#include "support/adaptor_layers.hpp"

BOOST_AUTO_TEST_CASE(budget_over_everything_conforms) {
  support::check_stacks<support::budget_layer>();
}

BOOST_AUTO_TEST_CASE(fallback_over_everything_conforms) {
  support::check_stacks<support::fallback_layer>();
}

BOOST_AUTO_TEST_CASE(recovery_over_everything_conforms) {
  support::check_stacks<support::recovery_layer>();
}
