// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <tidemark/literals.hpp>
#include <type_traits>

using namespace tidemark::literals;

BOOST_AUTO_TEST_CASE(units_are_binary) {
  BOOST_TEST(0_KiB == 0U);
  BOOST_TEST(1_KiB == 1024U);
  BOOST_TEST(3_MiB == 3145728U);
  BOOST_TEST(2_GiB == 2147483648U);
  static_assert(std::is_same_v<decltype(1_KiB), std::size_t>);
}

BOOST_AUTO_TEST_CASE(the_largest_count_that_fits_is_exact) {
  static_assert(sizeof(std::size_t) == 8);
  BOOST_TEST(17179869183_GiB == 0xFFFFFFFFC0000000U);
}
