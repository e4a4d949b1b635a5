// SPDX-License-Identifier: BSL-1.0

// The stack as an argument: one scope at the top, and functions that take memory without one.

#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <numeric>
#include <span>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;

// The sum goes to an accumulator, a number of its own. Adding to `buffer[0]` of the caller would
// look the same for chunks of one element, and change what the caller sums up for all others.
static void compute_step(typed_stack_resource& stack, std::span<double const> data, double& sum) {
  auto twice = stack.similar(data);
  for (std::size_t i = 0; i < data.size(); ++i) twice[i] = 2 * data[i];
  sum = std::accumulate(twice.begin(), twice.end(), sum);
}

static void process_chunk(typed_stack_resource& stack, std::span<double const> chunk, double& sum) {
  auto buffer = stack.zeros<double>(chunk.size());
  for (std::size_t i = 0; i < chunk.size(); ++i) buffer[i] += chunk[i];
  compute_step(stack, buffer, sum);
  sum = std::accumulate(buffer.begin(), buffer.end(), sum);
}

// Code that knows the standard's resources only: of a bare stack they mean the same scope.
static double mean(std::pmr::memory_resource* memory, std::span<double const> chunk) {
  std::pmr::vector<double> copy(chunk.begin(), chunk.end(), memory);
  return std::accumulate(copy.begin(), copy.end(), 0.0) / static_cast<double>(copy.size());
}

static double main_computation(typed_stack_resource& stack, std::vector<double> const& data) {
  memory_scope whole{stack};  // the only scope: everything falls back at its brace
  double sum = 0;
  std::span<double const> const all{data};
  for (std::size_t i = 0; i < all.size(); i += 100) process_chunk(stack, all.subspan(i, 100), sum);
  return sum + mean(&stack, all);
}

int main() {
  std::vector<double> data(1000);
  std::iota(data.begin(), data.end(), 1.0);
  double const expected = 3 * 500500.0 + 500.5;
  for (bool const pooled : {true, false}) {  // false: each array is a block of upstream's own
    typed_stack_resource stack{{.name = "argument", .pooled = pooled}};
    double const first = main_computation(stack, data);
    auto const warm = stack.stats().upstream_calls;
    double const second = main_computation(stack, data);
    auto const later = stack.stats().upstream_calls - warm;
    std::printf("pooled %d: %zu upstream calls in the second run\n", pooled, later);
    bool const right = first == expected && second == expected && stack.stats().bytes_in_use == 0;
    if (!right || (pooled ? later != 0 : later < 20)) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
