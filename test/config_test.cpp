// SPDX-License-Identifier: BSL-1.0
#include <boost/assert/source_location.hpp>
#include <boost/test/unit_test.hpp>
#include <string_view>
#include <tidemark/config.hpp>
#include <type_traits>

using tidemark::source_location;

namespace {

source_location caller(source_location where = source_location::current()) { return where; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_default_argument_names_the_place_of_the_call) {
  const auto here = caller();
  BOOST_TEST(here.line == __LINE__ - 1U);
  BOOST_TEST(std::string_view{here.file} == __FILE__);
}

BOOST_AUTO_TEST_CASE(an_empty_place_is_not_known_and_still_prints) {
  constexpr source_location nowhere;
  BOOST_TEST(!nowhere);
  BOOST_TEST(std::string_view{nowhere.file}.empty());
  BOOST_TEST(static_cast<bool>(source_location::current()));
}

BOOST_AUTO_TEST_CASE(the_location_types_of_other_libraries_convert) {
  const boost::source_location theirs{"theirs.cpp", 7, "f"};
  const source_location ours = theirs;
  BOOST_TEST(ours.line == 7U);
  BOOST_TEST(std::string_view{ours.file} == "theirs.cpp");
  static_assert(!std::is_convertible_v<int, source_location>);
}

BOOST_AUTO_TEST_CASE(the_version_is_three_numbers) {
  static_assert(TIDEMARK_VERSION_MAJOR >= 0 && TIDEMARK_VERSION_MINOR >= 0 &&
                TIDEMARK_VERSION_PATCH >= 0);
  BOOST_TEST((TIDEMARK_VERSION_MAJOR + TIDEMARK_VERSION_MINOR + TIDEMARK_VERSION_PATCH) > 0);
}
