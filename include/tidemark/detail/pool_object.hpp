// SPDX-License-Identifier: BSL-1.0
#pragma once

// The one way in which a pool makes an object in a block of its own and takes it back.
//
// Thread rule: that of the pool.
//
// Invariants:
//  1. Whatever a constructor throws, the block is free.
//  2. The pool is asked directly: `Pool` is its own class, not `std::pmr::memory_resource`.

#include <memory>
#include <memory_resource>
#include <utility>

namespace tidemark::detail {

/// Uses-allocator construction with `pool`.
/// Throws:         What the pool and the constructor throw.
template <class T, class Pool, class... Args>
T* new_object(Pool& pool, Args&&... args) {
  void* const block = pool.allocate(sizeof(T), alignof(T));
  try {
    return std::uninitialized_construct_using_allocator(static_cast<T*>(block),
                                                        std::pmr::polymorphic_allocator<>{&pool},
                                                        std::forward<Args>(args)...);
  } catch (...) {
    pool.deallocate(block, sizeof(T), alignof(T));
    throw;
  }
}

/// Null is legal.
template <class T, class Pool>
void delete_object(Pool& pool, T* object) noexcept {
  if (object == nullptr) return;
  std::destroy_at(object);
  pool.deallocate(object, sizeof(T), alignof(T));
}

}  // namespace tidemark::detail
