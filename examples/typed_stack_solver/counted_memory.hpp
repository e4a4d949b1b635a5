// SPDX-License-Identifier: BSL-1.0
#pragma once

// Counts what is asked of a heap, and how much of it there is at a time.
//
// Use it where counts are wanted. Do not use it where time is measured.
//
// Thread rule: one thread.

#include <algorithm>
#include <cstddef>
#include <memory_resource>

namespace typed_stack_solver {

class counted_memory final : public std::pmr::memory_resource {
 public:
  explicit counted_memory(std::pmr::memory_resource* heap) noexcept : heap_(heap) {}
  std::size_t calls() const noexcept { return calls_; }  // allocations
  std::size_t peak_bytes() const noexcept { return peak_bytes_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = heap_->allocate(bytes, alignment);
    ++calls_;
    bytes_ += bytes;
    peak_bytes_ = std::max(peak_bytes_, bytes_);
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    bytes_ -= bytes;
    heap_->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* heap_;
  std::size_t calls_ = 0;
  std::size_t bytes_ = 0;  // not given back yet
  std::size_t peak_bytes_ = 0;
};

}  // namespace typed_stack_solver
