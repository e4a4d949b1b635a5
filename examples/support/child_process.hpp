// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs a function in a process of its own, and memory that such a process shares with its parent.
//
// Use it where a crash, a hang or a heap must stay apart from everything else.
//
// Thread rule: the process that forks has one thread.

#include <sys/mman.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <new>
#include <span>
#include <type_traits>

namespace support {

enum class ending { finished, failed, killed, timed_out };

struct child_end {
  ending how;
  int signal;  // if killed
};

/// Runs `body` in a child, whose exit status is `failed` if it throws, and waits for it; calls
/// `meanwhile` now and then. A child that runs longer than `limit` is killed.
/// Throws: `std::system_error` if there can be no child.
child_end run_in_child(std::function<void()> const& body, std::chrono::seconds limit,
                       std::function<void()> const& meanwhile);

/// Zeroed memory that a child made later shares.
template <class T>
class shared_array {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  explicit shared_array(std::size_t count)
      : count_(count),
        begin_(
            ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (begin_ == MAP_FAILED) throw std::bad_alloc{};
    for (std::size_t i = 0; i != count; ++i) ::new (static_cast<T*>(begin_) + i) T{};
  }
  shared_array(shared_array const&) = delete;
  shared_array& operator=(shared_array const&) = delete;
  ~shared_array() { ::munmap(begin_, bytes()); }

  std::span<T> get() const noexcept { return {static_cast<T*>(begin_), count_}; }

 private:
  // mmap refuses 0 bytes.
  std::size_t bytes() const noexcept { return (count_ + 1) * sizeof(T); }

  std::size_t count_;  // of elements
  void* begin_;
};

}  // namespace support
