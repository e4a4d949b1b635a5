// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a pool has from its upstream, within a limit.
//
// Thread rule: any thread, if upstream may be asked by any.
//
// Invariant: reserved_bytes() <= limit_bytes(), even between a request and upstream's answer.

#include <atomic>
#include <cstddef>
#include <memory_resource>

namespace tidemark::detail {

class upstream_account {
 public:
  upstream_account(std::pmr::memory_resource* upstream, std::size_t limit_bytes) noexcept
      : upstream_(upstream), limit_bytes_(limit_bytes) {}
  upstream_account(upstream_account const&) = delete;
  upstream_account& operator=(upstream_account const&) = delete;

  std::pmr::memory_resource* upstream() const noexcept { return upstream_; }
  std::size_t limit_bytes() const noexcept { return limit_bytes_; }
  std::size_t reserved_bytes() const noexcept { return reserved_.load(std::memory_order_relaxed); }
  std::size_t available_bytes() const noexcept { return limit_bytes_ - reserved_bytes(); }
  /// Requests that reached upstream, ever.
  std::size_t calls() const noexcept { return calls_.load(std::memory_order_relaxed); }

  /// Returns:       Null if the limit forbids it.
  /// Throws:        What upstream throws; nothing is changed then but calls().
  void* ask(std::size_t bytes, std::size_t alignment) {
    if (!reserve(bytes)) return nullptr;
    calls_.fetch_add(1, std::memory_order_relaxed);
    try {
      return upstream_->allocate(bytes, alignment);
    } catch (...) {
      reserved_.fetch_sub(bytes, std::memory_order_relaxed);
      throw;
    }
  }
  void give_back(void* memory, std::size_t bytes, std::size_t alignment) noexcept {
    upstream_->deallocate(memory, bytes, alignment);
    reserved_.fetch_sub(bytes, std::memory_order_relaxed);
  }

 private:
  bool reserve(std::size_t bytes) noexcept {
    std::size_t reserved = reserved_bytes();
    do {
      if (bytes > limit_bytes_ - reserved) return false;
    } while (
        !reserved_.compare_exchange_weak(reserved, reserved + bytes, std::memory_order_relaxed));
    return true;
  }

  std::pmr::memory_resource* upstream_;
  std::size_t limit_bytes_;
  // Relaxed: they guard no other memory.
  std::atomic<std::size_t> reserved_{0};
  std::atomic<std::size_t> calls_{0};
};

}  // namespace tidemark::detail
