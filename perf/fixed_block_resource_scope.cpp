// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to open and close a mark of a pool of blocks that nothing is allocated under?
// The floor is one allocation of 64 bytes by an unchecked bump behind a virtual call.

#include <tidemark/fixed_block_resource.hpp>

#include "support/floor.hpp"
#include "support/marks.hpp"
#include "support/program.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  tidemark::fixed_block_resource pool({.block_bytes = perf::marked_block_bytes});
  perf::three<perf::bump_floor> floors;
  // A block stays alive, so that no rewind leaves the pool empty.
  static_cast<void>(pool.allocate(perf::marked_block_bytes, perf::marked_block_alignment));
  perf::add_block_pool_marks(program, "fixed", pool, floors);
  return program.run();
}
