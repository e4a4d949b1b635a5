// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to open and close a mark of a frame that nothing is allocated under?
// The floor is one allocation of 64 bytes by an unchecked bump behind a virtual call.

#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>

#include "support/floor.hpp"
#include "support/marks.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  tidemark::frame_resource frame(perf::arena_bytes);
  static_cast<void>(frame.allocate(perf::marked_block_bytes, perf::marked_block_alignment));
  perf::three<perf::bump_floor> floors;
  perf::warm_buffer buffer;

  std::string const scope_row = "frame_empty_scope";
  perf::add_mark(program, scope_row, "ours", [&frame](auto body) {
    tidemark::memory_scope scope(frame);
    body(scope);
  });
  perf::add_mark_floors(program, scope_row, floors);
  // What a program does that has no marks: a resource of its own over a buffer.
  perf::add_mark(program, scope_row, "std mono", [&buffer](auto body) {
    std::pmr::monotonic_buffer_resource own(buffer.bytes.data(), buffer.bytes.size());
    body(own);
  });

  std::string const mark_row = "frame_checkpoint_rewind";
  perf::add_mark(program, mark_row, "ours", [&frame](auto body) {
    tidemark::marker const mark = frame.checkpoint();
    body(frame);
    frame.rewind(mark);
  });
  perf::add_mark_floors(program, mark_row, floors);

  return program.run();
}
