// SPDX-License-Identifier: BSL-1.0
//
// A program that must fail: its second contestant loses one block.

#include "blocks.hpp"
#include "floor.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::blocks work;
  perf::bump_floor<1> floor;
  auto const reset = [&floor] { floor.reset(); };
  perf::add_arena<std::pmr::memory_resource>(program, "row", "honest", work, floor, reset);

  auto const round = [&work, &floor] {
    work.allocate(&floor);
    floor.reset();
  };
  auto const check = [&work, &floor] {
    work.allocate(&floor);
    work.fill();
    floor.reset();
    *static_cast<char*>(floor.allocate(1, 1)) = '!';  // over the first block
    return work.checksum();
  };
  program.add("row", "overwrites", work.count(), round, check);
  return program.run();
}
