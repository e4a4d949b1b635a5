// SPDX-License-Identifier: BSL-1.0

// What a kept function makes, and how long it is kept.

#include <array>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <tidemark/detail/kept_maker.hpp>
#include <type_traits>
#include <utility>

using tidemark::detail::kept_maker;

namespace {

struct fixed {
  explicit fixed(int n) : number(n), own(this) {}
  fixed(fixed&&) = delete;
  int number;
  fixed* own;
};

struct throwing_move {
  throwing_move() = default;
  throwing_move(throwing_move&&) noexcept(false) {
  }  // NOLINT(performance-noexcept-move-constructor)
  int operator()() const { return 1; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(it_makes_one_object_for_each_call) {
  kept_maker<int> const make{[n = std::make_shared<int>(0)] { return ++*n; }};
  BOOST_TEST(make() == 1);
  BOOST_TEST(make() == 2);
}

BOOST_AUTO_TEST_CASE(what_it_makes_is_made_where_it_stays) {
  kept_maker<fixed> const make{[] { return fixed(7); }};
  fixed const made{make()};
  BOOST_TEST(made.number == 7);
  BOOST_TEST(made.own == &made);
}

BOOST_AUTO_TEST_CASE(the_function_ends_with_it) {
  auto const held = std::make_shared<int>(5);
  {
    kept_maker<int> const make{[held] { return *held; }};
    BOOST_TEST(held.use_count() == 2);
    BOOST_TEST(make() == 5);
  }
  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_function_may_fill_all_of_its_place) {
  std::array<char, kept_maker<int>::max_bytes> bytes{};
  bytes.back() = 9;
  kept_maker<int> const make{[bytes] { return bytes.back(); }};
  bytes.back() = 0;
  BOOST_TEST(make() == 9);
}

BOOST_AUTO_TEST_CASE(it_throws_only_what_moving_the_function_throws) {
  auto const plain = [] { return 1; };
  BOOST_TEST((std::is_nothrow_constructible_v<kept_maker<int>, decltype(plain)>));
  BOOST_TEST(!(std::is_nothrow_constructible_v<kept_maker<int>, throwing_move>));
}
