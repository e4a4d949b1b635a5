// SPDX-License-Identifier: BSL-1.0
#pragma once

// Counts the calls that reach a heap.
//
// Use it between a pool and its heap, where calls are rare. Do not use it in front of a heap that
// is timed as it is: the count would be part of the time.
//
// Thread rule: that of the heap.

#include <atomic>
#include <cstddef>
#include <memory_resource>

namespace support {

class counted_heap final : public std::pmr::memory_resource {
 public:
  explicit counted_heap(std::pmr::memory_resource* heap) noexcept : heap_(heap) {}
  /// Returns: the count of allocations so far.
  std::size_t calls() const noexcept { return calls_.load(std::memory_order_relaxed); }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    calls_.fetch_add(1, std::memory_order_relaxed);
    return heap_->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    heap_->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* heap_;
  std::atomic<std::size_t> calls_ = 0;
};

}  // namespace support
