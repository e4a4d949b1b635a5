// SPDX-License-Identifier: BSL-1.0

// request_service [PATH]: serves requests for the entries of JSON files, on several memories, and
// prints what each costs and who of ours holds how much.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <catalogue.hpp>
#include <chrono>
#include <contest.hpp>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <request_maker.hpp>
#include <rows.hpp>
#include <service.hpp>
#include <stdexcept>
#include <string>
#include <support/child_process.hpp>
#include <vector>

namespace {

using namespace request_service;

struct options {
  std::string path = "/usr/share/iso-codes/json";
  std::string json_path;
  std::size_t requests = 100'000;
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  std::size_t rounds = 3;
  std::size_t cached_entries = 1024;
  std::size_t shown = 0;
  memory_limits limits{};
  bool no_table = false;
};

void describe(CLI::App& app, options& chosen) {
  app.add_option("path", chosen.path,
                 "a folder of JSON files, or one; the default is of Debian's "
                 "package iso-codes")
      ->capture_default_str();
  app.add_option("--requests", chosen.requests, "serve so many")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  app.add_option("--seed", chosen.seed, "of the requests")->capture_default_str();
  app.add_option("--threads", chosen.threads, "each serves its share, with a cache of its own")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--rounds", chosen.rounds, "run each row so often; its fastest run counts")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--cache", chosen.cached_entries, "entries that a thread keeps")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--parse-budget", chosen.limits.parse_bytes,
                 "bytes that parsed requests may take in tidemark's row, for each thread")
      ->capture_default_str();
  app.add_option("--cache-budget", chosen.limits.cache_bytes, "likewise, the cached entries")
      ->capture_default_str();
  app.add_option("--answer-budget", chosen.limits.answer_bytes, "likewise, the answers")
      ->capture_default_str();
  app.add_option("--show", chosen.shown, "print so many requests with their answers");
  app.add_flag("--no-table", chosen.no_table, "serve once, on tidemark's memory alone");
  app.add_option("--json", chosen.json_path, "write the numbers to this file");
}

std::vector<std::string> make_requests(catalogue const& data, options const& chosen) {
  request_maker maker{data, chosen.seed};
  std::vector<std::string> requests(chosen.requests);
  for (std::string& each : requests) each = maker.next();
  return requests;
}

void show(catalogue const& data, std::vector<std::string> const& requests, std::size_t count) {
  shared_heap heap{std::pmr::new_delete_resource(), {}, 1};
  heap_memory memory{heap};
  service<heap_memory> shown{data, memory, 16};
  for (std::size_t i = 0; i != std::min(count, requests.size()); ++i) {
    std::cout << "> " << requests[i] << '\n';
    shown.handle(requests[i], [](std::string_view text) { std::cout << "< " << text << "\n\n"; });
  }
}

// In a process of its own, so that the heap the rows inherit is as it was.
void fill_checksums(job const& work) {
  auto const end =
      support::run_in_child([&] { make_reference(work); }, std::chrono::hours{1}, [] {});
  if (end.how != support::ending::finished) {
    throw std::runtime_error("the reference could not be made");
  }
}

bool report(std::vector<result> const& results, options const& chosen, std::ofstream& json) {
  if (!chosen.no_table) {
    print_table(std::cout, results);
    std::cout << '\n';
  }
  auto const& ours = results.back();
  print_counts(std::cout, ours.report.counts);
  std::cout << '\n' << ours.report.usage.data();
  if (json.is_open()) {
    write_json(json, results);
    json.flush();
    if (!json) throw std::runtime_error("cannot write " + chosen.json_path);
  }
  for (result const& each : results) {
    if (!each.is_right) std::cerr << each.name << ": " << each.verdict << '\n';
  }
  return std::ranges::all_of(results, &result::is_right);
}

int run(options const& chosen) {
  std::ofstream json;
  if (!chosen.json_path.empty()) {
    json.open(chosen.json_path, std::ios::binary);
    if (!json) throw std::runtime_error("cannot write " + chosen.json_path);
  }
  auto const data = read_catalogue(chosen.path);
  for (skipped_file const& each : data.skipped) {
    std::cerr << "skipped: " << each.path << ": " << each.reason << '\n';
  }
  auto const requests = make_requests(data, chosen);
  std::cout << data.record_count() << " entries in " << data.lists.size() << " lists of "
            << data.file_count << " files, " << requests.size() << " requests, " << chosen.threads
            << (chosen.threads == 1 ? " thread\n\n" : " threads\n\n");
  show(data, requests, chosen.shown);

  support::shared_array<std::uint64_t> const checksums{requests.size()};
  job const work{.data = data,
                 .requests = requests,
                 .threads = chosen.threads,
                 .cached_entries = chosen.cached_entries,
                 .limits = chosen.limits,
                 .checksums = checksums.get(),
                 .counts_calls = true};
  fill_checksums(work);
  auto const contestants = chosen.no_table ? rows().last(1) : rows();
  auto const rounds = chosen.no_table ? 1 : chosen.rounds;
  auto const results = run_rows(contestants, work, {std::chrono::hours{1}, rounds});
  return report(results, chosen, json) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Serves requests for the entries of JSON files, on five memories."};
  options chosen;
  describe(app, chosen);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(chosen);
  } catch (std::exception const& failure) {
    std::cerr << "request_service: " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
}
