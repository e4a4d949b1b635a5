// SPDX-License-Identifier: BSL-1.0

// typed_stack_solver [FILE]: solves sparse systems by conjugate gradients, with temporaries from
// std::vector and from a typed stack, and prints what each costs.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <comparison.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <matrix_market.hpp>
#include <stdexcept>
#include <string>

namespace {

using namespace typed_stack_solver;

struct options {
  std::string path;
  std::size_t side = 64;
  std::size_t solves = 20;
  std::size_t rounds = 5;
  stop_rule stop;
};

void describe(CLI::App& app, options& chosen) {
  app.add_option("file", chosen.path,
                 "a symmetric positive definite matrix in Matrix Market coordinate format; without "
                 "one a Poisson problem is solved")
      ->check(CLI::ExistingFile);
  app.add_option("--size", chosen.side, "side of the square grid of the Poisson problem")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app.add_option("--solves", chosen.solves, "count of right sides")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--rounds", chosen.rounds, "run each row so often; its fastest run counts")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--tolerance", chosen.stop.tolerance,
                 "residual of a row, to the largest number on the right, at which it is solved")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--iterations", chosen.stop.iterations, "give up after so many")
      ->capture_default_str();
}

system_of_entries make_system(options const& chosen) {
  if (chosen.path.empty()) return poisson(chosen.side);
  std::ifstream file{chosen.path};
  if (!file) throw std::runtime_error("cannot read " + chosen.path);
  return read_matrix_market(file, chosen.path);
}

int run(options const& chosen) {
  auto const system = make_system(chosen);
  job const work{system, chosen.solves, chosen.stop};
  auto const results = compare(work, chosen.rounds);
  auto const wanted = solutions(work);
  double error = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    error = std::max(error, std::abs(results.front().found[i] - wanted[i]));
  }
  std::cout << system.size << " unknowns, " << results.front().nonzeros << " nonzeros, "
            << work.solves << " solves, " << results.front().iterations
            << " iterations, largest error " << error << "\n\n";
  print_table(std::cout, results);
  return are_identical(results) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Solves sparse systems with temporaries from two memories."};
  options chosen;
  describe(app, chosen);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(chosen);
  } catch (std::exception const& failure) {
    std::cerr << "typed_stack_solver: " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
}
