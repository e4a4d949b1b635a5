// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <tidemark/detail/poison.hpp>

using namespace tidemark::detail;

extern "C" __attribute__((weak)) int __asan_address_is_poisoned(void const volatile*);

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool built_with_sanitizer = true;
#elif defined(__has_feature)
constexpr bool built_with_sanitizer = __has_feature(address_sanitizer);
#else
constexpr bool built_with_sanitizer = false;
#endif

constexpr unsigned char untouched = 0x11;
static_assert(dead_fill != fresh_fill);

// 256 bytes, of which a test hands over those from 64 to 192.
struct buffer_in_use {
  alignas(64) std::array<unsigned char, 256> bytes;
  unsigned char* const begin = bytes.data() + 64;
  static constexpr std::size_t size = 128;

  buffer_in_use() { bytes.fill(untouched); }
  ~buffer_in_use() { make_accessible(bytes.data(), bytes.size()); }

  bool all(std::size_t first, std::size_t last, unsigned char value) const {
    return std::all_of(bytes.data() + first, bytes.data() + last,
                       [value](unsigned char b) { return b == value; });
  }
  // Whether the tools agree that each byte is accessible, or that none is.
  bool poisoned(std::size_t first, std::size_t last, bool expected) const {
    if (!address_sanitizer_present()) return true;
    return std::all_of(bytes.data() + first, bytes.data() + last, [expected](auto const& b) {
      return (__asan_address_is_poisoned(&b) != 0) == expected;
    });
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_sanitizer_is_found_where_the_program_has_it) {
  BOOST_TEST(address_sanitizer_present() == built_with_sanitizer);
}

BOOST_FIXTURE_TEST_CASE(dead_bytes_are_filled_and_poisoned_and_their_neighbours_are_not,
                        buffer_in_use) {
  make_dead(begin, size);
  BOOST_TEST(poisoned(0, 64, false));
  BOOST_TEST(poisoned(64, 192, true));
  BOOST_TEST(poisoned(192, 256, false));
  BOOST_TEST(all(0, 64, untouched));
  BOOST_TEST(all(192, 256, untouched));
  make_accessible(begin, size);
  BOOST_TEST(all(64, 192, dead_fill));
}

BOOST_FIXTURE_TEST_CASE(a_block_made_live_is_accessible_and_says_that_it_is_not_written,
                        buffer_in_use) {
  make_dead(begin, size);
  make_live(begin + 32, 40);
  BOOST_TEST(poisoned(64, 96, true));
  BOOST_TEST(poisoned(96, 136, false));
  BOOST_TEST(poisoned(136, 192, true));
  make_accessible(begin, size);
  BOOST_TEST(all(64, 96, dead_fill));
  BOOST_TEST(all(96, 136, fresh_fill));
  BOOST_TEST(all(136, 192, dead_fill));
}

BOOST_FIXTURE_TEST_CASE(a_block_of_odd_size_ends_at_its_last_byte, buffer_in_use) {
  make_dead(begin, size);
  make_live(begin, 13);
  BOOST_TEST(poisoned(64, 77, false));
  BOOST_TEST(poisoned(77, 192, true));
  make_accessible(begin, size);
  BOOST_TEST(all(64, 77, fresh_fill));
  BOOST_TEST(all(77, 192, dead_fill));
}

BOOST_FIXTURE_TEST_CASE(a_red_zone_is_inaccessible_and_intact_until_somebody_writes_to_it,
                        buffer_in_use) {
  for (std::size_t i = 0; i < red_zone_bytes; ++i) {
    make_red_zone(begin);
    BOOST_TEST(poisoned(0, 64, false));
    BOOST_TEST(poisoned(64, 64 + red_zone_bytes, true));
    BOOST_TEST(poisoned(64 + red_zone_bytes, 256, false));
    BOOST_TEST(is_red_zone_intact(begin));
    BOOST_TEST(poisoned(64, 64 + red_zone_bytes, true));
    make_accessible(begin, red_zone_bytes);
    BOOST_TEST(all(64, 64 + red_zone_bytes, red_fill));
    begin[i] ^= 1U;
    BOOST_TEST(!is_red_zone_intact(begin));
    make_accessible(begin, red_zone_bytes);
  }
  BOOST_TEST(all(0, 64, untouched));
  BOOST_TEST(all(64 + red_zone_bytes, 256, untouched));
}

BOOST_FIXTURE_TEST_CASE(a_block_is_live_with_a_red_zone_behind_it, buffer_in_use) {
  make_dead(begin, size);
  make_block(begin + 16, 21);
  BOOST_TEST(poisoned(64, 80, true));
  BOOST_TEST(poisoned(80, 101, false));
  BOOST_TEST(poisoned(101, 192, true));
  BOOST_TEST(is_red_zone_intact(begin + 37));
  make_accessible(begin, size);
  BOOST_TEST(all(64, 80, dead_fill));
  BOOST_TEST(all(80, 101, fresh_fill));
  BOOST_TEST(all(101, 101 + red_zone_bytes, red_fill));
  BOOST_TEST(all(101 + red_zone_bytes, 192, dead_fill));
}

BOOST_FIXTURE_TEST_CASE(what_valgrind_is_told_of_blocks_changes_no_byte, buffer_in_use) {
  pool_begins(this, red_zone_bytes);
  make_live(begin + 32, 16);
  block_begins(this, begin + 32, 16);
  block_resized(this, begin + 32, 24);
  block_ends(this, begin + 32);
  pool_ends(this);
  make_accessible(begin, size);
  BOOST_TEST(all(0, 96, untouched));
  BOOST_TEST(all(96, 112, fresh_fill));
  BOOST_TEST(all(112, 256, untouched));
}

BOOST_FIXTURE_TEST_CASE(making_accessible_changes_no_byte, buffer_in_use) {
  make_live(begin, size);
  begin[5] = 0x77;
  make_accessible(begin, size);
  BOOST_TEST(begin[5] == 0x77);
  BOOST_TEST(all(70, 192, fresh_fill));
  make_dead(begin, size);
  make_dead(begin, size);  // dead bytes may die again
  make_accessible(begin, size);
  BOOST_TEST(poisoned(0, 256, false));
  BOOST_TEST(all(64, 192, dead_fill));
}

BOOST_FIXTURE_TEST_CASE(making_inaccessible_again_changes_no_byte, buffer_in_use) {
  make_dead(begin, size);
  make_accessible(begin, 8);
  begin[0] = 0x77;
  make_inaccessible(begin, 8);
  BOOST_TEST(poisoned(0, 64, false));
  BOOST_TEST(poisoned(64, 192, true));
  BOOST_TEST(poisoned(192, 256, false));
  make_accessible(begin, size);
  BOOST_TEST(begin[0] == 0x77);
  BOOST_TEST(all(65, 192, dead_fill));
}

BOOST_FIXTURE_TEST_CASE(no_bytes_are_touched_where_none_are_given, buffer_in_use) {
  make_dead(begin, 0);
  make_live(begin, 0);
  make_accessible(begin, 0);
  make_inaccessible(begin, 0);
  make_dead(nullptr, 0);
  make_live(nullptr, 0);
  make_accessible(nullptr, 0);
  make_inaccessible(nullptr, 0);
  BOOST_TEST(poisoned(0, 256, false));
  BOOST_TEST(all(0, 256, untouched));
}
