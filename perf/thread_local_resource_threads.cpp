// SPDX-License-Identifier: BSL-1.0
//
// Do two threads that share a pool get twice as far as one alone?
// Each frees a block of 64 bytes of its own and allocates another, with 10 000 alive. An operation
// is one step of either thread, so two that do not disturb each other need half the time.

#include <cstdint>
#include <deque>
#include <memory_resource>
#include <optional>
#include <string>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/churn.hpp"
#include "support/companion.hpp"
#include "support/heaps.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

constexpr char const* row = "local_two_threads";
using perf::rows::churn_sizes;

// Blocks of two threads in one resource.
class shared_churn {
 public:
  shared_churn(perf::companion& other, std::pmr::memory_resource& from)
      : other_(other), here_(first_plan(), from) {
    other_.run([this, &from] { there_.emplace(second_plan(), from); });
  }
  shared_churn(shared_churn const&) = delete;
  shared_churn& operator=(shared_churn const&) = delete;
  ~shared_churn() {
    other_.run([this] { there_.reset(); });
  }

  void round_of_two() {
    other_.start([this] { there_->round(); });
    here_.round();
    other_.wait();
  }
  void round_of_one() { here_.round(); }

  std::uint64_t check() {
    std::uint64_t theirs = 0;
    other_.start([this, &theirs] { theirs = there_->check(); });
    std::uint64_t const mine = here_.check();
    other_.wait();
    return mine == 0 || theirs == 0 ? 0 : mine * 31 + theirs;
  }
  std::size_t operations_of_one() const noexcept { return here_.operations(); }

 private:
  static perf::rows::churn_plan const& first_plan() {
    static auto const plan = perf::rows::churn(churn_sizes::equal, perf::rows::churn_live_count, 7);
    return plan;
  }
  static perf::rows::churn_plan const& second_plan() {
    static auto const plan = perf::rows::churn(churn_sizes::equal, perf::rows::churn_live_count, 8);
    return plan;
  }

  perf::companion& other_;
  perf::churn here_;
  std::optional<perf::churn> there_;  // made, used and ended by the companion
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  tidemark::thread_local_resource pool;
  tidemark::thread_local_resource pool_of_one;
  perf::plain_new_delete new_delete;
  std::pmr::synchronized_pool_resource std_pool;
  perf::boost_synchronized boost_pool;
  perf::companion other;  // ends before the pools
  std::deque<shared_churn> works;

  auto const add = [&](std::string const& name, std::pmr::memory_resource& from) {
    auto& work = works.emplace_back(other, from);
    program.add_of_two(
        row, name, 2 * work.operations_of_one(), [&work] { work.round_of_two(); },
        [&work] { return work.check(); });
  };
  add("ours", pool);
  auto& alone = works.emplace_back(other, pool_of_one);
  // Its blocks on the other thread are as they are after a round: the checksum needs them so.
  program.add_of_two(
      row, "one thread", alone.operations_of_one(), [&alone] { alone.round_of_one(); },
      [&alone] {
        alone.round_of_two();
        return alone.check();
      });
  add("new/delete", new_delete);
  add("mimalloc", *tidemark::mimalloc_resource());
  add("std sync", std_pool);
  add("Boost sync", boost_pool);
  add("tbbmalloc", *perf::tbbmalloc());
  add("jemalloc", *perf::jemalloc());
  return program.run();
}
