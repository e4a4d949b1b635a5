// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string_view>
#include <tidemark/bit_span.hpp>
#include <tidemark/with_scope.hpp>
#include <type_traits>
#include <vector>

using tidemark::bit_span;
namespace data = boost::unit_test::data;

namespace {

static_assert(tidemark::may_point_into_pool<bit_span>);
static_assert(tidemark::may_point_into_pool<bit_span::reference>);
static_assert(!std::is_aggregate_v<bit_span>);
static_assert(sizeof(bit_span) == 2 * sizeof(void*));

constexpr std::size_t sizes[] = {0,   1,   2,    63,   64,   65,   127,  128,  129,
                                 640, 959, 1023, 1024, 1025, 1087, 2047, 2048, 10000};

// The bits under test in the middle of words that nobody may touch, and what they should be.
class checked_bits {
 public:
  static constexpr std::uint64_t guard = 0xDEAD'BEEF'0123'4567;

  explicit checked_bits(std::size_t size, std::uint64_t seed = 0)
      : words_(bit_span::words_for(size) + 2, 0),
        bits{words_.data() + 1, size},
        expected(size, false) {
    words_.front() = words_.back() = guard;
    if (seed != 0) randomise(seed);
  }
  checked_bits(checked_bits const&) = delete;
  checked_bits& operator=(checked_bits const&) = delete;

  void compare() const {
    BOOST_TEST_REQUIRE(bits.size() == expected.size());
    std::vector<bool> actual(bits.size());
    for (std::size_t i = 0; i < bits.size(); ++i) actual[i] = bits.test(i);
    BOOST_TEST((actual == expected));
    BOOST_TEST(words_.front() == guard);
    BOOST_TEST(words_.back() == guard);
    if (bits.size() % 64 == 0) return;
    std::uint64_t const tail = bits.words().back() >> (bits.size() % 64);
    BOOST_TEST(tail == 0U);
  }

 private:
  void randomise(std::uint64_t seed) {
    std::mt19937_64 random{seed};
    for (std::size_t i = 0; i < bits.size(); ++i) bits.set(i, expected[i] = random() % 2 != 0);
  }
  std::vector<std::uint64_t> words_;

 public:
  bit_span bits;
  std::vector<bool> expected;
};

std::size_t count_of(std::vector<bool> const& bits) {
  return static_cast<std::size_t>(std::count(bits.begin(), bits.end(), true));
}

constexpr bool works_in_constant_evaluation() {
  std::uint64_t words[2] = {};
  bit_span const bits{words, 70};
  bits[69] = true;
  bits.set(3);
  bits[4] = bits[3];
  bits.flip(3);
  bits.reset(68);
  return bits.at(69) && bits.test(4) && !bits[3] && words[0] == 16 && words[1] == 32;
}
static_assert(works_in_constant_evaluation());

}  // namespace

BOOST_AUTO_TEST_CASE(words_hold_64_bits_each_and_no_count_wraps) {
  BOOST_TEST(bit_span::words_for(0) == 0U);
  BOOST_TEST(bit_span::words_for(1) == 1U);
  BOOST_TEST(bit_span::words_for(64) == 1U);
  BOOST_TEST(bit_span::words_for(65) == 2U);
  BOOST_TEST(bit_span::words_for(10000) == 157U);
  BOOST_TEST(bit_span::words_for(SIZE_MAX) == SIZE_MAX / 64 + 1);
  BOOST_TEST(bit_span::words_for(SIZE_MAX - 63) == SIZE_MAX / 64);
}

BOOST_AUTO_TEST_CASE(a_default_span_is_empty_and_everything_is_said_of_its_bits) {
  bit_span const bits;
  BOOST_TEST(bits.size() == 0U);
  BOOST_TEST(bits.empty());
  BOOST_TEST(bits.words().empty());
  BOOST_TEST(bits.count() == 0U);
  BOOST_TEST(!bits.any());
  BOOST_TEST(bits.none());
  BOOST_TEST(bits.all());
  BOOST_TEST(bits.find_first() == 0U);
  bits.fill(true);
  bits.flip();
  (bits ^= bit_span{}) |= bit_span{};
  BOOST_CHECK_THROW((void)bits.at(0), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(bit_i_is_bit_i_modulo_64_of_its_word) {
  std::vector<std::uint64_t> words(3);
  bit_span const bits{words.data(), 130};
  bits.set(0);
  bits.set(63);
  bits.set(65);
  bits.set(129);
  BOOST_TEST(words[0] == 0x8000'0000'0000'0001U);
  BOOST_TEST(words[1] == 2U);
  BOOST_TEST(words[2] == 2U);
  BOOST_TEST(bits.words().data() == words.data());
  BOOST_TEST(bits.words().size() == 3U);
}

BOOST_DATA_TEST_CASE(single_bits_do_as_those_of_vector_bool, data::make(sizes), size) {
  checked_bits both{size, size + 1};
  std::mt19937_64 random{size};
  for (int step = 0; size != 0 && step < 300; ++step) {
    std::size_t const i = random() % size;
    std::size_t const j = random() % size;
    switch (random() % 6) {
      case 0:
        both.bits.set(i);
        both.expected[i] = true;
        break;
      case 1:
        both.bits.reset(i);
        both.expected[i] = false;
        break;
      case 2:
        both.bits.flip(i);
        both.expected[i].flip();
        break;
      case 3:
        both.bits[i].flip();
        both.expected[i].flip();
        break;
      case 4:
        both.bits[i] = both.bits[j];
        both.expected[i] = both.expected[j];
        break;
      default:
        both.bits.at(i) = !both.bits.at(j);
        both.expected[i] = !both.expected[j];
    }
  }
  both.compare();
}

BOOST_AUTO_TEST_CASE(at_refuses_what_is_not_below_the_size) {
  checked_bits const both{65};
  both.bits.at(64) = true;
  BOOST_TEST(both.bits.test(64));
  BOOST_CHECK_THROW((void)both.bits.at(65), std::out_of_range);
  BOOST_CHECK_THROW((void)both.bits.at(127), std::out_of_range);
  BOOST_CHECK_THROW((void)both.bits.at(SIZE_MAX), std::out_of_range);
}

BOOST_DATA_TEST_CASE(fill_and_flip_reach_all_bits_and_no_other, data::make(sizes), size) {
  checked_bits both{size, size + 7};
  both.bits.flip();
  both.expected.flip();
  both.compare();
  both.bits.fill(true);
  both.expected.assign(size, true);
  both.compare();
  BOOST_TEST(both.bits.count() == size);
  both.bits.flip();
  both.expected.assign(size, false);
  both.compare();
  both.bits.fill(true);
  both.bits.fill(false);
  both.compare();
  BOOST_TEST(both.bits.count() == 0U);
}

BOOST_DATA_TEST_CASE(bitwise_operations_do_what_they_do_bit_by_bit, data::make(sizes), size) {
  checked_bits both{size, size + 3};
  checked_bits const other{size, size + 4};
  BOOST_TEST(&(both.bits &= other.bits) == &both.bits);
  for (std::size_t i = 0; i < size; ++i) both.expected[i] = both.expected[i] && other.expected[i];
  both.compare();
  checked_bits const third{size, size + 5};
  BOOST_TEST(&(both.bits ^= third.bits) == &both.bits);
  for (std::size_t i = 0; i < size; ++i) both.expected[i] = both.expected[i] != third.expected[i];
  both.compare();
  BOOST_TEST(&(both.bits |= other.bits) == &both.bits);
  for (std::size_t i = 0; i < size; ++i) both.expected[i] = both.expected[i] || other.expected[i];
  both.compare();
  other.compare();
  third.compare();
  bit_span const same = both.bits;
  (both.bits |= same) &= same;
  both.compare();
  both.bits ^= same;
  BOOST_TEST(both.bits.none());
}

BOOST_AUTO_TEST_CASE(operations_refuse_another_size_and_change_nothing) {
  checked_bits const both{100, 1};
  checked_bits const shorter{99, 2};
  checked_bits const longer{300, 3};
  auto const names_sizes = [](std::exception const& e) {
    std::string_view const text = e.what();
    return text.find("100") != text.npos && text.find("99") != text.npos;
  };
  BOOST_CHECK_EXCEPTION(both.bits &= shorter.bits, std::invalid_argument, names_sizes);
  BOOST_CHECK_EXCEPTION(both.bits |= shorter.bits, std::invalid_argument, names_sizes);
  BOOST_CHECK_EXCEPTION(both.bits ^= shorter.bits, std::invalid_argument, names_sizes);
  BOOST_CHECK_THROW(both.bits &= longer.bits, std::invalid_argument);
  BOOST_CHECK_THROW(both.bits |= longer.bits, std::invalid_argument);
  BOOST_CHECK_THROW(both.bits ^= bit_span{}, std::invalid_argument);
  both.compare();
  shorter.compare();
  longer.compare();
}

BOOST_AUTO_TEST_CASE(count_is_exact_at_every_size_and_density) {
  for (std::size_t size = 0; size < 2200; size += size < 130 ? 1 : 37) {
    checked_bits both{size, size + 1};
    BOOST_TEST(both.bits.count() == count_of(both.expected));
    both.bits.fill(true);
    BOOST_TEST(both.bits.count() == size);
    for (std::size_t i = 0; i < size; i += 97) both.bits.reset(i);
    BOOST_TEST(both.bits.count() == size - (size + 96) / 97);
  }
}

BOOST_AUTO_TEST_CASE(count_sees_each_bit_alone_and_each_one_missing) {
  checked_bits const both{40 * 64 + 5};
  for (std::size_t i = 0; i < both.bits.size(); ++i) {
    both.bits.set(i);
    BOOST_TEST_REQUIRE(both.bits.count() == 1U);
    both.bits.flip();
    BOOST_TEST_REQUIRE(both.bits.count() == both.bits.size() - 1);
    both.bits.fill(false);
  }
}

BOOST_DATA_TEST_CASE(any_all_and_none_see_a_single_bit_wherever_it_is, data::make(sizes), size) {
  checked_bits const both{size};
  BOOST_TEST(!both.bits.any());
  BOOST_TEST(both.bits.none());
  BOOST_TEST(both.bits.all() == (size == 0));
  for (std::size_t i = 0; i < size; i += size < 3000 ? 1 : 61) {
    both.bits.set(i);
    BOOST_TEST_REQUIRE(both.bits.any());
    BOOST_TEST_REQUIRE(!both.bits.none());
    BOOST_TEST_REQUIRE(both.bits.all() == (size == 1));
    both.bits.flip();  // all but this one
    BOOST_TEST_REQUIRE(!both.bits.all());
    BOOST_TEST_REQUIRE(both.bits.any() == (size > 1));
    both.bits.fill(false);
  }
  both.bits.fill(true);
  BOOST_TEST(both.bits.all());
}

BOOST_DATA_TEST_CASE(find_first_leads_from_one_set_bit_to_the_next, data::make(sizes), size) {
  checked_bits const both{size, size + 9};
  for (std::size_t from = 0; from <= size; ++from) {
    auto const begin = both.expected.begin();
    auto const found =
        std::find(begin + static_cast<std::ptrdiff_t>(from), both.expected.end(), true);
    BOOST_TEST_REQUIRE(both.bits.find_first(from) == static_cast<std::size_t>(found - begin));
  }
  BOOST_TEST(both.bits.find_first(size + 1) == size);
  BOOST_TEST(both.bits.find_first(SIZE_MAX) == size);
  std::size_t steps = 0;
  for (auto i = both.bits.find_first(); i != size; i = both.bits.find_first(i + 1)) ++steps;
  BOOST_TEST(steps == both.bits.count());
  both.bits.fill(false);
  BOOST_TEST(both.bits.find_first() == size);
}
