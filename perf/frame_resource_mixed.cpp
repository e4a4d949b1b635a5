// SPDX-License-Identifier: BSL-1.0
//
// What does an allocation of mixed size cost through `memory_resource*`?
// One round: 1000 requests, then everything is released.

#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/blocks.hpp"
#include "support/floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

constexpr char const* row = "frame_mixed";
using std_resource = std::pmr::memory_resource;
using boost_resource = boost::container::pmr::memory_resource;

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::blocks work;

  tidemark::frame_resource frame(perf::arena_bytes);
  perf::add_arena<std_resource>(program, row, "ours", work, frame, [&] { frame.reset(); });
  tidemark::frame_resource lazy;  // as a user writes it who names no size
  perf::add_arena<std_resource>(program, row, "frame{}", work, lazy, [&] { lazy.reset(); });

  perf::three<perf::bump_floor> floors;
  floors.each([&](auto& floor, auto copy) {
    perf::add_arena<std_resource>(program, row, std::string("floor") + copy, work, floor,
                                  [&floor] { floor.reset(); });
  });

  perf::add_heap(program, row, "new/delete", work, *std::pmr::new_delete_resource());
  perf::add_heap(program, row, "mimalloc", work, *tidemark::mimalloc_resource());

  perf::warm_buffer a;
  std::pmr::monotonic_buffer_resource std_mono(a.bytes.data(), a.bytes.size());
  perf::add_arena<std_resource>(program, row, "std mono", work, std_mono,
                                [&] { std_mono.release(); });
  std::pmr::unsynchronized_pool_resource std_pool;
  perf::add_heap<std_resource>(program, row, "std unsync", work, std_pool, perf::alignment::loose);

  perf::warm_buffer b;
  boost::container::pmr::monotonic_buffer_resource boost_mono(b.bytes.data(), b.bytes.size());
  perf::add_arena<boost_resource>(program, row, "Boost mono", work, boost_mono,
                                  [&] { boost_mono.release(); });
  boost::container::pmr::unsynchronized_pool_resource boost_pool;
  perf::add_heap<boost_resource>(program, row, "Boost unsync", work, boost_pool);

  return program.run();
}
