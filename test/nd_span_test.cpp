// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tidemark/nd_span.hpp>
#include <tidemark/with_scope.hpp>
#include <type_traits>
#include <vector>

using tidemark::nd_span;

namespace {

template <std::size_t N>
using shape = std::array<std::size_t, N>;

template <class T, std::size_t N>
constexpr bool is_a_view_of_contiguous_elements =
    std::ranges::contiguous_range<nd_span<T, N>> && std::ranges::sized_range<nd_span<T, N>> &&
    std::ranges::borrowed_range<nd_span<T, N>> && std::ranges::view<nd_span<T, N>> &&
    std::ranges::common_range<nd_span<T, N> const>;

static_assert(is_a_view_of_contiguous_elements<double, 1>);
static_assert(is_a_view_of_contiguous_elements<double, 3>);
static_assert(is_a_view_of_contiguous_elements<std::string const, 2>);

static_assert(std::is_trivially_copyable_v<nd_span<std::string, 2>>);
static_assert(!std::is_aggregate_v<nd_span<double, 2>>);
static_assert(sizeof(nd_span<double, 2>) == 3 * sizeof(void*));
static_assert(std::is_same_v<nd_span<int const, 2>::element_type, int const>);
static_assert(std::is_same_v<nd_span<int const, 2>::value_type, int>);

// Elements may become const; nothing else may change.
static_assert(std::convertible_to<nd_span<int, 2>, nd_span<int const, 2>>);
static_assert(!std::constructible_from<nd_span<int, 2>, nd_span<int const, 2>>);
static_assert(!std::constructible_from<nd_span<int, 2>, nd_span<int, 1>>);
static_assert(!std::constructible_from<nd_span<long, 2>, nd_span<int, 2>>);
static_assert(!std::constructible_from<nd_span<std::ios, 1>, nd_span<std::iostream, 1>>);

// A span is of one dimension; one dimension is all a span shows of any.
static_assert(std::convertible_to<std::span<int>, nd_span<int, 1>>);
static_assert(std::convertible_to<std::span<int, 3>, nd_span<int const, 1>>);
static_assert(!std::constructible_from<nd_span<int, 1>, std::span<int const>>);
static_assert(!std::constructible_from<nd_span<int, 2>, std::span<int>>);
static_assert(std::convertible_to<nd_span<int, 1>, std::span<int>>);
static_assert(std::convertible_to<nd_span<int, 3> const&, std::span<int>>);
static_assert(std::convertible_to<nd_span<int, 3>, std::span<int const>>);
static_assert(!std::constructible_from<std::span<int>, nd_span<int const, 3>>);

// As many indices as dimensions, and integral ones.
template <class Span, class... Index>
concept indexed_by = requires(Span a, Index... i) {
  a(i...);
  a.at(i...);
};
static_assert(indexed_by<nd_span<int, 2>, int, std::size_t>);
static_assert(!indexed_by<nd_span<int, 2>, int>);
static_assert(!indexed_by<nd_span<int, 2>, int, int, int>);
static_assert(!indexed_by<nd_span<int, 2>, int, double>);

// It carries memory out of a scope, and its elements, whatever they are, too.
static_assert(tidemark::may_point_into_pool<nd_span<double, 1>>);
static_assert(tidemark::may_point_into_pool<nd_span<double const, 2>>);
static_assert(tidemark::may_point_into_pool<nd_span<char, 3>>);

constexpr int sum_in_constant_evaluation() {
  std::array<int, 6> numbers{1, 2, 3, 4, 5, 6};
  nd_span a{numbers.data(), shape<2>{2, 3}};
  a(1, 0) = 40;
  a.at(0, 1) += a[1][2];
  nd_span<int, 3> const b = tidemark::reshape(a.span(), shape<3>{3, 1, 2});
  return std::accumulate(b.begin(), b.end(), b(1, 0, 1));
}
static_assert(sum_in_constant_evaluation() == 1 + 8 + 3 + 40 + 5 + 6 + 40);

bool names_both_counts(std::string_view text, std::string_view a, std::string_view b) {
  return text.find(a) != text.npos && text.find(b) != text.npos;
}

struct four_dimensions {
  std::vector<int> numbers = std::vector<int>(2 * 3 * 4 * 5);
  nd_span<int, 4> a{numbers.data(), {2, 3, 4, 5}};

  four_dimensions() { std::iota(numbers.begin(), numbers.end(), 0); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_default_span_is_empty) {
  nd_span<int, 3> const a;
  BOOST_TEST(a.data() == nullptr);
  BOOST_TEST(a.size() == 0U);
  BOOST_TEST(a.empty());
  BOOST_TEST((a.extents() == shape<3>{0, 0, 0}));
  BOOST_TEST(a.begin() == a.end());
  BOOST_TEST(a.span().empty());
}

BOOST_FIXTURE_TEST_CASE(it_tells_its_shape, four_dimensions) {
  static_assert(decltype(a)::rank() == 4);
  BOOST_TEST(a.data() == numbers.data());
  BOOST_TEST(a.size() == 120U);
  BOOST_TEST(a.size_bytes() == 120 * sizeof(int));
  BOOST_TEST(!a.empty());
  BOOST_TEST((a.extents() == shape<4>{2, 3, 4, 5}));
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(a.extent(i) == i + 2);
}

BOOST_FIXTURE_TEST_CASE(the_last_index_is_the_fastest, four_dimensions) {
  int next = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 4; ++k) {
        for (std::size_t l = 0; l < 5; ++l, ++next) {
          BOOST_TEST(&a(i, j, k, l) == &numbers[static_cast<std::size_t>(next)]);
          BOOST_TEST(a.at(i, j, k, l) == next);
          BOOST_TEST(a[i][j][k][l] == next);
        }
      }
    }
  }
  BOOST_TEST(next == 120);
}

BOOST_FIXTURE_TEST_CASE(a_row_is_a_span_of_one_dimension_less, four_dimensions) {
  static_assert(std::same_as<decltype(a[1]), nd_span<int, 3>>);
  static_assert(std::same_as<decltype(a[1][2][3][4]), int&>);
  BOOST_TEST((a[1].extents() == shape<3>{3, 4, 5}));
  BOOST_TEST(a[1].data() == numbers.data() + 60);
  BOOST_TEST((a[1][2].extents() == shape<2>{4, 5}));
  BOOST_TEST(*a[1][2].begin() == 100);
}

BOOST_FIXTURE_TEST_CASE(a_const_span_writes_and_a_span_of_const_does_not, four_dimensions) {
  nd_span<int, 4> const fixed = a;
  fixed(0, 0, 0, 1) = -1;
  fixed[1][2][3][4] = -119;
  BOOST_TEST(numbers[1] == -1);
  BOOST_TEST(numbers[119] == -119);
  nd_span<int const, 4> const read = a;
  static_assert(std::same_as<decltype(read(0, 0, 0, 0)), int const&>);
  BOOST_TEST(&read(1, 2, 3, 4) == &numbers[119]);
  BOOST_TEST((read.extents() == a.extents()));
}

BOOST_FIXTURE_TEST_CASE(each_index_is_checked_by_at, four_dimensions) {
  BOOST_CHECK_THROW((void)a.at(2, 0, 0, 0), std::out_of_range);
  BOOST_CHECK_THROW((void)a.at(0, 3, 0, 0), std::out_of_range);
  BOOST_CHECK_THROW((void)a.at(0, 0, 4, 0), std::out_of_range);
  BOOST_CHECK_THROW((void)a.at(0, 0, 0, 5), std::out_of_range);
  BOOST_CHECK_THROW((void)a.at(0, 0, 0, -1), std::out_of_range);
  BOOST_CHECK_THROW((void)a.at(SIZE_MAX, 0, 0, 0), std::out_of_range);
  BOOST_TEST(a.at(1, 2, 3, 4) == 119);
  nd_span<int, 2> const no_columns{numbers.data(), {3, 0}};
  BOOST_CHECK_THROW((void)no_columns.at(0, 0), std::out_of_range);
  BOOST_CHECK_EXCEPTION((void)a.at(1, 7, 0, 0), std::out_of_range, [](std::exception const& e) {
    return names_both_counts(e.what(), "dimension 1", "extent, 3");
  });
}

BOOST_AUTO_TEST_CASE(an_extent_of_0_leaves_no_element_whatever_the_others_are) {
  int number = 0;
  nd_span<int, 3> const a{&number, {SIZE_MAX, 0, SIZE_MAX}};
  BOOST_TEST(a.size() == 0U);
  BOOST_TEST(a.size_bytes() == 0U);
  BOOST_TEST(a.empty());
  BOOST_TEST(a.begin() == a.end());
  BOOST_TEST(a.extent(2) == SIZE_MAX);
}

BOOST_FIXTURE_TEST_CASE(its_range_is_all_elements_in_the_order_of_memory, four_dimensions) {
  BOOST_TEST(std::equal(a.begin(), a.end(), numbers.begin(), numbers.end()));
  std::ranges::fill(a[1][0], 7);
  BOOST_TEST(std::ranges::count(a, 7) == 21);  // one was there
  BOOST_TEST(numbers[59] == 59);
  BOOST_TEST(numbers[80] == 80);
  std::span<int> const all = a;
  BOOST_TEST(all.data() == a.data());
  BOOST_TEST(all.size() == 120U);
  BOOST_TEST(a.span().data() == a.data());
  BOOST_TEST(a.span().size() == 120U);
}

BOOST_AUTO_TEST_CASE(one_dimension_goes_from_and_to_a_span) {
  std::array<int, 3> numbers{1, 2, 3};
  nd_span const a = std::span{numbers};
  static_assert(std::same_as<decltype(a), nd_span<int, 1> const>);
  BOOST_TEST(a.data() == numbers.data());
  BOOST_TEST(a.extent(0) == 3U);
  static_assert(std::same_as<decltype(a[2]), int&>);
  BOOST_TEST(a[2] == 3);
  BOOST_TEST(a(1) == 2);
  std::span<int const> const back = a;
  BOOST_TEST(back.data() == numbers.data());
  BOOST_TEST(back.size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(reshape_shows_the_same_elements_in_the_same_order, four_dimensions) {
  auto const b = tidemark::reshape(a.span(), shape<2>{10, 12});
  static_assert(std::same_as<decltype(b), nd_span<int, 2> const>);
  BOOST_TEST(b.data() == a.data());
  BOOST_TEST(b(9, 11) == 119);
  BOOST_TEST(b(3, 1) == 37);
  BOOST_TEST((a.extents() == shape<4>{2, 3, 4, 5}));
  BOOST_TEST(tidemark::reshape(b.span(), shape<1>{120})[119] == 119);
  BOOST_TEST(tidemark::reshape(std::span<int>{}, shape<2>{0, SIZE_MAX}).empty());
}

BOOST_FIXTURE_TEST_CASE(a_shape_of_another_count_is_refused, four_dimensions) {
  auto const refuses = [this](auto extents, std::string_view asked) {
    BOOST_CHECK_EXCEPTION(
        (void)tidemark::reshape(a.span(), extents), std::invalid_argument,
        [asked](std::exception const& e) { return names_both_counts(e.what(), "120 ", asked); });
  };
  refuses(shape<2>{10, 11}, "110");
  refuses(shape<2>{11, 11}, "121");
  refuses(shape<1>{0}, " 0");
  // Products that come to 120 only modulo 2^64.
  refuses(shape<2>{SIZE_MAX / 2 + 1 + 60, 2}, "more than a std::size_t counts");
  refuses(shape<3>{SIZE_MAX / 8 + 1 + 15, 4, 2}, "more than a std::size_t counts");
}
