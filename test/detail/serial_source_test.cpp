// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <thread>
#include <tidemark/detail/serial_source.hpp>
#include <vector>

using tidemark::detail::serial_source;

namespace {
constexpr std::uint64_t block = std::uint64_t{1} << 20U;
}

BOOST_AUTO_TEST_CASE(serials_count_up_and_are_never_0) {
  serial_source source;
  const auto first = source.take();
  BOOST_TEST(first != 0U);
  BOOST_TEST(source.take() == first + 1);
}

BOOST_AUTO_TEST_CASE(the_origin_is_0_before_the_first_take_and_then_constant) {
  serial_source source;
  serial_source other;
  BOOST_TEST(source.origin() == 0U);
  source.take();
  other.take();
  const auto origin = source.origin();
  BOOST_TEST(origin != 0U);
  BOOST_TEST(other.origin() != origin);
  for (std::uint64_t i = 0; i < block; ++i) source.take();  // into a second block
  BOOST_TEST(source.origin() == origin);
}

BOOST_AUTO_TEST_CASE(a_source_that_draws_a_second_block_meets_no_other_source) {
  serial_source a;
  serial_source b;
  std::vector<std::uint64_t> serials;
  for (std::uint64_t i = 0; i < block; ++i) a.take();
  for (int i = 0; i < 3; ++i) serials.insert(serials.end(), {a.take(), b.take()});
  std::sort(serials.begin(), serials.end());
  BOOST_TEST((std::adjacent_find(serials.begin(), serials.end()) == serials.end()));
}

BOOST_AUTO_TEST_CASE(serials_of_four_threads_are_unique_and_below_2_to_the_63) {
  constexpr std::size_t each = 3 * block / 2;  // each thread crosses a block's end
  std::vector<std::uint64_t> serials(4 * each);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&serials, t] {
      serial_source source;
      for (std::size_t i = 0; i < each; ++i) serials[t * each + i] = source.take();
    });
  }
  for (auto& thread : threads) thread.join();
  std::sort(serials.begin(), serials.end());
  BOOST_TEST((std::adjacent_find(serials.begin(), serials.end()) == serials.end()));
  BOOST_TEST(serials.front() != 0U);
  BOOST_TEST(serials.back() < std::uint64_t{1} << 63U);
}
