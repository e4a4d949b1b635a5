// SPDX-License-Identifier: BSL-1.0

#include <array>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <contest.hpp>
#include <csignal>
#include <cstdint>
#include <progress_bar.hpp>
#include <rows/row.hpp>
#include <source_tree.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace cpp_outline;

// Rows that go wrong as a row can. Each is in the second file when it does.
void end_well(job const&, row_report& report) {
  report.seconds = 2;
  report.heap_calls = 7;
  report.peak_bytes = 3 * 1024 * 1024;
}
void end_well_in_half_the_time(job const&, row_report& report) { report.seconds = 1; }
void crash(job const&, row_report& report) {
  report.files_done = 1;
  std::raise(SIGKILL);
}
void hang(job const&, row_report& report) {
  while (true) report.files_done = 1;
}
void run_out_of_memory(job const&, row_report& report) {
  report.files_done = 1;
  throw std::runtime_error{"out of memory"};
}
void lose_an_outline(job const&, row_report& report) {
  report.wrong = true;
  report.wrong_file = 1;
}
void be_absent(job const&, row_report& report) { report.absent = true; }

struct two_files {
  std::vector<source_file> files{{"first.h", "int a;"}, {"second.h", "int b;"}};
  std::array<std::uint64_t, 2> checksums{};
  progress_bar bar;

  std::vector<result> run(std::vector<row> const& contestants, int limit_s = 600) {
    return run_rows(contestants, {files, checksums, true}, {std::chrono::seconds{limit_s}, 1}, bar);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(contest, two_files)

BOOST_AUTO_TEST_CASE(a_row_that_ends_well_is_right_and_measured) {
  auto const results = run({{"fine", end_well, true}});
  BOOST_TEST(results.size() == 1U);
  BOOST_TEST(results[0].verdict == "right");
  BOOST_TEST(results[0].is_measured);
  BOOST_TEST(results[0].is_as_expected);
  BOOST_TEST(results[0].heap_calls == 7U);
}

BOOST_AUTO_TEST_CASE(a_crash_is_wrong_and_names_the_file) {
  auto const results = run({{"crash", crash, true}});
  BOOST_TEST(results[0].verdict.starts_with("WRONG: "));
  BOOST_TEST(results[0].verdict.ends_with(" in second.h"));
  BOOST_TEST(!results[0].is_measured);
  BOOST_TEST(!results[0].is_as_expected);
}

BOOST_AUTO_TEST_CASE(a_hang_is_wrong_and_names_the_limit) {
  auto const results = run({{"hang", hang, true}}, 1);
  BOOST_TEST(results[0].verdict == "WRONG: not done after 1 s, in second.h");
  BOOST_TEST(!results[0].is_as_expected);
}

BOOST_AUTO_TEST_CASE(an_exception_is_wrong_and_says_what) {
  auto const results = run({{"throw", run_out_of_memory, true}});
  BOOST_TEST(results[0].verdict == "WRONG: out of memory in second.h");
  BOOST_TEST(!results[0].is_as_expected);
}

BOOST_AUTO_TEST_CASE(a_lost_outline_is_wrong_and_names_the_file) {
  auto const results = run({{"lose", lose_an_outline, true}, {"lose", lose_an_outline, false}});
  BOOST_TEST(results[0].verdict == "WRONG: the outline was overwritten, first seen in second.h");
  BOOST_TEST(!results[0].is_as_expected);
  BOOST_TEST(results[1].is_as_expected);
}

BOOST_AUTO_TEST_CASE(a_memory_that_is_not_there_is_no_failure) {
  auto const results = run({{"absent", be_absent, true}});
  BOOST_TEST(results[0].verdict == "not on this machine");
  BOOST_TEST(!results[0].is_measured);
  BOOST_TEST(results[0].is_as_expected);
}

BOOST_AUTO_TEST_CASE(rows_are_told_of_a_wrong_outline_by_its_checksum) {
  checksums = {1, 2};  // of no outline of these files
  for (result const& each : run({rows().begin(), rows().end()})) {
    if (each.verdict == "not on this machine") continue;
    BOOST_TEST(each.verdict == "WRONG: the outline was overwritten, first seen in first.h");
  }
}

BOOST_AUTO_TEST_CASE(the_table_gives_ratios_to_the_first_row_and_none_to_wrong_ones) {
  std::ostringstream out;
  print_table(out, run({{"base", end_well, true},
                        {"half", end_well_in_half_the_time, true},
                        {"crash", crash, false}}));
  auto const table = out.str().substr(0, out.str().find("\n\n"));
  BOOST_TEST(table ==
             "memory                         time   ratio   heap calls        peak  result\n"
             "base                        2.000 s    1.00            7     3.0 MiB  right\n"
             "half                        1.000 s    0.50            0     0.0 MiB  right\n"
             "crash                             -       -            -           -"
             "  WRONG: Killed in second.h");
}

BOOST_AUTO_TEST_SUITE_END()
