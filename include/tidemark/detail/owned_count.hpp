// SPDX-License-Identifier: BSL-1.0
#pragma once

// A number that one thread changes while others may read it.
//
// Thread rule: `add` and `set` by the owner only; `get` by any thread, which sees some value that
// the number had.
//
// Invariant: no instruction locks the bus: a change is a plain load, add and store.

#include <atomic>
#include <cstddef>

namespace tidemark::detail {

class owned_count {
 public:
  std::size_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void set(std::size_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  /// Returns:        The number from now on: it need not be read again.
  std::size_t add(std::size_t count) noexcept {
    std::size_t const sum = get() + count;
    set(sum);
    return sum;
  }
  void subtract(std::size_t count) noexcept { set(get() - count); }
  void raise_to(std::size_t value) noexcept {
    if (value > get()) set(value);
  }

 private:
  std::atomic<std::size_t> value_{0};
};

}  // namespace tidemark::detail
