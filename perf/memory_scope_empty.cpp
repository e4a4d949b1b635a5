// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to open and close a mark that nothing is allocated under?
// The floor is one allocation of 64 bytes by an unchecked bump behind a virtual call.

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>

#include "support/floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

constexpr std::uint32_t marks_per_round = 1000;
constexpr std::size_t block_bytes = 64;
constexpr std::size_t block_alignment = 8;

// `mark(f)` opens a mark, calls f with what allocates under it, and closes it. The checksum tells
// whether it gave the memory back: the next block lies where the former lay.
template <class Mark>
void add(perf::program& program, std::string const& row, std::string const& name, Mark mark) {
  auto const round = [mark] {
    for (std::uint32_t i = 0; i < marks_per_round; ++i) {
      mark([](auto& resource) { perf::escape(&resource); });
    }
  };
  auto const check = [mark] {
    std::uint64_t sum = 1;
    void const* former = nullptr;
    for (std::uint32_t i = 0; i < marks_per_round; ++i) {
      mark([&](auto& resource) {
        void* const block = resource.allocate(block_bytes, block_alignment);
        std::memcpy(block, &i, sizeof i);
        sum = sum * 31 + (former == nullptr || former == block ? i : 0);
        former = block;
      });
    }
    return sum;
  };
  program.add(row, name, marks_per_round, round, check);
}

void add_floors(perf::program& program, std::string const& row,
                perf::three<perf::bump_floor>& floors) {
  floors.each([&](auto& floor, auto copy) {
    auto const round = [&floor] {
      auto* const any = perf::launder<std::pmr::memory_resource>(&floor);
      for (std::uint32_t i = 0; i < marks_per_round; ++i) {
        perf::escape(any->allocate(block_bytes, block_alignment));
      }
      floor.reset();
    };
    auto const check = [&floor] {
      std::uint64_t sum = 1;
      for (std::uint32_t i = 0; i < marks_per_round; ++i) {
        std::memcpy(floor.allocate(block_bytes, block_alignment), &i, sizeof i);
        sum = sum * 31 + i;
        floor.reset();
      }
      return sum;
    };
    program.add(row, std::string("floor") + copy, marks_per_round, round, check);
  });
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  tidemark::frame_resource frame(perf::arena_bytes);
  static_cast<void>(frame.allocate(block_bytes, block_alignment));
  perf::three<perf::bump_floor> floors;
  perf::warm_buffer buffer;

  std::string const scope_row = "frame_empty_scope";
  add(program, scope_row, "ours", [&frame](auto body) {
    tidemark::memory_scope scope(frame);
    body(scope);
  });
  add_floors(program, scope_row, floors);
  // What a program does that has no marks: a resource of its own over a buffer.
  add(program, scope_row, "std mono", [&buffer](auto body) {
    std::pmr::monotonic_buffer_resource own(buffer.bytes.data(), buffer.bytes.size());
    body(own);
  });

  std::string const mark_row = "frame_checkpoint_rewind";
  add(program, mark_row, "ours", [&frame](auto body) {
    tidemark::marker const mark = frame.checkpoint();
    body(frame);
    frame.rewind(mark);
  });
  add_floors(program, mark_row, floors);

  return program.run();
}
