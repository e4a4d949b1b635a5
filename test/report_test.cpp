// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <tidemark/report.hpp>
#include <vector>

using tidemark::resource_stats;

namespace {

struct pool {
  resource_stats counts;
  resource_stats stats() const { return counts; }
};

pool named(std::string_view name, std::size_t in_use) {
  pool result;
  result.counts.name = tidemark::resource_name{name};
  result.counts.bytes_in_use = in_use;
  return result;
}

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

template <class... Pools>
std::vector<std::string> report_of(Pools const&... pools) {
  std::ostringstream out;
  tidemark::print_report(out, pools...);
  return lines_of(out.str());
}

std::string in_use_text(std::size_t bytes) {
  const auto line = report_of(named("x", bytes)).at(1);
  const auto begin = line.find_first_not_of(' ', 4);
  return line.substr(begin, line.find("  ", begin) - begin);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_table_has_a_line_of_titles_and_one_for_each_pool) {
  pool frame = named("frame", 1536);
  frame.counts.bytes_peak = 65536;
  frame.counts.bytes_reserved = 3U << 20U;
  frame.counts.chunk_count = 11;
  frame.counts.upstream_calls = 12;
  frame.counts.depth = 13;
  frame.counts.closed_from_below = 14;
  frame.counts.late_frees = 15;
  const auto lines = report_of(frame, pool{});
  BOOST_REQUIRE(lines.size() == 3U);
  BOOST_TEST(lines[0] ==
             "pool        in use      peak  reserved  chunks  upstream calls  depth  closed from "
             "below  late frees");
  BOOST_TEST(lines[1] ==
             "frame      1.5 KiB  64.0 KiB   3.0 MiB      11              12     13             "
             "    14          15");
  BOOST_TEST(lines[2] ==
             "(unnamed)      0 B       0 B       0 B       0               0      0             "
             "     0           0");
}

BOOST_AUTO_TEST_CASE(bytes_are_rounded_down_in_the_largest_unit_that_fits) {
  BOOST_TEST(in_use_text(0) == "0 B");
  BOOST_TEST(in_use_text(1023) == "1023 B");
  BOOST_TEST(in_use_text(1024) == "1.0 KiB");
  BOOST_TEST(in_use_text(1024 * 1024 - 1) == "1023.9 KiB");
  BOOST_TEST(in_use_text(std::size_t{5} << 30U) == "5.0 GiB");
  BOOST_TEST(in_use_text(SIZE_MAX) == "15.9 EiB");
}

BOOST_AUTO_TEST_CASE(columns_stay_straight_with_long_and_non_ascii_names) {
  const auto lines = report_of(named("a_name_that_is_quite_long", 1), named("\xC3\xA4\xC3\xB6", 2));
  BOOST_REQUIRE(lines.size() == 3U);
  BOOST_TEST(lines[1].find(" 1 B") + 2 == lines[2].find(" 2 B"));  // two bytes more of UTF-8
  BOOST_TEST(lines[0].size() == lines[1].size());
}

BOOST_AUTO_TEST_CASE(a_list_of_stats_prints_as_the_pools_would) {
  const std::vector<resource_stats> list{named("a", 1).counts, named("b", 2).counts};
  std::ostringstream out;
  tidemark::print_report(out, std::span<resource_stats const>{list});
  BOOST_TEST(lines_of(out.str()) == report_of(named("a", 1), named("b", 2)),
             boost::test_tools::per_element());
}
