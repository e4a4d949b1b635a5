// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to open and close a mark of a typed stack that nothing is taken under?
// The floor is one allocation of 64 bytes by an unchecked bump behind a virtual call.

#include <memory_resource>
#include <tidemark/memory_scope.hpp>
#include <tidemark/this_thread_stack.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/floor.hpp"
#include "support/marks.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  tidemark::typed_stack_resource stack;
  static_cast<void>(stack.allocate(perf::marked_block_bytes, perf::marked_block_alignment));
  perf::three<perf::bump_floor> floors;
  perf::warm_buffer buffer;

  auto const in_scope = [&stack](auto body) {
    tidemark::stack_scope scope(stack);
    body(scope);
  };
  std::string const scope_row = "stack_empty_scope";
  perf::add_mark(program, scope_row, "ours", in_scope);
  perf::add_mark_floors(program, scope_row, floors);
  perf::add_mark(program, scope_row, "nameless", [](auto body) {
    tidemark::stack_scope scope;
    body(scope);
  });
  // What a program does that has no marks: a resource of its own over a buffer.
  perf::add_mark(program, scope_row, "std mono", [&buffer](auto body) {
    std::pmr::monotonic_buffer_resource own(buffer.bytes.data(), buffer.bytes.size());
    body(own);
  });

  std::string const mark_row = "stack_checkpoint_rewind";
  perf::add_mark(program, mark_row, "ours", [&stack](auto body) {
    tidemark::marker const mark = stack.checkpoint();
    body(stack);
    stack.rewind(mark);
  });
  perf::add_mark_floors(program, mark_row, floors);

  std::string const typed_row = "stack_typed_checkpoint";
  perf::add_mark(program, typed_row, "ours", [&stack](auto body) {
    tidemark::marker const mark = stack.checkpoint<double>();
    body(stack);
    stack.rewind(mark);
  });
  perf::add_mark(program, typed_row, "empty scope", in_scope);

  return program.run();
}
