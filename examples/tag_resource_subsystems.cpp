// SPDX-License-Identifier: BSL-1.0

// Which part of a game holds how much: each has a tag, all share one frame. A part that calls
// another one opens a tagged scope for it, which takes its memory away again at the brace.

#include <cstdlib>
#include <iostream>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <vector>

struct contact {
  int first, second;
};
struct draw_call {
  float depth;
  int mesh;
};

struct tags {
  tidemark::tag game{"game"};
  tidemark::tag physics{"physics", &game};
  tidemark::tag broadphase{"broadphase", &physics};
  tidemark::tag rendering{"rendering", &game};
};

// Tag, mark and memory in one place: the adaptor lasts as long as the scope.
int count_pairs(tidemark::frame_resource& frame, tags& all) {
  tidemark::tag_resource memory{&frame, all.broadphase};
  tidemark::memory_scope scope{memory};
  std::pmr::vector<contact> pairs{scope};
  for (int i = 0; i < 64; ++i) pairs.push_back({i, i + 1});
  return static_cast<int>(pairs.size());
}

int main() {
  tidemark::frame_resource frame;
  tags all;
  bool right = true;
  for (int i = 0; i < 3; ++i) {
    tidemark::memory_scope whole_frame{frame};
    tidemark::tag_resource for_physics{&frame, all.physics};
    tidemark::tag_resource for_rendering{&frame, all.rendering};

    std::pmr::vector<contact> contacts(static_cast<std::size_t>(count_pairs(frame, all)),
                                       &for_physics);
    std::pmr::vector<draw_call> draw_calls(100, &for_rendering);
    if (i == 2) std::cout << all.game;
    right = right && all.physics.stats().bytes == 64 * sizeof(contact) &&
            all.broadphase.stats().bytes == 0 &&
            all.game.stats().total_bytes == 64 * sizeof(contact) + 100 * sizeof(draw_call);
  }
  right = right && all.game.stats().total_blocks == 0 && all.broadphase.stats().bytes_peak != 0;
  std::cout << to_json(all.game.stats()) << '\n';
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
