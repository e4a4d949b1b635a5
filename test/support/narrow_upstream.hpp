// SPDX-License-Identifier: BSL-1.0
#pragma once

// An upstream that refuses what is large, so that a pool over it refuses it, too.
//
// Thread rule: any thread.

#include <atomic>
#include <cstddef>
#include <memory_resource>
#include <new>

namespace support {

inline constexpr std::size_t small_bytes = 100;      // a block that a pool over it serves
inline constexpr std::size_t large_bytes = 1 << 18;  // one that it refuses

class narrow_upstream final : public std::pmr::memory_resource {
 public:
  std::atomic<std::size_t> most_bytes = large_bytes / 2;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes > most_bytes) throw std::bad_alloc{};
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace support
