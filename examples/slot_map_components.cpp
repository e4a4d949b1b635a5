// SPDX-License-Identifier: BSL-1.0

// Components of a game's entities, one slot map for each kind. An entity is two handles; a missile
// remembers its target by handle, and notices that it is gone, though its slot is in use again.

#include <cstdlib>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;

struct transform {
  double x = 0, y = 0;
};
struct velocity {
  double x = 0, y = 0;
  slot_handle<transform> moves;
};
struct entity {
  slot_handle<transform> place;
  slot_handle<velocity> motion;
};

struct world {
  explicit world(std::pmr::memory_resource* from) : transforms(from), velocities(from) {}

  entity spawn(transform at, double vx, double vy) {
    auto const place = transforms.insert(at);
    return {place, velocities.insert({vx, vy, place})};
  }
  void despawn(entity gone) { velocities.erase(gone.motion), transforms.erase(gone.place); }
  // Over all of one kind, in the order of memory.
  void step(double seconds) {
    for (auto const& each : velocities) {
      transform& moved = transforms.at(each.moves);
      moved.x += each.x * seconds;
      moved.y += each.y * seconds;
    }
  }

  slot_map<transform> transforms;
  slot_map<velocity> velocities;
};

int main() {
  thread_local_resource pool{{.name = "components"}};
  world game{&pool};
  std::vector<entity> ships;
  for (int i = 0; i < 1000; ++i) ships.push_back(game.spawn({i * 1.0, 0}, 0, 2));
  auto const target = ships[500].place;
  transform const* const third = game.transforms.find(ships[3].place);
  game.step(0.5);
  game.despawn(ships[500]);
  auto const newcomer = game.spawn({-1, -1}, 0, 0);  // in the slot of the target
  bool const right = third->y == 1 && newcomer.place.index == target.index &&
                     game.transforms.find(target) == nullptr && game.transforms.size() == 1000;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
