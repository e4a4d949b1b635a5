// SPDX-License-Identifier: BSL-1.0

// Marks by hand, for code that has a try and a catch already: a trial that fails is rewound, one
// that succeeds is kept if it is better than the best so far.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

// The residual of x^3 = 10 after so many Newton steps from `start`, and the way there.
struct trial {
  std::span<double> steps;
  double residual;
};

static trial solve(typed_stack_resource& stack, double start) {
  auto steps = stack.acquire<double>(8);
  auto slopes = stack.acquire<float>(steps.size());  // scratch, in a lane of its own
  double x = start;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    slopes[i] = static_cast<float>(3 * x * x);
    if (slopes[i] == 0) throw std::domain_error("a flat place");
    steps[i] = x -= (x * x * x - 10) / static_cast<double>(slopes[i]);
  }
  return {steps, std::abs(x * x * x - 10)};
}

int main() {
  typed_stack_resource stack{{.name = "trials"}};
  trial best{{}, HUGE_VAL};
  std::size_t kept = 0, rewound = 0;
  for (double start : {100.0, 0.0, 3.0, 50.0}) {
    marker const mark = stack.checkpoint<double, float>();  // both lanes saved at once
    bool is_better = false;
    try {
      trial const now = solve(stack, start);
      is_better = now.residual < best.residual;
      if (is_better) best = now;
    } catch (std::domain_error const&) {
      // its arrays go like those of a trial that is no better
    }
    if (is_better) {
      stack.keep(mark);  // its arrays pass to what encloses it, here the stack itself
      ++kept;
    } else {
      stack.rewind(mark);
      ++rewound;
    }
  }
  bool const right = best.residual < 1e-6 && best.steps[7] == *std::ranges::min_element(best.steps);
  bool const held = kept == 2 && rewound == 2 && stack.stats().bytes_in_use >= kept * 8 * 12;
  stack.reset();
  return right && held && stack.stats().bytes_in_use == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
