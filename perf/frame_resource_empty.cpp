// SPDX-License-Identifier: BSL-1.0
//
// What does a frame cost in which nothing is allocated?
// An operation is what ends it: the call that frees everything.

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <tidemark/frame_resource.hpp>

#include "support/floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

constexpr std::uint32_t frames_per_round = 1000;
constexpr std::size_t block_bytes = 64;
constexpr std::size_t block_alignment = 8;

// The checksum tells whether `reset` gave the memory back: the next frame's block lies where the
// former one's lay.
template <class Resource, class Reset>
void add(perf::program& program, std::string const& name, Resource& resource, Reset reset) {
  auto const round = [&resource, reset] {
    for (std::uint32_t i = 0; i < frames_per_round; ++i) {
      perf::escape(&resource);  // the compiler cannot tell that nothing was allocated
      reset();
    }
  };
  auto const check = [&resource, reset] {
    std::uint64_t sum = 1;
    void const* former = nullptr;
    for (std::uint32_t i = 0; i < frames_per_round; ++i) {
      void* const block = resource.allocate(block_bytes, block_alignment);
      std::memcpy(block, &i, sizeof i);
      sum = sum * 31 + (former == nullptr || former == block ? i : 0);
      former = block;
      reset();
    }
    return sum;
  };
  program.add("frame_empty", name, frames_per_round, round, check);
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);

  tidemark::frame_resource frame(perf::arena_bytes);
  static_cast<void>(frame.allocate(block_bytes, block_alignment));
  add(program, "ours", frame, [&frame] { frame.reset(); });

  perf::three<perf::bump_floor> floors;
  floors.each([&](auto& floor, auto copy) {
    add(program, std::string("floor") + copy, floor, [&floor] { floor.reset(); });
  });

  perf::warm_buffer a;
  std::pmr::monotonic_buffer_resource std_mono(a.bytes.data(), a.bytes.size());
  add(program, "std mono", std_mono, [&std_mono] { std_mono.release(); });
  perf::warm_buffer b;
  boost::container::pmr::monotonic_buffer_resource boost_mono(b.bytes.data(), b.bytes.size());
  add(program, "Boost mono", boost_mono, [&boost_mono] { boost_mono.release(); });

  return program.run();
}
