// SPDX-License-Identifier: BSL-1.0

// Each system of a game may hold so much of one frame and no more. What a frame has taken is
// refunded when it falls back, so a budget bounds a frame, not the sum of all. A system that asks
// for too much learns it at once, and the others have their share all the same.

#include <cstdlib>
#include <iostream>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <vector>

using namespace tidemark::literals;

struct systems {
  tidemark::budget game{"game", {.hard_bytes = 1_MiB}};
  tidemark::budget physics{"physics", 200_KiB, 256_KiB, &game};
  tidemark::budget particles{"particles", {.hard_bytes = 128_KiB}, &game};
};

// As many particles as there is memory for: whoever got some keeps them.
std::size_t spawn(std::size_t wanted, std::pmr::vector<float>& particles) {
  try {
    particles.reserve(wanted);
    particles.resize(wanted);
  } catch (tidemark::budget_exceeded const& refused) {
    particles.resize(refused.available_bytes / sizeof(float));
  }
  return particles.size();
}

int main() {
  tidemark::frame_resource frame;
  systems all;
  std::size_t spawned = 0;
  for (int i = 0; i < 1000; ++i) {
    tidemark::budget_resource for_physics{&frame, all.physics};
    tidemark::budget_resource for_particles{&frame, all.particles};
    tidemark::memory_scope whole_frame{frame};

    std::pmr::vector<char> contacts(64_KiB, &for_physics);
    std::pmr::vector<float> particles{&for_particles};
    spawned += spawn(i % 100 == 0 ? 100'000 : 1'000, particles);
    if (i == 999) std::cout << all.game;
  }
  std::cout << to_json(all.particles.stats()) << '\n';
  bool const right = spawned == 990 * 1'000 + 10 * 128_KiB / sizeof(float) &&
                     all.particles.stats().refusals == 10 && all.physics.stats().refusals == 0 &&
                     all.game.bytes() == 0 && all.game.stats().bytes_peak == 192_KiB;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
