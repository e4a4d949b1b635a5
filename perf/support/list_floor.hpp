// SPDX-License-Identifier: BSL-1.0
#pragma once

// The floor of pools: a free block is popped from a list, a freed one is pushed back.
//
//   head -> [ next ] -> [ next ] -> ...      allocate: head = head->next
//                                            deallocate: block->next = head, head = block
//
// Use it as the denominator of a bar only: it has one size of blocks, checks nothing, and ends the
// program by a fault when the list is empty.
//
// Thread rule: one thread.

#include <cstddef>
#include <memory_resource>
#include <new>
#include <vector>

namespace perf {

inline constexpr std::size_t list_block_bytes = 64;

/// Behind a real virtual call, as the pools are used. `Copy`: see `bump_floor`.
template <int Copy>
class list_floor final : public std::pmr::memory_resource {
 public:
  explicit list_floor(std::size_t bytes) : memory_(bytes / sizeof(block)) {
    for (auto& each : memory_) do_deallocate(&each, 0, 0);
  }

 private:
  struct link {
    link* next;
  };
  struct alignas(list_block_bytes) block {
    std::byte bytes[list_block_bytes];
  };

  void* do_allocate(std::size_t, std::size_t) override {
    link* const taken = head_;
    head_ = taken->next;
    return taken;
  }
  void do_deallocate(void* freed, std::size_t, std::size_t) override {
    head_ = ::new (freed) link{head_};
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  std::vector<block> memory_;
  link* head_ = nullptr;
};

}  // namespace perf
