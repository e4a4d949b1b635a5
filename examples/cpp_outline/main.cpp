// SPDX-License-Identifier: BSL-1.0

// cpp_outline PATH: prints the outline of the C++ files under PATH, then what the same parser costs
// on six kinds of memory.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <contest.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <outline_writer.hpp>
#include <progress_bar.hpp>
#include <rows/row.hpp>
#include <rows/scratch_memory.hpp>
#include <source_tree.hpp>
#include <stdexcept>
#include <string>
#include <support/child_process.hpp>

namespace {

using namespace cpp_outline;
using support::ending;
using support::run_in_child;
using support::shared_array;

struct options {
  std::string path = "/usr/include";
  std::string json_path;
  std::size_t lines = 40;
  bool all = false;
  bool no_table = false;
  std::size_t rounds = 1;
  std::size_t limit_s = 600;
};

void describe(CLI::App& app, options& chosen) {
  app.add_option("path", chosen.path, "a C++ file, or a tree of them")
      ->capture_default_str()
      ->check(CLI::ExistingPath);
  app.add_option("--json", chosen.json_path, "write the outline to this file");
  app.add_option("--lines", chosen.lines, "print at most so many declarations")
      ->capture_default_str();
  app.add_flag("--all", chosen.all, "print all declarations");
  app.add_flag("--no-table", chosen.no_table, "print the outline only");
  app.add_option("--rounds", chosen.rounds, "run each row so often; its fastest run counts")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--limit", chosen.limit_s, "seconds after which a row counts as hung")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400));
}

source_tree read_tree(std::string const& path, progress_bar& bar) {
  auto tree = read_sources(
      path, [&](std::size_t done, std::size_t all) { bar.show("reading files", done, all); });
  bar.clear();
  for (skipped_file const& each : tree.skipped) {
    std::cerr << "skipped: " << each.path << ": " << each.reason << '\n';
  }
  return tree;
}

// The outline that the rows are compared with: on new/delete, in a process of its own, so that the
// heap the rows inherit is as it was. Fills `checksums`, one for each file.
void make_outline(options const& chosen, source_tree const& tree, std::ostream* json,
                  std::span<std::uint64_t> checksums) {
  heap_memory memory{std::pmr::new_delete_resource()};
  outline found{memory.table(), memory.heap()};
  parser<heap_memory> reader{memory, found};
  std::size_t text_bytes = 0;
  for (std::size_t i = 0; i != tree.files.size(); ++i) {
    reader.read_file(tree.files[i].text);
    checksums[i] = checksum(found.of_file(i), tree.files[i].text);
    text_bytes += tree.files[i].text.size();
  }
  summary const all{tree.files.size(), text_bytes, tree.skipped.size(), found.declaration_count(),
                    reader.counts()};
  auto const lines = chosen.all ? std::numeric_limits<std::size_t>::max() : chosen.lines;
  print_outline(std::cout, found, tree, lines);
  print_summary(std::cout, all);
  if (json != nullptr) {
    write_json(*json, found, tree, all);
    json->flush();
    if (!*json) throw std::runtime_error{"cannot write " + chosen.json_path};
  }
}

int run(options const& chosen) {
  std::ofstream json;
  if (!chosen.json_path.empty()) {
    json.open(chosen.json_path, std::ios::binary);
    if (!json) {
      std::cerr << "cannot write " << chosen.json_path << '\n';
      return EXIT_FAILURE;
    }
  }
  progress_bar bar;
  auto const tree = read_tree(chosen.path, bar);
  if (tree.files.empty()) {
    std::cerr << "no C++ file that can be read in " << chosen.path << '\n';
    return EXIT_FAILURE;
  }

  contest_rules const rules{std::chrono::seconds{chosen.limit_s}, chosen.rounds};
  shared_array<std::uint64_t> const checksums{tree.files.size()};
  auto const outline_child = [&] {
    try {
      make_outline(chosen, tree, json.is_open() ? &json : nullptr, checksums.get());
    } catch (std::exception const& failure) {
      std::cerr << "cpp_outline: " << failure.what() << '\n';
      throw;
    }
  };
  auto const end = run_in_child(outline_child, rules.limit, [] {});
  if (end.how != ending::finished) {
    std::cerr << "the outline could not be made\n";
    return EXIT_FAILURE;
  }
  if (chosen.no_table) return EXIT_SUCCESS;

  auto const results = run_rows(rows(), {tree.files, checksums.get(), true}, rules, bar);
  std::cout << '\n';
  print_table(std::cout, results);
  bool const as_expected =
      std::ranges::all_of(results, [](result const& each) { return each.is_as_expected; });
  return as_expected ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Prints the outline of C++ files, and what reading them costs on six memories."};
  options chosen;
  describe(app, chosen);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(chosen);
  } catch (std::exception const& failure) {
    std::cerr << "cpp_outline: " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
}
