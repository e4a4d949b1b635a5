// SPDX-License-Identifier: BSL-1.0

// Which class serves a request, and how much of its blocks is waste.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/size_classes.hpp>

using tidemark::detail::round_up;
using tidemark::detail::size_classes;

static_assert(size_classes::bytes(0) == 8);
static_assert(size_classes::bytes(size_classes::count - 1) == size_classes::largest_bytes);
static_assert(size_classes::of(0) == 0);
static_assert(size_classes::of(size_classes::largest_bytes - 1) == size_classes::count - 1);

BOOST_AUTO_TEST_CASE(classes_rise) {
  for (std::uint32_t c = 1; c < size_classes::count; ++c) {
    BOOST_TEST(size_classes::bytes(c) > size_classes::bytes(c - 1));
  }
}

BOOST_AUTO_TEST_CASE(a_size_is_served_by_the_smallest_class_that_holds_it) {
  for (std::size_t bytes = 1; bytes <= size_classes::largest_bytes; ++bytes) {
    std::uint32_t const c = size_classes::of(bytes - 1);
    BOOST_REQUIRE(c < size_classes::count);
    BOOST_REQUIRE(size_classes::bytes(c) >= bytes);
    BOOST_REQUIRE((c == 0 || size_classes::bytes(c - 1) < bytes));
  }
}

BOOST_AUTO_TEST_CASE(the_table_of_small_sizes_says_the_same) {
  for (std::size_t last = 0; last < size_classes::largest_small_bytes; ++last) {
    BOOST_REQUIRE(size_classes::small_of(last) == size_classes::of(last));
  }
}

BOOST_AUTO_TEST_CASE(at_most_a_quarter_is_added_from_32_bytes_on) {
  for (std::size_t bytes = 32; bytes <= size_classes::largest_bytes; ++bytes) {
    std::size_t const added = size_classes::bytes(size_classes::of(bytes - 1)) - bytes;
    BOOST_REQUIRE(4 * added <= bytes);
  }
}

BOOST_AUTO_TEST_CASE(every_size_at_every_alignment_has_a_class_of_multiples_of_the_alignment) {
  for (std::size_t alignment = 1; alignment <= size_classes::largest_alignment; alignment *= 2) {
    for (std::size_t bytes = 1; bytes <= size_classes::largest_bytes; ++bytes) {
      std::size_t const whole = round_up(bytes, alignment);
      BOOST_REQUIRE(whole <= size_classes::largest_bytes);
      std::uint32_t const c = size_classes::of(whole - 1);
      BOOST_REQUIRE(size_classes::bytes(c) >= bytes);
      BOOST_REQUIRE(size_classes::bytes(c) % alignment == 0);
      BOOST_REQUIRE(size_classes::alignment(c) >= alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_class_is_a_multiple_of_its_alignment_which_is_a_power_of_two) {
  for (std::uint32_t c = 0; c < size_classes::count; ++c) {
    std::size_t const alignment = size_classes::alignment(c);
    BOOST_TEST(alignment >= 8U);
    BOOST_TEST(alignment <= size_classes::largest_alignment);
    BOOST_TEST((alignment & (alignment - 1)) == 0U);
    BOOST_TEST(size_classes::bytes(c) % alignment == 0U);
  }
}

// What `try_expand` relies on: within a class a change of size at one alignment stays in a class.
BOOST_AUTO_TEST_CASE(sizes_of_one_class_are_rounded_into_one_class_at_every_alignment) {
  for (std::size_t alignment = 1; alignment <= size_classes::largest_alignment; alignment *= 2) {
    for (std::size_t bytes = 2; bytes <= size_classes::largest_bytes; ++bytes) {
      if (size_classes::of(bytes - 2) != size_classes::of(bytes - 1)) continue;
      BOOST_REQUIRE(size_classes::of(round_up(bytes - 1, alignment) - 1) ==
                    size_classes::of(round_up(bytes, alignment) - 1));
    }
  }
}
