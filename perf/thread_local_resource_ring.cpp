// SPDX-License-Identifier: BSL-1.0
//
// What does a block of 1 KiB cost that one thread allocates and another frees, with 64 on their
// way? Does the memory grow by it?
// The figure of memory is what lies in memory more after 200 000 blocks, and the blocks on their
// way, for each byte of these: 1 if nothing was added.

#include <deque>
#include <memory_resource>
#include <string>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/companion.hpp"
#include "support/heaps.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"
#include "support/ring.hpp"

namespace {

constexpr std::size_t blocks_to_grow_by = 200'000;
constexpr std::size_t bytes_on_their_way =
    perf::rows::ring_slot_count * perf::rows::ring_block_bytes;

class contest {
 public:
  explicit contest(perf::program& to) : to_(to) {}

  void add(std::string const& name, std::pmr::memory_resource& from) {
    auto& work = works_.emplace_back(other_, from);
    auto const round = [&work] { work.round(); };
    auto const check = [&work] { return work.check(); };
    to_.add_of_two("local_ring", name, perf::ring::blocks_per_round, round, check);
    to_.add("local_ring_memory", name, perf::ring::blocks_per_round, round, check,
            [&work] { return bytes_for_each_byte(work); });
  }

 private:
  static double bytes_for_each_byte(perf::ring& work) {
    std::size_t const before = perf::resident_bytes();
    work.round(blocks_to_grow_by);
    std::size_t const after = perf::resident_bytes();
    std::size_t const grown = after > before ? after - before : 0;
    return 1 + static_cast<double>(grown) / static_cast<double>(bytes_on_their_way);
  }

  perf::program& to_;
  perf::companion other_;
  std::deque<perf::ring> works_;
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  tidemark::thread_local_resource pool;
  perf::plain_new_delete new_delete;
  std::pmr::synchronized_pool_resource std_pool;
  perf::boost_synchronized boost_pool;

  contest all(program);
  all.add("ours", pool);
  all.add("new/delete", new_delete);
  all.add("mimalloc", *tidemark::mimalloc_resource());
  all.add("std sync", std_pool);
  all.add("Boost sync", boost_pool);
  all.add("tbbmalloc", *perf::tbbmalloc());
  all.add("jemalloc", *perf::jemalloc());
  return program.run();
}
