// SPDX-License-Identifier: BSL-1.0

// Inner functions ask for the thread's stack themselves. They open no scope and give nothing back:
// all that they take falls back at the brace of the function at the top.

#include <cstdlib>
#include <numeric>
#include <span>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;

static void compute_step(std::span<double const> data, double& sum) {
  auto temp = this_thread_stack().similar(data);
  for (std::size_t i = 0; i < data.size(); ++i) temp[i] = 2 * data[i];
  sum = std::accumulate(temp.begin(), temp.end(), sum);
}  // temp stays

static void process_chunk(std::span<double const> chunk, double& sum) {
  auto buffer = this_thread_stack().zeros<double>(chunk.size());
  for (std::size_t i = 0; i < chunk.size(); ++i) buffer[i] += chunk[i];
  compute_step(buffer, sum);
  sum = std::accumulate(buffer.begin(), buffer.end(), sum);
}  // buffer stays

struct result {
  double sum;
  std::size_t bytes_at_end;
};

static result main_pipeline(std::vector<double> const& data) {
  stack_scope s;
  double sum = 0;
  std::span<double const> const all{data};
  for (std::size_t i = 0; i < all.size(); i += 50) process_chunk(all.subspan(i, 50), sum);
  return {sum, this_thread_stack().stats().bytes_in_use};
}

int main() {
  std::vector<double> data(500);
  std::iota(data.begin(), data.end(), 1.0);
  auto const first = main_pipeline(data);
  auto const warm = this_thread_stack().stats();
  auto const second = main_pipeline(data);
  auto const after = this_thread_stack().stats();

  bool const right = first.sum == 3 * 125250.0 && second.sum == first.sum;
  // Each number once as buffer and once as temp.
  bool const all_stayed = second.bytes_at_end >= 2 * data.size() * sizeof(double);
  bool const all_fell_back = after.bytes_in_use == 0 && after.bytes_peak == warm.bytes_peak;
  bool const steady = after.upstream_calls == warm.upstream_calls;
  return right && all_stayed && all_fell_back && steady ? EXIT_SUCCESS : EXIT_FAILURE;
}
