// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <new>
#include <sstream>
#include <support/flawed_resource.hpp>
#include <tidemark/testing/conformance.hpp>
#include <vector>

namespace data = boost::unit_test::data;
using namespace tidemark;
using test::flaw;
using test::flawed_resource;
using testing::conformance_outcome;

namespace {

testing::conformance_report certify(flaw kind) {
  return testing::conformance(
      [kind](auto* upstream) { return std::make_unique<flawed_resource>(kind, upstream); });
}

struct planted {
  flaw kind;
  char const* row;  // that must find it
};
std::ostream& operator<<(std::ostream& out, planted const& p) { return out << p.row; }

const std::vector<planted> all_planted{
    {flaw::null_for_0, testing::rows::size_0},
    {flaw::one_block_for_0, testing::rows::size_0},
    {flaw::wraps, testing::rows::impossible_sizes},
    {flaw::asks_before_it_refuses, testing::rows::impossible_sizes},
    {flaw::ignores_large_alignment, testing::rows::alignments},
    {flaw::ignores_odd_sizes, testing::rows::odd_sizes},
    {flaw::overlaps, testing::rows::random_load},
    {flaw::writes_beyond_on_free, testing::rows::random_load},
    {flaw::writes_beyond_on_free, testing::rows::free_order},
    {flaw::equals_its_kind, testing::rows::equality},
    {flaw::eager, testing::rows::lazy},
    {flaw::leaks, testing::rows::gives_back},
    {flaw::leaks_what_is_live, testing::rows::gives_back_live},
    {flaw::frees_with_another_size, testing::rows::gives_back},
    {flaw::returns_null_on_failure, testing::rows::upstream_failure},
    {flaw::keeps_half_on_failure, testing::rows::upstream_failure},
    {flaw::throws_another_type, testing::rows::upstream_failure},
    {flaw::never_recovers, testing::rows::upstream_failure},
    {flaw::never_reuses, testing::rows::steady_state},
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_resource_without_a_flaw_passes_every_row) {
  const auto report = certify(flaw::none);
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() == 12U);
  for (auto const& row : report.rows) {
    BOOST_TEST((row.outcome == conformance_outcome::passed), row.name);
  }
}

BOOST_DATA_TEST_CASE(each_flaw_is_found_by_its_row, data::make(all_planted), plant) {
  const auto report = certify(plant.kind);
  BOOST_TEST(!report.passed());
  auto const* const row = report.find(plant.row);
  BOOST_REQUIRE(row != nullptr);
  BOOST_TEST((row->outcome == conformance_outcome::failed), report);
  BOOST_TEST(!row->message.empty());
}

BOOST_AUTO_TEST_CASE(every_row_is_shown_to_fail_by_some_flaw) {
  for (auto const& row : certify(flaw::none).rows) {
    const bool shown = std::any_of(all_planted.begin(), all_planted.end(),
                                   [&](planted const& p) { return row.name == p.row; });
    BOOST_TEST(shown, row.name);
  }
}

BOOST_AUTO_TEST_CASE(a_row_that_is_not_claimed_is_not_run_and_does_not_fail) {
  const auto make = [](auto* upstream) {
    return std::make_unique<flawed_resource>(flaw::eager, upstream);
  };
  const auto report = testing::conformance(make, {.not_claimed = {testing::rows::lazy}});
  BOOST_TEST(report.passed(), report);
  BOOST_TEST((report.find(testing::rows::lazy)->outcome == conformance_outcome::not_claimed));
}

BOOST_AUTO_TEST_CASE(a_row_that_does_not_exist_cannot_be_left_out) {
  const auto make = [](auto* upstream) {
    return std::make_unique<flawed_resource>(flaw::none, upstream);
  };
  const auto report = testing::conformance(make, {.not_claimed = {"size zero"}});
  BOOST_TEST(!report.passed());
  BOOST_TEST(report.find("size zero")->message == "there is no such row");
}

BOOST_AUTO_TEST_CASE(the_report_is_one_line_for_each_row) {
  std::ostringstream out;
  out << certify(flaw::null_for_0);
  BOOST_TEST(out.str().starts_with(
      "FAILED      size 0 is legal and unique: 0 bytes aligned to 1: null was returned\n"));
  BOOST_TEST(out.str().find("passed      equality is identity\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_factory_that_makes_nothing_fails_and_does_not_crash) {
  const auto report = testing::conformance(
      [](std::pmr::memory_resource*) { return std::shared_ptr<std::pmr::memory_resource>{}; });
  BOOST_TEST(!report.passed());
}

BOOST_AUTO_TEST_CASE(the_new_delete_resource_passes_what_it_can) {
  testing::conformance_traits traits{.not_claimed = {testing::rows::impossible_sizes}};
  auto* const resource = std::pmr::new_delete_resource();
  // libstdc++ 12 hands out a few bytes for SIZE_MAX, and sanitizers end the program.
  auto report = testing::conformance(resource, traits);
  BOOST_TEST(report.passed(), report);
}

BOOST_AUTO_TEST_CASE(the_standard_monotonic_resource_passes_what_applies) {
  const auto make = [](auto* upstream) {
    return std::make_unique<std::pmr::monotonic_buffer_resource>(upstream);
  };
  const testing::conformance_traits traits{.not_claimed = {testing::rows::steady_state}};
  const auto report = testing::conformance(make, traits);
#ifdef _LIBCPP_VERSION
  // libc++ 19's gives 0 bytes the address of the next block, and hands out SIZE_MAX of them.
  for (auto const* row : {testing::rows::size_0, testing::rows::impossible_sizes}) {
    BOOST_REQUIRE(report.find(row) != nullptr);
    BOOST_TEST((report.find(row)->outcome == conformance_outcome::failed), report);
  }
#else
  BOOST_TEST(report.passed(), report);
#endif
}
