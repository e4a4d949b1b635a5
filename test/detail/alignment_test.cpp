// SPDX-License-Identifier: BSL-1.0
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/alignment.hpp>

using namespace tidemark::detail;

namespace {

constexpr std::size_t top_bit = std::size_t{1} << (8 * sizeof(std::size_t) - 1);

void const* at(std::uintptr_t address) { return reinterpret_cast<void const*>(address); }

}  // namespace

BOOST_AUTO_TEST_CASE(padding_leads_to_the_next_multiple) {
  BOOST_TEST(padding_to(at(0), 4096) == 0U);
  BOOST_TEST(padding_to(at(4096), 4096) == 0U);
  BOOST_TEST(padding_to(at(4097), 4096) == 4095U);
  BOOST_TEST(padding_to(at(8191), 4096) == 1U);
  for (std::uintptr_t address = 1; address < 300; ++address) {
    BOOST_TEST(padding_to(at(address), 1) == 0U);
    for (std::size_t alignment = 1; alignment <= 256; alignment *= 2) {
      std::size_t const padding = padding_to(at(address), alignment);
      BOOST_TEST(padding < alignment);
      BOOST_TEST((address + padding) % alignment == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(padding_is_right_at_the_ends_of_the_address_space) {
  BOOST_TEST(padding_to(at(1), top_bit) == top_bit - 1);
  BOOST_TEST(padding_to(at(top_bit), top_bit) == 0U);
  BOOST_TEST(padding_to(at(top_bit + 1), top_bit) == top_bit - 1);  // up to 2^64, which is 0
  BOOST_TEST(padding_to(at(UINTPTR_MAX), 64) == 1U);
}

BOOST_AUTO_TEST_CASE(fit_is_exact_and_no_size_wraps_it) {
  BOOST_TEST(fits(0, 0, 0));
  BOOST_TEST(fits(64, 0, 64));
  BOOST_TEST(fits(64, 24, 40));
  BOOST_TEST(!fits(64, 24, 41));
  BOOST_TEST(fits(64, 64, 0));
  BOOST_TEST(!fits(64, 65, 0));
  BOOST_TEST(!fits(64, 0, SIZE_MAX));
  BOOST_TEST(!fits(64, 8, SIZE_MAX - 7));  // the sum is 0
  BOOST_TEST(!fits(64, SIZE_MAX, 1));      // so is this one
  BOOST_TEST(!fits(64, top_bit, top_bit));
  BOOST_TEST(fits(SIZE_MAX, 0, SIZE_MAX));
}

BOOST_AUTO_TEST_CASE(rounding_up_is_exact_and_0_where_it_does_not_fit) {
  BOOST_TEST(round_up(0, 64) == 0U);
  BOOST_TEST(round_up(1, 64) == 64U);
  BOOST_TEST(round_up(64, 64) == 64U);
  BOOST_TEST(round_up(65, 64) == 128U);
  BOOST_TEST(round_up(SIZE_MAX, 1) == SIZE_MAX);
  BOOST_TEST(round_up(SIZE_MAX - 63, 64) == SIZE_MAX - 63);
  BOOST_TEST(round_up(SIZE_MAX - 62, 64) == 0U);
  BOOST_TEST(round_up(SIZE_MAX, 64) == 0U);
  BOOST_TEST(round_up(1, top_bit) == top_bit);
  BOOST_TEST(round_up(top_bit, top_bit) == top_bit);
  BOOST_TEST(round_up(top_bit + 1, top_bit) == 0U);
}

BOOST_AUTO_TEST_CASE(a_payload_holds_its_block_wherever_a_chunk_lies) {
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    for (std::size_t const bytes : {std::size_t{0}, std::size_t{1}, std::size_t{63},
                                    std::size_t{64}, std::size_t{65}, std::size_t{100000}}) {
      std::size_t const payload = payload_for(bytes, alignment);
      BOOST_TEST(payload >= 1U);
      for (std::uintptr_t begin = 64; begin <= 2 * 8192; begin += chunk_alignment) {
        BOOST_REQUIRE(fits(payload, padding_to(at(begin), alignment), bytes));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_payload_has_no_slack_up_to_a_cache_line) {
  BOOST_TEST(payload_for(100, 1) == 100U);
  BOOST_TEST(payload_for(100, 64) == 100U);
  BOOST_TEST(payload_for(100, 128) == 164U);
  BOOST_TEST(payload_for(0, 16) == 1U);
}

BOOST_AUTO_TEST_CASE(what_no_chunk_could_hold_has_payload_0) {
  BOOST_TEST(payload_for(SIZE_MAX, 1) == 0U);
  BOOST_TEST(payload_for(SIZE_MAX - 7, 8) == 0U);
  BOOST_TEST(payload_for(SIZE_MAX / 4 + 1, 8) == 0U);
  BOOST_TEST(payload_for(SIZE_MAX / 4, 8) == SIZE_MAX / 4);
  BOOST_TEST(payload_for(1, top_bit) == 0U);
  BOOST_TEST(payload_for(SIZE_MAX, top_bit) == 0U);
  std::size_t const largest = std::bit_floor(SIZE_MAX / 4);
  BOOST_TEST(payload_for(SIZE_MAX / 4, largest) == SIZE_MAX / 4 + largest - chunk_alignment);
}

BOOST_AUTO_TEST_CASE(a_size_class_holds_its_bytes_and_wastes_less_than_an_eighth) {
  BOOST_TEST(size_class(1) == 512U);
  BOOST_TEST(size_class(513) == 1024U);
  BOOST_TEST(size_class(4095) == 4096U);
  BOOST_TEST(size_class(4096) == 4096U);
  BOOST_TEST(size_class(4097) == 4608U);
  BOOST_TEST(size_class(8193) == 9216U);
  for (std::size_t bytes = 1; bytes < 70000; bytes += 13) {
    std::size_t const size = size_class(bytes);
    BOOST_TEST(size >= bytes);
    BOOST_TEST(size_class(size) == size);
    BOOST_TEST(size - bytes < (bytes < 4096 ? 512 : bytes / 8));
  }
  BOOST_TEST(size_class(SIZE_MAX / 2) == top_bit);
}

BOOST_AUTO_TEST_CASE(a_power_of_two_has_eight_size_classes) {
  int classes = 0;
  for (std::size_t bytes = 65536; bytes < 131072; bytes = size_class(bytes + 1)) ++classes;
  BOOST_TEST(classes == 8);
}
