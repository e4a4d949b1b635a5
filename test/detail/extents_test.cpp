// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <boost/test/unit_test.hpp>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <tidemark/detail/extents.hpp>
#include <type_traits>

using namespace tidemark::detail;

namespace {

using one = std::array<std::size_t, 1>;
using two = std::array<std::size_t, 2>;
using three = std::array<std::size_t, 3>;

constexpr std::size_t half = std::size_t{1} << 32U;  // of the bits of a std::size_t

}  // namespace

// In constant evaluation too, where no overflow passes unseen.
static_assert(checked_extents(2, 3U, std::size_t{4}) == three{2, 3, 4});
static_assert(element_count(three{2, 3, 4}) == 24);
static_assert(element_count(std::array<std::size_t, 0>{}) == 1);
static_assert(!try_element_count(two{half, half}));

BOOST_AUTO_TEST_CASE(extents_of_any_integral_type_become_counts) {
  BOOST_TEST((checked_extents(0) == one{0}));
  BOOST_TEST((checked_extents(static_cast<signed char>(127), SIZE_MAX) == two{127, SIZE_MAX}));
  BOOST_TEST((checked_extents('a', true, 3L) == three{97, 1, 3}));
  BOOST_TEST((checked_extents(LLONG_MAX) == one{SIZE_MAX / 2}));
  static_assert(std::is_same_v<decltype(checked_extents(1, 2)), two>);
}

BOOST_AUTO_TEST_CASE(a_negative_extent_throws_wherever_it_stands) {
  BOOST_CHECK_THROW((void)checked_extents(-1), std::bad_array_new_length);
  BOOST_CHECK_THROW((void)checked_extents(-1, 2U, 3), std::bad_array_new_length);
  BOOST_CHECK_THROW((void)checked_extents(1, 2U, LLONG_MIN), std::bad_array_new_length);
  BOOST_CHECK_THROW((void)checked_extents(0, static_cast<signed char>(-128)),
                    std::bad_array_new_length);
}

BOOST_AUTO_TEST_CASE(an_element_count_is_the_product) {
  BOOST_TEST(element_count(one{7}) == 7U);
  BOOST_TEST(element_count(one{SIZE_MAX}) == SIZE_MAX);
  BOOST_TEST(element_count(three{3, 5, 7}) == 105U);
  BOOST_TEST(element_count(two{half, half - 1}) == SIZE_MAX - half + 1);
  BOOST_TEST(element_count(three{1, SIZE_MAX, 1}) == SIZE_MAX);
}

BOOST_AUTO_TEST_CASE(a_product_that_does_not_fit_throws) {
  BOOST_CHECK_THROW((void)element_count(two{half, half}), std::bad_array_new_length);  // wraps to 0
  BOOST_CHECK_THROW((void)element_count(two{SIZE_MAX, SIZE_MAX}),
                    std::bad_array_new_length);  // wraps to 1
  BOOST_CHECK_THROW((void)element_count(two{SIZE_MAX / 2 + 1, 2}), std::bad_array_new_length);
  BOOST_CHECK_THROW((void)element_count(three{half, half, 1}), std::bad_array_new_length);
  BOOST_CHECK((try_element_count(three{half, half, 5}) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(a_factor_of_0_makes_it_0_wherever_it_stands) {
  BOOST_TEST(element_count(one{0}) == 0U);
  BOOST_TEST(element_count(three{0, SIZE_MAX, SIZE_MAX}) == 0U);
  BOOST_TEST(element_count(three{SIZE_MAX, 0, SIZE_MAX}) == 0U);
  BOOST_TEST(element_count(three{SIZE_MAX, SIZE_MAX, 0}) == 0U);
}
