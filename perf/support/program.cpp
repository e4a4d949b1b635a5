// SPDX-License-Identifier: BSL-1.0
#include "program.hpp"

#include <valgrind/callgrind.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "peers.hpp"

namespace perf {
namespace {

#if defined __clang__
constexpr char const* compiler = __VERSION__;
#else
constexpr char const* compiler = "g++ " __VERSION__;
#endif

}  // namespace

program::program(int argc, char** argv) {
  require_real_heaps();
  for (char* const argument : std::vector<char*>(argv, argv + argc)) {
    std::string_view const text = argument;
    if (text == "--smoke") {
      iterations_ = 2;
    } else if (text == "--count") {
      counts_ = true;
      iterations_ = 1;
    } else {
      arguments_.push_back(argument);
    }
  }
}

double program::seconds_of_nothing() {
  auto const nothing = [] {};
  std::array<double, 101> readings{};
  for (auto& each : readings) each = seconds_of(nothing);
  auto const middle = readings.begin() + readings.size() / 2;
  std::nth_element(readings.begin(), middle, readings.end());
  return *middle;
}

double program::mean_without_slowest(std::vector<double>& seconds) {
  std::size_t const kept = seconds.size() - seconds.size() / 10;
  auto const end = seconds.begin() + static_cast<std::ptrdiff_t>(kept);
  std::nth_element(seconds.begin(), end - 1, seconds.end());
  return std::accumulate(seconds.begin(), end, 0.0) / static_cast<double>(kept);
}

void program::toggle_counting() { CALLGRIND_TOGGLE_COLLECT; }

void program::finish(benchmark::State& state, std::string const& row, std::size_t operations,
                     std::uint64_t checksum) {
  state.counters["operations"] = static_cast<double>(operations);
  // A counter is a double, and 52 bits are exact in one.
  std::uint64_t const printed = checksum & ((std::uint64_t{1} << 52) - 1);
  state.counters["checksum"] = static_cast<double>(printed);
  auto const [first, inserted] = checksums_.emplace(row, printed);
  if (printed == 0 || first->second != printed) {
    failed_ = true;
    state.SkipWithError("the checksum differs from that of the row's first contestant");
  }
}

int program::run() {
  int count = static_cast<int>(arguments_.size());
  benchmark::Initialize(&count, arguments_.data());
  benchmark::AddCustomContext("compiler", compiler);
  benchmark::AddCustomContext("counted_rounds", std::to_string(counted_rounds));
  if (benchmark::ReportUnrecognizedArguments(count, arguments_.data())) return EXIT_FAILURE;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  if (failed_) std::fputs("perf: a contestant did other work than its row asks for\n", stderr);
  return failed_ ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace perf
