// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <child_process.hpp>
#include <contest.hpp>
#include <cstring>
#include <exception>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace cpp_outline {
namespace {

void run_row(row const& contestant, job const& work, row_report& report) {
  try {
    contestant.run(work, report);
    report.finished = true;
  } catch (std::exception const& failure) {
    std::strncpy(report.error.data(), failure.what(), report.error.size() - 1);
    throw;
  }
}

std::string verdict(job const& work, row_report const& report, child_end end,
                    std::chrono::seconds limit) {
  if (report.absent) return "not on this machine";
  if (report.wrong)
    return "WRONG: outline overwritten, seen in " + work.files[report.wrong_file].path;
  if (end.how == ending::finished && report.finished) return "right";
  auto const where = " in " + work.files[report.files_done].path;
  if (end.how == ending::timed_out) {
    return "WRONG: not done after " + std::to_string(limit.count()) + " s," + where;
  }
  if (end.how == ending::killed) return std::string{"WRONG: "} + ::strsignal(end.signal) + where;
  return std::string{"WRONG: "} + report.error.data() + where;
}

result run_once(row const& contestant, job const& work, std::chrono::seconds limit,
                progress_bar& bar) {
  shared_array<row_report> const shared{1};
  row_report& report = shared.get().front();
  auto const end =
      run_in_child([&] { run_row(contestant, work, report); }, limit,
                   [&] {
                     bar.show(contestant.name, report.files_done.load(std::memory_order_relaxed),
                              work.files.size());
                   });
  bool const right = end.how == ending::finished && report.finished && !report.wrong;
  return {contestant.name,
          report.seconds,
          report.heap_calls,
          report.peak_bytes,
          right && !report.absent,
          right || !contestant.is_right,
          verdict(work, report, end, limit)};
}

std::string mebibytes(std::size_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / (1024 * 1024)
       << " MiB";
  return text.str();
}

}  // namespace

std::vector<result> run_rows(job const& work, contest_rules rules, progress_bar& bar) {
  std::vector<result> results;
  for (row const& contestant : rows()) {
    results.push_back(run_once(contestant, work, rules.limit, bar));
  }
  auto again = work;
  again.counts_calls = false;
  // Round by round, so that a busy minute of the machine meets every row.
  for (std::size_t round = 1; round < rules.rounds; ++round) {
    for (std::size_t i = 0; i != results.size(); ++i) {
      if (!results[i].is_measured) continue;
      auto const next = run_once(rows()[i], again, rules.limit, bar);
      results[i].seconds = std::min(results[i].seconds, next.seconds);
      results[i].is_as_expected = results[i].is_as_expected && next.is_as_expected;
      if (!next.is_measured) results[i].verdict = next.verdict;
    }
  }
  bar.clear();
  return results;
}

void print_table(std::ostream& out, std::vector<result> const& results) {
  double const base = results.front().seconds;
  out << std::left << std::setw(24) << "memory" << std::right << std::setw(11) << "time"
      << std::setw(8) << "ratio" << std::setw(13) << "heap calls" << std::setw(12) << "peak"
      << "  result\n";
  out << std::fixed;
  for (result const& each : results) {
    out << std::left << std::setw(24) << each.name << std::right;
    if (each.is_measured) {
      out << std::setprecision(3) << std::setw(9) << each.seconds << " s" << std::setprecision(2)
          << std::setw(8) << each.seconds / base << std::setw(13) << each.heap_calls
          << std::setw(12) << mebibytes(each.peak_bytes);
    } else {
      out << std::setw(11) << "-" << std::setw(8) << "-" << std::setw(13) << "-" << std::setw(12)
          << "-";
    }
    out << "  " << each.verdict << '\n';
  }
}

}  // namespace cpp_outline
