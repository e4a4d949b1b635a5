// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <boost/json.hpp>
#include <contest.hpp>
#include <cstring>
#include <exception>
#include <ostream>
#include <support/child_process.hpp>
#include <support/table_text.hpp>

namespace request_service {
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

std::string verdict(row_report const& report, child_end end, std::chrono::seconds limit) {
  if (report.absent) return "not on this machine";
  if (end.how == ending::timed_out) {
    return "WRONG: not done after " + std::to_string(limit.count()) + " s";
  }
  if (end.how == ending::killed) return std::string{"WRONG: "} + ::strsignal(end.signal);
  if (!report.finished) return std::string{"WRONG: "} + report.error.data();
  if (report.wrong) {
    return "WRONG: the answer to request " + std::to_string(report.wrong_request + 1) + " differs";
  }
  if (report.counts.refused == 0) return "right";
  return "right, " + std::to_string(report.counts.refused) + " refused";
}

result run_once(row const& contestant, job const& work, std::chrono::seconds limit) {
  support::shared_array<row_report> const shared{1};
  row_report& report = shared.get().front();
  auto const end = support::run_in_child([&] { run_row(contestant, work, report); }, limit, [] {});
  bool const right = end.how == ending::finished && report.finished && !report.wrong;
  return {contestant.name, report, right && !report.absent, right, verdict(report, end, limit)};
}

}  // namespace

std::vector<result> run_rows(std::span<row const> contestants, job const& work,
                             contest_rules rules) {
  std::vector<result> results;
  for (row const& contestant : contestants) {
    results.push_back(run_once(contestant, work, rules.limit));
  }
  auto again = work;
  again.counts_calls = false;
  // Round by round, so that a busy minute of the machine meets every row.
  for (std::size_t round = 1; round < rules.rounds; ++round) {
    for (std::size_t i = 0; i != results.size(); ++i) {
      if (!results[i].is_measured) continue;
      auto next = run_once(contestants[i], again, rules.limit);
      next.report.heap_calls = results[i].report.heap_calls;
      if (!next.is_measured || next.report.seconds < results[i].report.seconds) results[i] = next;
    }
  }
  return results;
}

void print_table(std::ostream& out, std::span<result const> results) {
  constexpr std::array widths{10, 8, 11, 11, 12, 12};
  support::write_line(
      out, "memory",
      std::array<std::string, 6>{"time", "ratio", "p50", "p99", "heap calls", "peak"}, widths,
      "answers");
  for (result const& each : results) {
    if (!each.is_measured) {
      std::array<std::string, 6> cells;
      cells.fill("-");
      support::write_line(out, each.name, cells, widths, each.verdict);
      continue;
    }
    row_report const& took = each.report;
    bool const has_base = results.front().is_measured && results.front().report.seconds > 0;
    std::array<std::string, 6> const cells{
        fixed(took.seconds, 3) + " s",
        has_base ? fixed(took.seconds / results.front().report.seconds, 2) : "-",
        fixed(took.median_us, 2) + " us",
        fixed(took.p99_us, 2) + " us",
        fixed(took.heap_calls, 3),
        fixed(static_cast<double>(took.peak_bytes) / (1024 * 1024), 1) + " MiB"};
    support::write_line(out, each.name, cells, widths, each.verdict);
  }
  out << "\ntime: of the processor, all requests. ratio: to the first row's time. p50, p99: of one "
         "request.\nheap calls: allocations that reach a heap, for each request. peak: resident "
         "memory beyond that at\nthe start. std monotonic: with its cache on new/delete. tidemark: "
         "each part counted and bounded.\n";
}

void print_counts(std::ostream& out, service_counts const& counts) {
  out << counts.results << " results, " << counts.errors << " errors, " << counts.refused
      << " refused, " << counts.notifications << " notifications; entries: " << counts.hits
      << " from the cache, " << counts.misses << " parsed, " << counts.evicted << " evicted\n";
}

void write_json(std::ostream& out, std::span<result const> results) {
  boost::json::array rows;
  for (result const& each : results) {
    row_report const& took = each.report;
    boost::json::object row{{"memory", each.name}, {"answers", each.verdict}};
    if (each.is_measured) {
      row["seconds"] = took.seconds;
      row["p50_us"] = took.median_us;
      row["p99_us"] = took.p99_us;
      row["heap_calls_per_request"] = took.heap_calls;
      row["peak_bytes"] = took.peak_bytes;
      row["results"] = took.counts.results;
      row["errors"] = took.counts.errors;
      row["refused"] = took.counts.refused;
      row["cache_hits"] = took.counts.hits;
      row["cache_misses"] = took.counts.misses;
      row["cache_evicted"] = took.counts.evicted;
    }
    if (took.json[0] != 0) row["usage"] = boost::json::parse(took.json.data());
    rows.push_back(std::move(row));
  }
  out << boost::json::serialize(rows) << '\n';
}

}  // namespace request_service
