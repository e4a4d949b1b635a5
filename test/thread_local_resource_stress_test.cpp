// SPDX-License-Identifier: BSL-1.0

// Threads that allocate, free blocks of their own and of others, open, keep and empty scopes, trim
// and end, all at random and at one time. Every block is read again before it goes.
//
// TIDEMARK_STRESS_ROUNDS: rounds of each thread instead of 40, for long runs.

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

#include "support/is_aligned.hpp"
#include "support/local_pools.hpp"

using namespace tidemark;
using tidemark::test::written_block;

namespace {

int rounds_of_each() {
  char const* const asked = std::getenv("TIDEMARK_STRESS_ROUNDS");
  return asked != nullptr ? std::atoi(asked) : 40;
}

// Blocks on their way from thread to thread.
class exchange {
 public:
  void put(written_block const& block) {
    std::lock_guard const lock{mutex_};
    blocks_.push_back(block);
  }
  std::optional<written_block> take() {
    std::lock_guard const lock{mutex_};
    if (blocks_.empty()) return std::nullopt;
    written_block const taken = blocks_.front();
    blocks_.pop_front();
    return taken;
  }

 private:
  std::mutex mutex_;
  std::deque<written_block> blocks_;
};

class user {
 public:
  user(thread_local_resource& pool, exchange& others, std::uint64_t seed)
      : pool_(pool), others_(others), random_(seed) {}

  // Returns how many blocks were not as they should be.
  int run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      use_bare();
      use_scope(0);
      for (written_block const& each : mine_) check(each);
      while (mine_.size() > 200) free(mine_);
      if (one_in(10)) static_cast<void>(pool_.trim());
      if (one_in(20)) static_cast<void>(pool_.stats());
    }
    while (!mine_.empty()) one_in(2) ? free(mine_) : pass_on();
    return broken_;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool one_in(std::size_t chances) { return below(chances) == 0; }
  void check(written_block const& block) { broken_ += block.is_intact() ? 0 : 1; }

  template <class From>
  written_block take(From& from) {
    std::size_t const kind = below(100);
    std::size_t const bytes = kind < 70   ? below(256)
                              : kind < 92 ? below(4096)
                              : kind < 99 ? below(30'000)
                                          : below(80'000);
    std::size_t const alignment = one_in(100) ? 8192 : std::size_t{1} << below(8);
    auto const taken = written_block::take(from, bytes, alignment, random_());
    broken_ += test::is_aligned(taken.begin, alignment) ? 0 : 1;
    return taken;
  }
  void free(std::vector<written_block>& from) {
    std::swap(from[below(from.size())], from.back());
    check(from.back());
    from.back().give_back(pool_);
    from.pop_back();
  }
  void pass_on() {
    others_.put(mine_.back());
    mine_.pop_back();
  }
  void use_other() {
    auto const other = others_.take();
    if (!other) return;
    check(*other);
    other->give_back(pool_);
  }

  void use_bare() {
    for (int i = 0; i < 100; ++i) {
      mine_.push_back(take(pool_));
      std::size_t const chosen = below(4);
      if (chosen == 0) free(mine_);
      if (chosen == 1) pass_on();
      if (chosen == 2) use_other();
    }
  }

  void use_scope(int depth) {
    memory_scope scope{pool_};
    std::vector<written_block> held;
    for (int i = 0; i < 60; ++i) {
      held.push_back(take(scope));
      if (one_in(3)) free(held);
      if (one_in(8)) use_other();
      if (one_in(8)) mine_.push_back(take(pool_));
      if (depth < 4 && one_in(40)) {
        use_scope(depth + 1);
        held.push_back(take(scope));
      }
      if (one_in(100)) {
        for (written_block const& each : held) check(each);
        scope.reset();
        held.clear();
      }
    }
    for (written_block const& each : held) check(each);
    if (depth == 0 && one_in(4)) {
      scope.keep();
      mine_.insert(mine_.end(), held.begin(), held.end());
    } else if (one_in(2)) {
      // Another thread frees some of it in time: it has ended when the scope does.
      std::vector<written_block> freed;
      while (held.size() > 30) {
        freed.push_back(held.back());
        held.pop_back();
      }
      test::in_thread([&] {
        for (written_block const& each : freed) each.give_back(pool_);
        pool_.deallocate(pool_.allocate(0), 0);  // a heap passes on
      });
    }
  }

  thread_local_resource& pool_;
  exchange& others_;
  std::mt19937_64 random_;
  std::vector<written_block> mine_;
  int broken_ = 0;
};

void run_threads(check_level level, int rounds, std::uint64_t seed) {
  testing::checked_upstream upstream;
  {
    thread_local_resource pool{{.check = level}, &upstream};
    exchange others;
    std::atomic<int> broken{0};
    for (int generation = 0; generation < 2; ++generation) {
      std::vector<std::thread> threads;
      for (std::uint64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] { broken += user{pool, others, seed + t}.run(rounds); });
      }
      for (std::thread& thread : threads) thread.join();
      seed += 4;
    }
    while (auto const left = others.take()) {
      broken += left->is_intact() ? 0 : 1;
      left->give_back(pool);
    }
    BOOST_TEST(broken == 0);
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
    BOOST_TEST(pool.stats().bytes_reserved == upstream.bytes_outstanding());
    static_cast<void>(pool.trim());
    BOOST_TEST(pool.stats().chunk_count == 0U);
  }
  BOOST_TEST(upstream.complaint() == "");
}

}  // namespace

BOOST_AUTO_TEST_CASE(threads_that_do_all_at_random_find_every_block_as_they_left_it) {
  run_threads(check_level::off, rounds_of_each(), 1);
}

BOOST_AUTO_TEST_CASE(threads_of_a_checked_pool_do_so_without_a_report) {
  run_threads(check_level::on, (rounds_of_each() + 3) / 4, 1001);
}
