// SPDX-License-Identifier: BSL-1.0
//
// How much memory do vectors cost that grow by push_back, one after another, and are all kept?
// The figure is bytes held from upstream for each byte of capacity.

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <vector>

#include "support/peers.hpp"
#include "support/program.hpp"
#include "support/rows.hpp"

namespace {

struct usage {
  std::size_t bytes_held = 0;      // the most that any round needed
  std::size_t bytes_capacity = 0;  // sum over the vectors of the last round
};

template <class Reset>
void add(perf::program& program, std::size_t vector_count, std::string const& name,
         std::pmr::memory_resource& from, perf::counting_upstream const& upstream, usage& used,
         Reset reset) {
  auto const grow = [&from, &upstream, &used, vector_count] {
    std::vector<std::pmr::vector<int>> kept;
    kept.reserve(vector_count);
    used.bytes_capacity = 0;
    for (std::size_t i = 0; i < vector_count; ++i) {
      auto& grown = kept.emplace_back(&from);
      for (int value = 0; value < perf::rows::push_backs_per_vector; ++value) {
        grown.push_back(value);
      }
      used.bytes_capacity += grown.capacity() * sizeof(int);
    }
    used.bytes_held = std::max(used.bytes_held, upstream.bytes_held());
    return kept;
  };
  auto const round = [grow, reset] {
    perf::escape(grow().data());
    reset();
  };
  auto const check = [grow, reset] {
    std::uint64_t sum = 1;
    for (auto const& each : grow()) {
      for (int const value : each) sum = sum * 31 + static_cast<std::uint64_t>(value);
    }
    reset();
    return sum;
  };
  auto const bytes_per_byte = [&used] {
    return static_cast<double>(used.bytes_held) / static_cast<double>(used.bytes_capacity);
  };
  auto const push_backs = vector_count * std::size_t{perf::rows::push_backs_per_vector};
  program.add("frame_grown_" + std::to_string(vector_count), name, push_backs, round, check,
              bytes_per_byte);
}

// What one row needs; every resource has an upstream of its own to count.
struct contest {
  explicit contest(perf::program& program, std::size_t count) {
    add(program, count, "ours", frame, upstreams[0], uses[0], [this] { frame.reset(); });
    add(program, count, "std mono", std_mono, upstreams[1], uses[1],
        [this] { std_mono.release(); });
    add(program, count, "std unsync", std_pool, upstreams[2], uses[2], [] {});
  }

  perf::counting_upstream upstreams[3];
  usage uses[3];
  tidemark::frame_resource frame{&upstreams[0]};
  std::pmr::monotonic_buffer_resource std_mono{&upstreams[1]};
  std::pmr::unsynchronized_pool_resource std_pool{&upstreams[2]};
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  contest rows[] = {contest(program, perf::rows::grown_vector_counts[0]),
                    contest(program, perf::rows::grown_vector_counts[1]),
                    contest(program, perf::rows::grown_vector_counts[2])};
  static_cast<void>(rows);
  return program.run();
}
