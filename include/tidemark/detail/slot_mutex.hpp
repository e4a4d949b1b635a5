// SPDX-License-Identifier: BSL-1.0
#pragma once

// A mutex of which `fork` may hold any number at a time.
//
//   state   0 free, 1 locked, 2 locked and perhaps waited for
//
// Use it for what every owner of `thread_slots.hpp` has. Do not use it where there are few: there
// `std::mutex` does. ThreadSanitizer stops a thread that holds 64 of those; it does not see that
// one ends, so it takes two that follow each other at one address for one, and reports the order
// in which other threads lock it.
//
// Thread rule: any thread.
//
// Invariants:
//  1. A thread waits only while the state is 2, and whoever finds 2 when it unlocks wakes one.
//  2. What a thread did before it unlocks is seen by the next that locks.
//
// Source: the futex mutex of Drepper, "Futexes Are Tricky", section 6.

#include <atomic>
#include <cstdint>

namespace tidemark::detail {

class slot_mutex {
 public:
  constexpr slot_mutex() noexcept = default;
  slot_mutex(slot_mutex const&) = delete;
  slot_mutex& operator=(slot_mutex const&) = delete;

  /// Preconditions:  The calling thread does not hold it.
  void lock() noexcept {
    if (!try_lock()) lock_slow();
  }
  bool try_lock() noexcept {
    std::uint32_t expected = 0;
    return state_.compare_exchange_strong(expected, 1, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  /// Preconditions:  The calling thread holds it, or is the only one of a child of fork and the
  ///                 copy of the thread that does.
  void unlock() noexcept {
    if (state_.exchange(0, std::memory_order_release) == 2) state_.notify_one();
  }

 private:
  [[gnu::cold, gnu::noinline]] void lock_slow() noexcept {
    // 2 also if nobody else waits: the next unlock wakes one for nothing then.
    while (state_.exchange(2, std::memory_order_acquire) != 0) {
      state_.wait(2, std::memory_order_relaxed);
    }
  }

  std::atomic<std::uint32_t> state_{0};
};

}  // namespace tidemark::detail
