// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to give idle memory back now and then, in a program whose needs differ from
// step to step? The checksum says that it changes no result.
// An operation is one of 4000 steps: 1 to 5 arrays and a nested scope; every 11th takes 200 000
// doubles, of which each cache line is written.

#include <bit>
#include <cstdint>
#include <random>

#include "support/array_memory.hpp"
#include "support/program.hpp"

namespace {

constexpr std::size_t step_count = 4000;
constexpr std::size_t steps_between_large = 11;
constexpr std::size_t steps_between_trims = 97;
constexpr std::size_t large_count = 200'000;
constexpr std::size_t line_count = 64 / sizeof(double);  // doubles of a cache line

template <class Scope>
double use(Scope& scope, std::size_t count, std::size_t stride, double value) {
  auto* const array = scope.template take<double>(count);
  for (std::size_t i = 0; i < count; i += stride) array[i] = value + static_cast<double>(i);
  perf::escape(array);
  double sum = 0;
  for (std::size_t i = 0; i < count; i += stride) sum += array[i];
  return sum;
}

template <class Memory>
double step(Memory& memory, std::size_t number, std::mt19937& random) {
  typename Memory::template scope<double> scope(memory);
  auto const value = static_cast<double>(number);
  double sum = number % steps_between_large == 0 ? use(scope, large_count, line_count, value) : 0;
  auto const width = 1 + random() % 5;
  for (std::size_t i = 0; i < width; ++i) sum += use(scope, 1 + random() % 200, 1, value);
  typename Memory::template scope<double> inner(memory);
  return sum + use(inner, 1 + random() % 200, 1, sum);
}

// `after(number)` is called after each step.
template <class Memory, class After>
std::uint64_t steps(Memory& memory, After after) {
  std::mt19937 random(2024);
  double sum = 1;
  for (std::size_t number = 0; number < step_count; ++number) {
    sum += step(memory, number, random);
    after(number);
  }
  return std::bit_cast<std::uint64_t>(sum);
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::array_memories memories;
  memories.add(program, "stack_steps", step_count,
               [](auto& memory) { return steps(memory, [](std::size_t) {}); });
  perf::stack_memory trimmed;
  auto const with_trims = [](perf::stack_memory& memory) {
    return steps(memory, [&memory](std::size_t number) {
      if (number % steps_between_trims == 0) memory.stack.request_trim();
    });
  };
  perf::add_workload(program, "stack_steps", "trimmed", trimmed, step_count, with_trims);
  return program.run();
}
