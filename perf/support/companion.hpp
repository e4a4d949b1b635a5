// SPDX-License-Identifier: BSL-1.0
#pragma once

// A second thread, which does what the first one asks of it.
//
// Use it in rows that two threads share. It sleeps when it was asked nothing for a while, so that
// rows of one thread are not slowed by it.
//
// Thread rule: the thread that made it.

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

namespace perf {

/// For the loop of a thread that waits: the core is left to others after a while, because there may
/// be no second one.
class patience {
 public:
  void pass() noexcept {
    if (++passes_ % passes_before_yield == 0) {
      std::this_thread::yield();
    } else {
#if defined __x86_64__
      __builtin_ia32_pause();
#endif
    }
  }
  std::uint32_t passes() const noexcept { return passes_; }

 private:
  static constexpr std::uint32_t passes_before_yield = 4096;

  std::uint32_t passes_ = 0;
};

class companion {
 public:
  companion() : thread_([this] { serve(); }) {}
  companion(companion const&) = delete;
  companion& operator=(companion const&) = delete;
  ~companion() {
    start({});
    thread_.join();
  }

  /// The other thread calls `work`. Preconditions: what was started before has been waited for.
  void start(std::function<void()> work) {
    work_ = std::move(work);
    asked_.store(asked_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    asked_.notify_one();
  }
  /// Never sleeps: to be woken takes longer than many a round.
  void wait() noexcept {
    patience waiting;
    while (done_.load(std::memory_order_acquire) != asked_.load(std::memory_order_relaxed)) {
      waiting.pass();
    }
  }
  void run(std::function<void()> work) {
    start(std::move(work));
    wait();
  }

 private:
  void serve() {
    for (std::uint64_t served = 0;; ++served) {
      patience waiting;
      while (asked_.load(std::memory_order_acquire) == served) {
        if (waiting.passes() < passes_before_sleep) {
          waiting.pass();
        } else {
          asked_.wait(served, std::memory_order_acquire);
        }
      }
      bool const last = !work_;
      if (!last) work_();
      done_.store(served + 1, std::memory_order_release);
      if (last) return;
    }
  }

  static constexpr std::uint32_t passes_before_sleep = 20'000;  // some 0.3 ms

  std::function<void()> work_;  // written before asked_, read after it
  alignas(64) std::atomic<std::uint64_t> asked_ = 0;
  alignas(64) std::atomic<std::uint64_t> done_ = 0;
  std::thread thread_;  // last: it uses the others
};

}  // namespace perf
