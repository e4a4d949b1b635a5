// SPDX-License-Identifier: BSL-1.0
// Built as C++23 where the compiler can, for the standard library may have std::mdspan then.
#include <array>
#include <boost/test/unit_test.hpp>
#include <concepts>
#include <cstddef>
#include <iostream>
#include <numeric>
#include <tidemark/nd_span.hpp>
#include <type_traits>

using tidemark::nd_span;

namespace {

struct a_block {
  std::array<int, 24> numbers{};
  nd_span<int, 3> a{numbers.data(), {2, 3, 4}};

  a_block() { std::iota(numbers.begin(), numbers.end(), 0); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_element_lies_where_layout_right_has_it, a_block) {
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(&a(i, j, k) == &numbers[i * 12 + j * 4 + k]);
    }
  }
}

#ifdef __cpp_lib_mdspan

static_assert(
    std::convertible_to<nd_span<int, 2>, std::mdspan<int, std::dextents<std::size_t, 2>>>);
static_assert(
    !std::constructible_from<std::mdspan<int, std::dextents<std::size_t, 2>>, nd_span<int, 3>>);
static_assert(!std::constructible_from<std::mdspan<int, std::dextents<std::size_t, 2>>,
                                       nd_span<int const, 2>>);

BOOST_FIXTURE_TEST_CASE(it_converts_to_an_mdspan_of_the_same_elements, a_block) {
  std::mdspan<int, std::dextents<std::size_t, 3>> const m = a;
  static_assert(std::is_same_v<decltype(m)::layout_type, std::layout_right>);
  BOOST_TEST(m.data_handle() == a.data());
  BOOST_TEST(m.size() == a.size());
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(m.extent(i) == a.extent(i));
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 4; ++k) {
        std::array const place{i, j, k};
        BOOST_TEST(&m[place] == &a(i, j, k));
      }
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_span_of_const_converts_to_an_mdspan_of_const, a_block) {
  nd_span<int const, 3> const read = a;
  std::mdspan<int const, std::dextents<std::size_t, 3>> const m = read;
  BOOST_TEST((&m[std::array{1, 2, 3}] == &numbers[23]));
}

#else

BOOST_AUTO_TEST_CASE(there_is_no_mdspan_to_convert_to) {
  std::cout << "This standard library has no std::mdspan: no conversion was tested.\n";
  static_assert(!std::constructible_from<int*, nd_span<int, 3>>);
}

#endif
