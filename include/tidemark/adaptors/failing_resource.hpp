// SPDX-License-Identifier: BSL-1.0
#pragma once

// A resource that fails at a chosen allocation, or at random ones.
//
//   calls      1  2  3  4  5
//   fail_at 3  ok ok X  ok ok      X: std::bad_alloc, and the upstream is not asked
//
// Use it to see what a program does when memory runs out at one exact place, or now and then: a
// long run with `fail_randomly` meets failures in states that nobody thought of. To try every place
// in turn use `testing/fail_each_allocation.hpp`; to bound memory, a budget or a pool's
// limit_bytes.
//
// Thread rule: any thread, if the upstream allows it. With several threads it is one of them that
// meets the failure.
//
// Invariants:
//  1. Every call that does not fail goes to the upstream unchanged; so does every free.
//  2. One arming with `fail_at` fails one call.
//  3. One seed and one probability fail the same calls in every run, if one thread calls. Whatever
//     the threads, they fail the same number of the first n calls.
//
// Source: splitmix64, of Steele, Lea and Flood, Fast splittable pseudorandom number generators.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>

namespace tidemark {

class failing_resource final : public std::pmr::memory_resource {
 public:
  /// Preconditions: upstream outlives this resource.
  /// Effects:       Arms it as `fail_at` does; with 0 nothing fails.
  explicit failing_resource(std::pmr::memory_resource* upstream, std::size_t fail_at = 0) noexcept
      : upstream_(upstream), countdown_(fail_at) {}
  explicit failing_resource(std::nullptr_t, std::size_t = 0) = delete;
  failing_resource(failing_resource const&) = delete;
  failing_resource& operator=(failing_resource const&) = delete;

  /// Effects:       The `call`-th allocation from now on will fail: 1 is the next. 0 disarms.
  void fail_at(std::size_t call) noexcept { countdown_.store(call, std::memory_order_relaxed); }

  /// Effects:       Each allocation from now on fails with this probability, by draws from `seed`;
  ///                0 ends it. What `fail_at` armed stays armed.
  /// Preconditions: 0 <= probability <= 1. No other thread allocates meanwhile.
  void fail_randomly(double probability, std::uint64_t seed = 1) noexcept;

  /// Returns:       Count of allocations asked for, those that failed included.
  std::size_t calls() const noexcept { return calls_.load(std::memory_order_relaxed); }
  /// Returns:       Count of allocations that this resource, not the upstream, let fail.
  std::size_t failures() const noexcept { return failures_.load(std::memory_order_relaxed); }
  std::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override;
  bool is_counted_out() noexcept;
  bool is_drawn() noexcept;

  std::pmr::memory_resource* upstream_;
  // Relaxed, all of them: they are counts, and no other memory is published through them.
  std::atomic<std::size_t> countdown_;  // calls up to the failing one, that one included; 0: never
  std::atomic<std::size_t> calls_{0};
  std::atomic<std::size_t> failures_{0};
  std::atomic<std::uint64_t> random_{0};      // state of the generator: rises by one step a draw
  std::atomic<std::uint64_t> fail_below_{0};  // draws that fail, of 2^53; 0: nothing is drawn
};

}  // namespace tidemark
