// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <sstream>
#include <tidemark/adaptors/allocation_statistics.hpp>

using namespace tidemark;

namespace {

allocation_statistics some_statistics() {
  allocation_statistics statistics{.allocations = 6,
                                   .failures = 1,
                                   .frees = 2,
                                   .late_frees = 3,
                                   .refunded_blocks = 1,
                                   .bytes_allocated = 100,
                                   .bytes_in_use = 50,
                                   .bytes_peak = 80,
                                   .blocks_in_use = 3};
  statistics.sizes[0] = 1;
  statistics.sizes[5] = 4;
  statistics.sizes[64] = 1;
  return statistics;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sizes_fall_into_classes_by_powers_of_two) {
  BOOST_TEST(allocation_statistics::size_class(0) == 0U);
  BOOST_TEST(allocation_statistics::size_class(1) == 1U);
  BOOST_TEST(allocation_statistics::size_class(2) == 2U);
  BOOST_TEST(allocation_statistics::size_class(3) == 2U);
  BOOST_TEST(allocation_statistics::size_class(4) == 3U);
  BOOST_TEST(allocation_statistics::size_class(1023) == 10U);
  BOOST_TEST(allocation_statistics::size_class(1024) == 11U);
  BOOST_TEST(allocation_statistics::size_class(SIZE_MAX) ==
             allocation_statistics::size_classes - 1);
}

BOOST_AUTO_TEST_CASE(the_least_bytes_of_a_class_fall_into_it) {
  for (std::size_t i = 0; i < allocation_statistics::size_classes; ++i) {
    std::size_t const least = allocation_statistics::least_bytes(i);
    BOOST_TEST(allocation_statistics::size_class(least) == i);
    if (least != 0) BOOST_TEST(allocation_statistics::size_class(least - 1) == i - 1);
  }
}

BOOST_AUTO_TEST_CASE(they_print_with_a_line_for_each_size_that_was_asked_for) {
  std::ostringstream out;
  out << some_statistics();
  BOOST_TEST(out.str() ==
             "allocations=6 failures=1 frees=2 late_frees=3 refunded_blocks=1 bytes_allocated=100 "
             "bytes_in_use=50 bytes_peak=80 blocks_in_use=3\n"
             "  0 to 0 bytes: 1\n"
             "  16 to 31 bytes: 4\n"
             "  9223372036854775808 to 18446744073709551615 bytes: 1");
}

BOOST_AUTO_TEST_CASE(they_are_json) {
  BOOST_TEST(to_json(some_statistics()) ==
             R"({"allocations":6,"failures":1,"frees":2,"late_frees":3,"refunded_blocks":1,)"
             R"("bytes_allocated":100,"bytes_in_use":50,"bytes_peak":80,"blocks_in_use":3,)"
             R"("sizes":[{"least_bytes":0,"allocations":1},{"least_bytes":16,"allocations":4},)"
             R"({"least_bytes":9223372036854775808,"allocations":1}]})");
  BOOST_TEST(to_json(allocation_statistics{}).find("\"sizes\":[]}") != std::string::npos);
}
