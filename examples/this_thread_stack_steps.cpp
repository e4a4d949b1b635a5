// SPDX-License-Identifier: BSL-1.0

// Functions that call each other, each with a scope of its own: what runs one after another uses
// the same bytes, so the peak is the largest step and not their sum.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

struct outcome {
  double sum;
  void const* where;  // to compare, not to read: the array is gone
};

static outcome step1(std::size_t n) {
  stack_scope s;
  auto a = s.zeros<double>(n);
  std::ranges::fill(a, 1.0);
  return {std::accumulate(a.begin(), a.end(), 0.0), a.data()};
}  // its array falls back here
static outcome step2(std::size_t n) {
  stack_scope s;
  auto b = s.zeros<double>(n);
  std::ranges::fill(b, 2.0);
  return {std::accumulate(b.begin(), b.end(), 0.0), b.data()};
}

struct pipeline_run {
  double sum;
  void const *in_step1, *in_step2;
};

static pipeline_run pipeline(std::size_t n) {
  stack_scope s;
  auto const a = step1(n);
  auto const b = step2(n);
  auto c = s.acquire<double>(n);
  std::ranges::fill(c, a.sum + b.sum);
  return {std::accumulate(c.begin(), c.end(), 0.0), a.where, b.where};
}

int main() {
  constexpr std::size_t n = 1000;
  auto const first = pipeline(n);
  auto const warm = this_thread_stack().stats();
  auto const second = pipeline(n);
  auto const after = this_thread_stack().stats();

  auto const later_calls = after.upstream_calls - warm.upstream_calls;
  std::printf("peak %zu bytes, later upstream calls %zu\n", after.bytes_peak, later_calls);
  bool const same_bytes = second.in_step1 == second.in_step2 && second.in_step1 == first.in_step1;
  bool const peak_is_one_array = after.bytes_peak < 2 * n * sizeof(double);
  bool const right = second.sum == 3e6 && after.bytes_in_use == 0;
  return right && same_bytes && peak_is_one_array && later_calls == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
