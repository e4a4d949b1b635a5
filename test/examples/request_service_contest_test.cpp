// SPDX-License-Identifier: BSL-1.0

#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <contest.hpp>
#include <csignal>
#include <cstdint>
#include <rows.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "request_service_fixtures.hpp"

namespace {

using namespace request_service;

// Rows that go wrong as a row can.
void end_well(job const&, row_report& report) {
  report.seconds = 2;
  report.heap_calls = 7;
  report.peak_bytes = 3 * 1024 * 1024;
}
void end_well_in_half_the_time(job const&, row_report& report) {
  report.seconds = 1;
  report.counts.refused = 4;
}
void crash(job const&, row_report&) { std::raise(SIGKILL); }
void hang(job const&, row_report&) {
  while (true) ::pause();
}
void run_out_of_memory(job const&, row_report&) { throw std::runtime_error{"out of memory"}; }
void be_absent(job const&, row_report& report) { report.absent = true; }

struct small_job {
  std::vector<std::string> requests = all_kinds_of_requests();
  std::vector<std::uint64_t> checksums = std::vector<std::uint64_t>(requests.size());
  job work{.data = places(),
           .requests = requests,
           .threads = 1,
           .cached_entries = 2,
           .limits = {},
           .checksums = checksums,
           .counts_calls = true};

  std::vector<result> run(std::vector<row> const& contestants, int limit_s = 600,
                          std::size_t rounds = 1) {
    return run_rows(contestants, work, {std::chrono::seconds{limit_s}, rounds});
  }
  std::vector<result> run_all(std::size_t rounds = 1) {
    return run({rows().begin(), rows().end()}, 600, rounds);
  }
};

bool is_on_this_machine(result const& each) { return each.verdict != "not on this machine"; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(contest, small_job)

BOOST_AUTO_TEST_CASE(every_row_answers_as_the_reference_with_one_thread_and_with_more) {
  make_reference(work);
  for (std::size_t const threads : {1U, 2U, 3U}) {
    work.threads = threads;
    for (result const& each : run_all(2)) {
      BOOST_TEST(each.is_right);
      if (!is_on_this_machine(each)) continue;
      BOOST_TEST(each.verdict == "right");
      auto const& counts = each.report.counts;
      BOOST_TEST(counts.results + counts.errors == requests.size());
      BOOST_TEST(each.report.median_us <= each.report.p99_us);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_heap_is_called_seldom_where_memory_is_pooled) {
  make_reference(work);
  auto const results = run_all();
  BOOST_TEST(results.front().report.heap_calls > 10);
  BOOST_TEST(results.back().report.heap_calls < 1);
}

BOOST_AUTO_TEST_CASE(the_row_of_ours_tells_who_holds_how_much) {
  make_reference(work);
  auto const ours = run({rows().back()}).front();
  BOOST_TEST(rows().back().is_ours);
  std::string const usage = ours.report.usage.data();
  for (auto const* name : {"service/parse", "service/cache", "service/answer"}) {
    BOOST_TEST(usage.find(name) != std::string::npos);
  }
  auto const json = boost::json::parse(ours.report.json.data());
  BOOST_TEST(json.at("tags").as_array().size() == 4U);
  BOOST_TEST(json.at("budgets").as_array().size() == 4U);
}

BOOST_AUTO_TEST_CASE(an_answer_that_differs_is_wrong_and_names_its_request) {
  make_reference(work);
  ++checksums[41];
  for (result const& each : run_all()) {
    if (!is_on_this_machine(each)) continue;
    BOOST_TEST(each.verdict == "WRONG: the answer to request 42 differs");
    BOOST_TEST(!each.is_right);
  }
}

BOOST_AUTO_TEST_CASE(a_row_that_ends_well_is_right_and_measured) {
  auto const results = run({{"fine", end_well, false}, {"fast", end_well_in_half_the_time, true}});
  BOOST_TEST(results[0].verdict == "right");
  BOOST_TEST(results[0].is_measured);
  BOOST_TEST(results[1].verdict == "right, 4 refused");
  BOOST_TEST(results[1].is_right);
}

BOOST_AUTO_TEST_CASE(a_row_that_does_not_end_well_is_wrong_and_says_why) {
  auto const results = run({{"throw", run_out_of_memory, false}, {"crash", crash, false}});
  BOOST_TEST(results[0].verdict == "WRONG: out of memory");
  BOOST_TEST(results[1].verdict.starts_with("WRONG: "));
  for (result const& each : results) {
    BOOST_TEST(!each.is_measured);
    BOOST_TEST(!each.is_right);
  }
}

BOOST_AUTO_TEST_CASE(a_hang_is_wrong_and_names_the_limit) {
  auto const results = run({{"hang", hang, false}}, 1);
  BOOST_TEST(results[0].verdict == "WRONG: not done after 1 s");
}

BOOST_AUTO_TEST_CASE(a_memory_that_is_not_there_is_no_failure) {
  auto const results = run({{"absent", be_absent, false}});
  BOOST_TEST(results[0].verdict == "not on this machine");
  BOOST_TEST(!results[0].is_measured);
  BOOST_TEST(results[0].is_right);
}

BOOST_AUTO_TEST_CASE(the_table_gives_ratios_to_the_first_row_and_none_to_wrong_ones) {
  auto const results = run({{"fine", end_well, false},
                            {"fast", end_well_in_half_the_time, true},
                            {"throw", run_out_of_memory, false}});
  std::ostringstream table;
  print_table(table, results);
  BOOST_TEST(table.str().find("2.000 s    1.00") != std::string::npos);
  BOOST_TEST(table.str().find("1.000 s    0.50") != std::string::npos);
  BOOST_TEST(table.str().find("7.000     3.0 MiB  right\n") != std::string::npos);
  BOOST_TEST(table.str().find("-  WRONG: out of memory\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(numbers_are_written_as_json) {
  auto const results = run({{"fine", end_well, false}, {"throw", run_out_of_memory, false}});
  std::ostringstream out;
  write_json(out, results);
  auto const json = boost::json::parse(out.str()).as_array();
  BOOST_TEST(json.at(0).at("memory") == "fine");
  BOOST_TEST(json.at(0).at("heap_calls_per_request") == 7.0);
  BOOST_TEST(json.at(1).as_object().size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
