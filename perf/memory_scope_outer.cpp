// SPDX-License-Identifier: BSL-1.0
//
// What does an allocation through an outer scope cost while an inner scope is open?
// One round: two scopes are opened, 1000 requests of mixed size go to the outer one, both close.

#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>

#include "support/blocks.hpp"
#include "support/floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

constexpr char const* row = "frame_outer_scope";
using std_resource = std::pmr::memory_resource;

void add_ours(perf::program& program, perf::blocks& work, tidemark::frame_resource& frame) {
  auto const round = [&] {
    tidemark::memory_scope outer(frame);
    tidemark::memory_scope inner(frame);
    work.allocate(outer.resource());
  };
  // The blocks of the outer scope are read when the memory of the inner scope is in use again.
  auto const check = [&] {
    tidemark::memory_scope outer(frame);
    {
      tidemark::memory_scope inner(frame);
      static_cast<void>(frame.allocate(1));
      work.allocate(outer.resource());
      work.fill();
    }
    tidemark::memory_scope inner(frame);
    perf::blocks others;
    others.allocate(inner.resource());
    others.fill(1);
    return work.aligned() ? work.checksum() : 0;
  };
  program.add(row, "ours", work.count(), round, check);
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::blocks work;

  tidemark::frame_resource frame(perf::arena_bytes);
  add_ours(program, work, frame);

  perf::three<perf::bump_floor> floors;
  floors.each([&](auto& floor, auto copy) {
    perf::add_arena<std_resource>(program, row, std::string("floor") + copy, work, floor,
                                  [&floor] { floor.reset(); });
  });

  perf::warm_buffer buffer;
  std::pmr::monotonic_buffer_resource std_mono(buffer.bytes.data(), buffer.bytes.size());
  perf::add_arena<std_resource>(program, row, "std mono", work, std_mono,
                                [&] { std_mono.release(); });

  return program.run();
}
