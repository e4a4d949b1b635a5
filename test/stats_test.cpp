// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <tidemark/stats.hpp>

using tidemark::resource_stats;

namespace {

resource_stats sample() {
  resource_stats stats;
  stats.name = tidemark::resource_name{"frame"};
  stats.bytes_in_use = 1;
  stats.bytes_peak = 2;
  stats.bytes_reserved = 3;
  stats.chunk_count = 4;
  stats.upstream_calls = 5;
  stats.depth = 6;
  stats.closed_from_below = 7;
  stats.late_frees = SIZE_MAX;
  return stats;
}

std::string json_name(std::string_view name) {
  resource_stats stats;
  stats.name = tidemark::resource_name{name};
  const auto json = to_json(stats);
  const std::string before = "{\"name\":";
  return json.substr(before.size(), json.find(",\"bytes_in_use\"") - before.size());
}

}  // namespace

BOOST_AUTO_TEST_CASE(fresh_stats_are_all_zero) {
  constexpr resource_stats fresh;
  BOOST_TEST((fresh == resource_stats{}));
  BOOST_TEST(fresh.bytes_in_use + fresh.late_frees == 0U);
  BOOST_TEST((sample() != fresh));
}

BOOST_AUTO_TEST_CASE(stats_print_as_one_line_with_every_field) {
  std::ostringstream out;
  out << sample();
  BOOST_TEST(out.str() ==
             "frame: bytes_in_use=1 bytes_peak=2 bytes_reserved=3 chunk_count=4 upstream_calls=5 "
             "depth=6 closed_from_below=7 late_frees=18446744073709551615");
  std::ostringstream unnamed;
  unnamed << resource_stats{};
  BOOST_TEST(unnamed.str().starts_with("(unnamed): "));
}

BOOST_AUTO_TEST_CASE(json_has_the_names_of_the_fields) {
  BOOST_TEST(to_json(sample()) ==
             R"({"name":"frame","bytes_in_use":1,"bytes_peak":2,"bytes_reserved":3,)"
             R"("chunk_count":4,"upstream_calls":5,"depth":6,"closed_from_below":7,)"
             R"("late_frees":18446744073709551615})");
}

BOOST_AUTO_TEST_CASE(json_escapes_what_json_forbids) {
  BOOST_TEST(json_name(R"(a"b\c)") == R"("a\"b\\c")");
  BOOST_TEST(json_name("\n\x1F") == R"("\u000a\u001f")");
  BOOST_TEST(json_name("") == R"("")");
}

BOOST_AUTO_TEST_CASE(json_keeps_utf8_and_replaces_what_is_none) {
  BOOST_TEST(json_name("\xC3\xA4\xF0\x9F\x8C\x8A\xED\x9F\xBF") ==
             "\"\xC3\xA4\xF0\x9F\x8C\x8A\xED\x9F\xBF\"");
  BOOST_TEST(json_name("\xFFx") == R"("\ufffdx")");
  BOOST_TEST(json_name("\xC0\x80") == R"("\ufffd\ufffd")");                      // overlong
  BOOST_TEST(json_name("\xED\xA0\x80") == R"("\ufffd\ufffd\ufffd")");            // a surrogate
  BOOST_TEST(json_name("\xF4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");  // too large
  BOOST_TEST(json_name("x\xE2\x82") == R"("x\ufffd\ufffd")");                    // cut off
  BOOST_TEST(json_name("\xE2\x82x") == R"("\ufffd\ufffdx")");
}
