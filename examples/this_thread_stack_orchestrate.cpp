// SPDX-License-Identifier: BSL-1.0

// A scope without a use of its own: it frees what the functions that it calls take and leave.

#include <cstdlib>
#include <numeric>
#include <span>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

static double sum(std::span<double const> v) { return std::accumulate(v.begin(), v.end(), 0.0); }

static double step1() {
  stack_scope s;
  return sum(s.ones<double>(100));
}
static double step2() {
  stack_scope s;
  return sum(s.ones<double>(200));
}
static double without_scope() { return sum(this_thread_stack().ones<double>(300)); }

static double orchestrate() {
  stack_scope s;
  return step1() + step2() + without_scope();
}

int main() {
  double const first = orchestrate();
  auto const warm = this_thread_stack().stats();
  double total = first;
  for (int i = 0; i < 1000; ++i) total += orchestrate();
  auto const after = this_thread_stack().stats();
  bool const right = first == 600 && total == 1001 * 600.0;
  bool const steady = after.bytes_in_use == 0 && after.depth == 0 &&
                      after.bytes_peak == warm.bytes_peak &&
                      after.upstream_calls == warm.upstream_calls;
  return right && steady ? EXIT_SUCCESS : EXIT_FAILURE;
}
