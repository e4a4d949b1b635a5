// SPDX-License-Identifier: BSL-1.0

// Which element type takes the memory: the counts of a stack lane by lane, as text and as JSON.

#include <algorithm>
#include <complex>
#include <cstdlib>
#include <iostream>
#include <memory_resource>
#include <string>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;

struct particle {
  float x, y, speed;
};

int main() {
  typed_stack_resource stack{{.name = "simulation"}};
  memory_scope step{stack};
  auto field = step.zeros<std::complex<double>>(64, 64);
  auto alive = step.trues(1000);
  std::pmr::vector<int> hits{step};
  {
    memory_scope collisions{stack};
    auto particles = collisions.acquire<particle>(1000);
    for (std::size_t i = 0; i < particles.size(); ++i) particles[i] = {0, 0, i % 10 ? 1.0F : 0.0F};
    for (std::size_t i = 0; i < particles.size(); ++i) {
      if (particles[i].speed == 0) hits.push_back(static_cast<int>(i));
    }
  }
  auto const counts = stack.stats_by_lane();
  std::cout << counts << '\n' << to_json(counts) << '\n';

  auto const lane = [&](std::string_view part) {
    return *std::ranges::find_if(counts.lanes, [&](lane_stats const& each) {
      return each.element.find(part) != std::string_view::npos;
    });
  };
  bool const in_use = lane("complex").bytes_in_use == field.size_bytes() &&
                      lane("bits").bytes_in_use == alive.words().size_bytes() &&
                      lane("bytes").bytes_in_use >= hits.size() * sizeof(int);
  bool const fell_back =
      lane("particle").bytes_in_use == 0 && lane("particle").bytes_peak == 1000 * sizeof(particle);
  return in_use && fell_back && hits.size() == 100 ? EXIT_SUCCESS : EXIT_FAILURE;
}
