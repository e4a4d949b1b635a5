// SPDX-License-Identifier: BSL-1.0
#pragma once

// What somebody holds, in bytes and blocks.
//
// Use it where blocks are charged one by one and given back one by one or all at once. `Count` is
// `owned_count` where one thread charges, `shared_count` where any may.
//
// Thread rule: that of the count. Bytes and blocks are two numbers: a reader may see one of them
// before a change and the other after it.
//
// Invariant: what was covered before it is removed never makes a number wrap.

#include <atomic>
#include <cstddef>
#include <mutex>
#include <type_traits>

namespace tidemark::detail {

/// A number that any thread may change: `owned_count` with locked instructions.
class shared_count {
 public:
  // Relaxed, all of them: they are counts, and no other memory is published through them.
  std::size_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  std::size_t add(std::size_t count) noexcept {
    return value_.fetch_add(count, std::memory_order_relaxed) + count;
  }
  void subtract(std::size_t count) noexcept { value_.fetch_sub(count, std::memory_order_relaxed); }
  void raise_to(std::size_t value) noexcept {
    std::size_t seen = get();
    while (value > seen && !value_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<std::size_t> value_{0};
};

struct charge {
  std::size_t bytes = 0;
  std::size_t blocks = 0;

  bool empty() const noexcept { return bytes == 0 && blocks == 0; }
  void add(charge more) noexcept {
    bytes += more.bytes;
    blocks += more.blocks;
  }

  friend bool operator==(charge const&, charge const&) noexcept = default;
};

template <class Count>
class charges {
 public:
  using content = charge;

  std::size_t bytes() const noexcept { return bytes_.get(); }
  std::size_t blocks() const noexcept { return blocks_.get(); }
  charge get() const noexcept { return {.bytes = bytes(), .blocks = blocks()}; }

  /// Whether a block of `bytes` may be among what is held.
  bool covers(std::size_t bytes) const noexcept {
    return bytes_.get() >= bytes && blocks_.get() != 0;
  }
  /// Returns:        The bytes from now on.
  std::size_t add(charge more) noexcept {
    blocks_.add(more.blocks);
    return bytes_.add(more.bytes);
  }
  /// Preconditions:  It is held.
  void subtract(charge less) noexcept {
    bytes_.subtract(less.bytes);
    blocks_.subtract(less.blocks);
  }
  /// Gives back one block.
  /// Returns:        Whether it was covered; nothing is changed if not.
  bool try_subtract(std::size_t bytes) noexcept {
    if constexpr (std::is_same_v<Count, shared_count>) {
      if (!covers(bytes)) return false;
      subtract({.bytes = bytes, .blocks = 1});
    } else {
      charge const held = get();
      if (held.bytes < bytes || held.blocks == 0) return false;
      bytes_.set(held.bytes - bytes);
      blocks_.set(held.blocks - 1);
    }
    return true;
  }
  /// Returns:        What was held; nothing is any more.
  charge take_all() noexcept {
    charge const all = get();
    subtract(all);
    return all;
  }

 private:
  Count bytes_;
  Count blocks_;
};

/// The same for an account that does not ask how many blocks there are: half the work.
template <class Count>
class byte_charges {
 public:
  using content = charge;

  bool covers(std::size_t bytes) const noexcept { return bytes_.get() >= bytes; }
  std::size_t add(charge more) noexcept { return bytes_.add(more.bytes); }
  /// Preconditions:  It is held.
  void subtract(charge less) noexcept { bytes_.subtract(less.bytes); }
  bool try_subtract(std::size_t bytes) noexcept {
    if (!covers(bytes)) return false;
    bytes_.subtract(bytes);
    return true;
  }
  /// Returns:        What was held; nothing is any more.
  charge take_all() noexcept {
    charge const all{.bytes = bytes_.get(), .blocks = 0};
    subtract(all);
    return all;
  }

 private:
  Count bytes_;
};

/// The lock of one thread, which needs none.
struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};

/// Guards what goes with such counts and is more than a number.
template <class Count>
using mutex_for = std::conditional_t<std::is_same_v<Count, shared_count>, std::mutex, no_mutex>;

}  // namespace tidemark::detail
