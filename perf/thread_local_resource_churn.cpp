// SPDX-License-Identifier: BSL-1.0
//
// What does it cost on one thread to free a block and to allocate another, with 10 000 alive?
// Blocks of 64 bytes and of 8 to 256; while a mark is open; when they belong to the mark; two pools
// in turn.

#include <cstdint>
#include <memory_resource>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>
#include <utility>

#include "support/churn.hpp"
#include "support/heaps.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

using perf::rows::churn_sizes;

// The build makes a second program of this file, with the library as a shared one: it may find its
// thread's data in another way there.
std::string row(std::string const& name) {
#ifdef PERF_SHARED_LIBRARY
  return name + "_shared";
#else
  return name;
#endif
}

// Pools of many sizes for many threads, used by one.
struct peers {
  void add_to(perf::churn_row& row) {
    row.add("new/delete", new_delete);
    row.add("mimalloc", *tidemark::mimalloc_resource());
    row.add("std sync", std_pool);
    row.add("Boost sync", boost_pool);
    row.add("tbbmalloc", *perf::tbbmalloc());
    row.add("jemalloc", *perf::jemalloc());
  }

  perf::plain_new_delete new_delete;
  std::pmr::synchronized_pool_resource std_pool;
  perf::boost_synchronized boost_pool;
};

// Half of the blocks in each of two resources, which are one or are not.
class two_pools {
 public:
  two_pools(perf::program& to, std::string row) : to_(to), row_(std::move(row)) {}

  void add(std::string const& contestant, perf::churn& one, perf::churn& other) {
    to_.add(
        row_, contestant, one.operations() + other.operations(),
        [&one, &other] { round_in_turn(one, other); },
        [&one, &other] {
          std::uint64_t const sums[] = {one.check(), other.check()};
          return sums[0] == 0 || sums[1] == 0 ? 0 : sums[0] * 31 + sums[1];
        });
  }

 private:
  perf::program& to_;
  std::string row_;
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);

  tidemark::thread_local_resource pool;
  peers all;
  perf::churn_row equal(program, row("local_churn"), churn_sizes::equal);
  equal.add("ours", pool);
  all.add_to(equal);

  tidemark::thread_local_resource mixed_pool;
  perf::churn_row mixed(program, row("local_mixed"), churn_sizes::mixed);
  mixed.add("ours", mixed_pool);
  all.add_to(mixed);

  tidemark::thread_local_resource marked;
  tidemark::memory_scope const mark(marked);
  perf::churn_row under_mark(program, row("local_churn_marked"), churn_sizes::equal);
  under_mark.add("ours", marked);
  under_mark.add("mimalloc", *tidemark::mimalloc_resource());

  tidemark::thread_local_resource scoped;
  tidemark::memory_scope const scope(scoped);
  perf::churn_row in_scope(program, row("local_churn_scoped"), churn_sizes::equal);
  in_scope.add("ours", *scope.resource());
  in_scope.add("mimalloc", *tidemark::mimalloc_resource());

  auto const half = perf::rows::churn_live_count / 2;
  auto const first_plan = perf::rows::churn(churn_sizes::equal, half, 7);
  auto const second_plan = perf::rows::churn(churn_sizes::equal, half, 8);
  tidemark::thread_local_resource pools[3];
  perf::churn in_first(first_plan, pools[0]);
  perf::churn in_second(second_plan, pools[1]);
  perf::churn in_third(first_plan, pools[2]);
  perf::churn in_third_too(second_plan, pools[2]);
  two_pools in_turn(program, row("local_two_pools"));
  in_turn.add("ours", in_first, in_second);
  in_turn.add("one pool", in_third, in_third_too);

  return program.run();
}
