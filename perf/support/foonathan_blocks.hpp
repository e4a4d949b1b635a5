// SPDX-License-Identifier: BSL-1.0
#pragma once

// foonathan's memory_pool: blocks of one size.
//
// Thread rule: one thread.

#include <cstddef>
#include <foonathan/memory/memory_pool.hpp>
#include <memory_resource>

namespace perf {

class foonathan_blocks final : public std::pmr::memory_resource {
 public:
  /// `reserved_bytes`: of the first chunk. Its lists are checked in no way: its release build.
  explicit foonathan_blocks(std::size_t bytes, std::size_t reserved_bytes = std::size_t{1} << 20)
      : pool_(bytes, reserved_bytes) {}

 private:
  void* do_allocate(std::size_t, std::size_t) override { return pool_.allocate_node(); }
  void do_deallocate(void* block, std::size_t, std::size_t) override {
    pool_.deallocate_node(block);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  foonathan::memory::memory_pool<> pool_;
};

}  // namespace perf
