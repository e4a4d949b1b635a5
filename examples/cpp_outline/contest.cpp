// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <contest.hpp>
#include <cstring>
#include <exception>
#include <ostream>
#include <support/child_process.hpp>
#include <support/table_text.hpp>

namespace cpp_outline {
namespace {

using support::child_end;
using support::ending;
using support::fixed;

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
    return "WRONG: the outline was overwritten, first seen in " +
           work.files[report.wrong_file].path;
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
  support::shared_array<row_report> const shared{1};
  row_report& report = shared.get().front();
  auto const end = support::run_in_child(
      [&] { run_row(contestant, work, report); }, limit,
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

}  // namespace

std::vector<result> run_rows(std::span<row const> contestants, job const& work, contest_rules rules,
                             progress_bar& bar) {
  std::vector<result> results;
  for (row const& contestant : contestants) {
    results.push_back(run_once(contestant, work, rules.limit, bar));
  }
  auto again = work;
  again.counts_calls = false;
  // Round by round, so that a busy minute of the machine meets every row.
  for (std::size_t round = 1; round < rules.rounds; ++round) {
    for (std::size_t i = 0; i != results.size(); ++i) {
      if (!results[i].is_measured) continue;
      auto const next = run_once(contestants[i], again, rules.limit, bar);
      results[i].seconds = std::min(results[i].seconds, next.seconds);
      results[i].is_as_expected = results[i].is_as_expected && next.is_as_expected;
      if (!next.is_measured) results[i].verdict = next.verdict;
    }
  }
  bar.clear();
  return results;
}

void print_table(std::ostream& out, std::vector<result> const& results) {
  constexpr std::array widths{11, 8, 13, 12};
  auto const line = [&](std::string_view name, std::array<std::string, 4> const& cells,
                        std::string_view verdict) {
    support::write_line(out, name, cells, widths, verdict);
  };
  line("memory", {"time", "ratio", "heap calls", "peak"}, "result");
  for (result const& each : results) {
    if (!each.is_measured) {
      line(each.name, {"-", "-", "-", "-"}, each.verdict);
      continue;
    }
    bool const has_base = results.front().is_measured && results.front().seconds > 0;
    auto const ratio = has_base ? fixed(each.seconds / results.front().seconds, 2) : "-";
    line(each.name,
         {fixed(each.seconds, 3) + " s", ratio, std::to_string(each.heap_calls),
          fixed(static_cast<double>(each.peak_bytes) / (1024 * 1024), 1) + " MiB"},
         each.verdict);
  }
  out << "\ntime: of the processor, for texts already in memory. ratio: to the first row's time.\n"
         "heap calls: allocations that reach a heap. peak: resident memory beyond that at the "
         "start.\n";
}

}  // namespace cpp_outline
