// SPDX-License-Identifier: BSL-1.0
//
// What do the allocations of a game's frame cost: many small objects, all dropped at its end?
// An operation is one allocation through `memory_resource*`, the constructor of an object that
// writes 8 bytes, and the block's share of what frees everything.
//
// Source: the workloads of the Rust crate framealloc (physics, particles, batch, frame), with
// arenas that are kept from frame to frame, room for every block and the same work for everybody.

#include <memory_resource>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/blocks.hpp"
#include "support/floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

using std_resource = std::pmr::memory_resource;

// Everybody in one row. A whole round fits into `arena_bytes`.
template <class Work>
class contest {
 public:
  contest(perf::program& program, std::string const& row, std::vector<perf::rows::request> requests,
          std::size_t arena_bytes = perf::arena_bytes)
      : program_(program),
        row_(row),
        work_(std::move(requests)),
        frame_(arena_bytes),
        floors_(arena_bytes),
        std_buffer_(arena_bytes),
        boost_buffer_(arena_bytes) {
    add_arena("ours", frame_, [this] { frame_.reset(); });
    add_arena("frame{}", lazy_, [this] { lazy_.reset(); });
    floors_.each([this](auto& floor, auto copy) {
      this->add_arena(std::string("floor") + copy, floor, [&floor] { floor.reset(); });
    });
    add_arena("std mono", std_mono_, [this] { std_mono_.release(); });
    add_arena("Boost mono", boost_mono_, [this] { boost_mono_.boost_resource().release(); });
    add_heap("new/delete", new_delete_);
    add_heap("mimalloc", *tidemark::mimalloc_resource());
    add_heap("std unsync", std_pool_);
    add_heap("Boost unsync", boost_pool_);
  }

  /// Boost.Pool, for rows whose blocks have one size.
  void add_boost_blocks() { add_heap("Boost.Pool", boost_blocks_); }

 private:
  template <class Reset>
  void add_arena(std::string const& name, std_resource& resource, Reset reset) {
    perf::add_arena(program_, row_, name, work_, resource, reset);
  }
  void add_heap(std::string const& name, std_resource& resource) {
    perf::add_heap(program_, row_, name, work_, resource);
  }

  perf::program& program_;
  std::string row_;
  Work work_;
  tidemark::frame_resource frame_;
  tidemark::frame_resource lazy_;  // as a user writes it who names no size
  perf::three<perf::bump_floor> floors_;
  perf::warm_buffer std_buffer_;
  perf::warm_buffer boost_buffer_;
  std::pmr::monotonic_buffer_resource std_mono_{std_buffer_.bytes.data(), std_buffer_.bytes.size()};
  perf::boost_monotonic boost_mono_{boost_buffer_.bytes.data(), boost_buffer_.bytes.size()};
  perf::plain_new_delete new_delete_;
  std::pmr::unsynchronized_pool_resource std_pool_;
  perf::boost_pool boost_pool_;
  perf::boost_blocks boost_blocks_{work_.largest_bytes()};
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  namespace rows = perf::rows;

  // One allocation and nothing else: what the instructions of a virtual `allocate` are counted of.
  contest<perf::blocks> allocate(program, "frame_allocate", rows::uniform(1000, 24));
  allocate.add_boost_blocks();

  contest<perf::objects> physics(program, "frame_physics", rows::physics());
  contest<perf::objects> particles(program, "frame_particles", rows::particles(),
                                   std::size_t{4} << 20);
  particles.add_boost_blocks();

  auto const batch = [&program](std::size_t count) {
    return contest<perf::objects>(program, "frame_batch_" + std::to_string(count),
                                  rows::uniform(count, rows::batch_bytes));
  };
  contest<perf::objects> batches[] = {batch(rows::batch_counts[0]), batch(rows::batch_counts[1]),
                                      batch(rows::batch_counts[2])};
  for (auto& each : batches) each.add_boost_blocks();

  return program.run();
}
