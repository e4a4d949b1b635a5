// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <tidemark/detail/json_string.hpp>

using namespace std::string_view_literals;
using tidemark::detail::json_string;

BOOST_AUTO_TEST_CASE(plain_text_is_put_in_quotes) {
  BOOST_TEST(json_string("") == R"("")");
  BOOST_TEST(json_string("std::complex<double>") == R"("std::complex<double>")");
}

BOOST_AUTO_TEST_CASE(quotes_and_backslashes_are_escaped) {
  BOOST_TEST(json_string(R"(a"b\c)") == R"("a\"b\\c")");
}

BOOST_AUTO_TEST_CASE(control_characters_become_four_hexadecimal_digits) {
  BOOST_TEST(json_string("\n\x1f\x01"sv) == R"("\u000a\u001f\u0001")");
  BOOST_TEST(json_string("a\0b"sv) == R"("a\u0000b")");
  BOOST_TEST(json_string(" \x7f") == "\" \x7f\"");  // these are none, for JSON
}

BOOST_AUTO_TEST_CASE(valid_utf_8_stays_as_it_is) {
  std::string_view const text =
      "\xC2\x80 \xC3\xA9 \xE0\xA0\x80 \xE2\x82\xAC \xEF\xBF\xBF "
      "\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF";
  BOOST_TEST(json_string(text) == '"' + std::string(text) + '"');
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf_8_become_the_replacement_character) {
  BOOST_TEST(json_string("\x80") == R"("\ufffd")");                      // a tail alone
  BOOST_TEST(json_string("\xC1\x81") == R"("\ufffd\ufffd")");            // overlong
  BOOST_TEST(json_string("\xE0\x9F\xBF") == R"("\ufffd\ufffd\ufffd")");  // overlong
  BOOST_TEST(json_string("\xED\xA0\x80") == R"("\ufffd\ufffd\ufffd")");  // a surrogate
  BOOST_TEST(json_string("\xF4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");
  BOOST_TEST(json_string("\xF5") == R"("\ufffd")");
  BOOST_TEST(json_string("\xE2\x82x") == R"("\ufffd\ufffdx")");  // a sequence cut off by text
}

BOOST_AUTO_TEST_CASE(a_sequence_cut_off_by_the_end_is_replaced) {
  BOOST_TEST(json_string("ab\xC3"sv) == R"("ab\ufffd")");
  BOOST_TEST(json_string("\xF0\x90\x80"sv) == R"("\ufffd\ufffd\ufffd")");
}
