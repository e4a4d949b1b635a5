// SPDX-License-Identifier: BSL-1.0

// A frame loop: what a frame makes is destroyed with it, what outlives it lies in an outer scope.

#include <cstdlib>
#include <memory_resource>
#include <string>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;
using namespace tidemark::literals;

struct particle {
  float x, y, speed;
};
struct sound {  // owns something besides memory
  explicit sound(int& count) : playing(count) { ++playing; }
  ~sound() { --playing; }
  sound(sound const&) = delete;
  sound& operator=(sound const&) = delete;
  int& playing;
};

int main() {
  frame_resource arena{{.name = "frames", .initial_bytes = 256_KiB}};
  memory_scope level{arena};
  std::pmr::vector<std::pmr::string> log{level};
  int playing = 0;
  for (int n = 0; n < 60; ++n) {
    memory_scope frame{arena};
    std::pmr::vector<particle> particles(1000, particle{0, 0, 1}, frame);
    (void)frame.make<sound>(playing);
    if (n % 10 == 0) log.emplace_back("frame " + std::to_string(n) + " had a thousand particles");
  }
  bool const right = playing == 0 && log.size() == 6 && log[5].starts_with("frame 50");
  return right && arena.depth() == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
