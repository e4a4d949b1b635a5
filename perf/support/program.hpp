// SPDX-License-Identifier: BSL-1.0
#pragma once

// One performance program: its contestants, their checksums and its command line.
//
// Use it from `main`: add every contestant of every row, then return `run()`. Beside Google
// Benchmark's own options a program takes `--smoke` (two rounds: does it run, do the checksums
// agree) and `--count` (for callgrind with `--collect-atstart=no`: it collects nothing but
// `counted_rounds` warm rounds).
//
// Thread rule: main thread.
//
// Invariants:
//  1. Every contestant of a row ends with the same checksum, or the program fails.
//  2. Nothing but `round` is on the clock, or counted.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace perf {

/// Makes the compiler believe that `pointer` is read elsewhere. By value: Google Benchmark's form
/// for lvalues sends them through memory.
inline void escape(void const* pointer) {
  void const* const escaped = pointer;
  benchmark::DoNotOptimize(escaped);
}

/// Returns: `pointer`, of which the compiler no longer knows where it came from.
template <class T>
T* launder(T* pointer) {
  asm volatile("" : "+r"(pointer));
  return pointer;
}

inline constexpr int rounds_before_counting = 3;  // until every chunk and every page is there
inline constexpr int counted_rounds = 10;
inline constexpr double seconds_of_prepared = 0.004;  // on the clock; several times that off it

class program {
 public:
  program(int argc, char** argv);
  program(program const&) = delete;
  program& operator=(program const&) = delete;

  /// `round()` does `operations` times what the bar speaks of. `check()` does the same work, looks
  /// at the contents of every block and returns their checksum, which is not 0.
  template <class Round, class Check>
  void add(std::string const& row, std::string const& contestant, std::size_t operations,
           Round round, Check check) {
    add(row, contestant, operations, round, check, [] { return 0.0; });
  }

  /// `bytes_per_byte()`: bytes that the resource reserved for each byte that the user asked for.
  template <class Round, class Check, class BytesPerByte>
  void add(std::string const& row, std::string const& contestant, std::size_t operations,
           Round round, Check check, BytesPerByte bytes_per_byte) {
    configure(row, contestant, [=, this](benchmark::State& state) mutable {
      if (counts_) {
        for (auto _ : state) count(round);
      } else {
        for (auto _ : state) round();
      }
      if (double const ratio = bytes_per_byte(); ratio != 0) {
        state.counters["bytes_per_byte"] = ratio;
      }
      finish(state, row, operations, check());
    });
  }

  /// For a round of two threads: one may sleep, so the clock is that on the wall.
  template <class Round, class Check>
  void add_of_two(std::string const& row, std::string const& contestant, std::size_t operations,
                  Round round, Check check) {
    auto const timed = [=, this](benchmark::State& state) mutable {
      for (auto _ : state) round();
      finish(state, row, operations, check());
    };
    configure(row, contestant, timed)->UseRealTime();
  }

  /// For a round that uses up what it works on: `prepare()` goes before each, neither on the clock
  /// nor counted. The slowest tenth of the rounds is left out, as a round is so short that one
  /// interrupt outweighs a thousand.
  template <class Prepare, class Round, class Check>
  void add_prepared(std::string const& row, std::string const& contestant, std::size_t operations,
                    Prepare prepare, Round round, Check check) {
    auto const timed = [=, this](benchmark::State& state) mutable {
      double const empty_seconds = seconds_of_nothing();
      std::vector<double> seconds;
      for (auto _ : state) {
        if (counts_) {
          count_prepared(prepare, round);
          continue;
        }
        prepare();
        seconds.push_back(std::max(0.0, seconds_of(round) - empty_seconds));
        state.SetIterationTime(seconds.back());
      }
      if (!counts_) state.counters["round_seconds"] = mean_without_slowest(seconds);
      finish(state, row, operations, check());
    };
    auto* const registered = configure(row, contestant, timed)->UseManualTime();
    if (iterations_ == 0) registered->MinTime(seconds_of_prepared);
  }

  /// Returns: the exit code: 0 if every contestant ran and every checksum agreed.
  int run();

 private:
  template <class Round>
  [[gnu::noinline]] static void count(Round& round) {
    for (int i = 0; i < rounds_before_counting; ++i) round();
    toggle_counting();
    for (int i = 0; i < counted_rounds; ++i) round();
    toggle_counting();
  }
  template <class Work>
  static double seconds_of(Work& work) {
    auto const start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  static double seconds_of_nothing();  // what reading the clock adds
  static double mean_without_slowest(std::vector<double>& seconds);
  template <class Prepare, class Round>
  [[gnu::noinline]] static void count_prepared(Prepare& prepare, Round& round) {
    for (int i = 0; i < rounds_before_counting + counted_rounds; ++i) {
      prepare();
      if (i >= rounds_before_counting) toggle_counting();
      round();
      if (i >= rounds_before_counting) toggle_counting();
    }
  }
  static void toggle_counting();
  template <class Timed>
  benchmark::internal::Benchmark* configure(std::string const& row, std::string const& contestant,
                                            Timed timed) const {
    auto* const registered =
        benchmark::RegisterBenchmark((row + "/" + contestant).c_str(), std::move(timed));
    return iterations_ > 0 ? registered->Iterations(iterations_) : registered;
  }
  void finish(benchmark::State& state, std::string const& row, std::size_t operations,
              std::uint64_t checksum);

  std::map<std::string, std::uint64_t> checksums_;  // of each row, from its first contestant
  std::vector<char*> arguments_;                    // those for Google Benchmark
  benchmark::IterationCount iterations_ = 0;        // 0: Google Benchmark decides
  bool counts_ = false;
  bool failed_ = false;
};

}  // namespace perf
