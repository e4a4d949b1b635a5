// SPDX-License-Identifier: BSL-1.0

// Each of these adaptors over every pool, and over every other adaptor over it, in the battery.

#include <boost/test/unit_test.hpp>

#include "support/adaptor_layers.hpp"

using support::all_stacks;
using support::conforming_stacks;

BOOST_AUTO_TEST_CASE(tag_over_everything_conforms) {
  BOOST_TEST(conforming_stacks<support::tag_layer>() == all_stacks);
}

BOOST_AUTO_TEST_CASE(shared_tag_over_everything_conforms) {
  BOOST_TEST(conforming_stacks<support::shared_tag_layer>() == all_stacks);
}

BOOST_AUTO_TEST_CASE(statistics_over_everything_conforms) {
  BOOST_TEST(conforming_stacks<support::statistics_layer>() == all_stacks);
}
