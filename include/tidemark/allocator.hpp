// SPDX-License-Identifier: BSL-1.0
#pragma once

// An allocator bound to the type of its pool, so that containers call it without a virtual call.
//
//   std::vector<double, allocator<double, frame_resource>> v{frame};   {pool}
//   std::vector<double, allocator<double, frame_scope>> w{scope};      {pool, marker}
//
// Use it in inner loops whose pool is known where they are compiled. Everywhere else
// `std::pmr::polymorphic_allocator` keeps one type for all resources.
//
// Thread rule: that of the pool.
//
// Invariants:
//  1. Equal allocators free each other's blocks: same pool and, bound to a scope, same checkpoint.
//  2. An allocator bound to a scope refers to the pool and not to the scope object. Once the scope
//     is closed, be it kept, an allocation is reported as `scope_closed` and throws
//     `std::bad_alloc`.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <tidemark/marker.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <type_traits>

namespace tidemark {

namespace detail {

/// What an allocator holds of a pool.
template <class R>
class allocator_target {
 public:
  explicit allocator_target(R& pool) noexcept : pool_(&pool) {}
  friend bool operator==(allocator_target const&, allocator_target const&) noexcept = default;

  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return pool_->allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) const noexcept {
    pool_->deallocate(block, bytes, alignment);
  }

 private:
  R* pool_;  // outlives every container
};

/// What an allocator holds of a scope.
template <class R>
class allocator_target<memory_scope<R>> {
 public:
  explicit allocator_target(memory_scope<R>& scope) noexcept
      : pool_(&scope.pool()), mark_(scope_access::mark_of(scope)) {}
  friend bool operator==(allocator_target const&, allocator_target const&) noexcept = default;

  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return scope_access::allocate(*pool_, mark_, bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) const noexcept {
    if constexpr (statically_bound<R>) {
      scope_access::deallocate(*pool_, mark_, block, bytes, alignment);
    } else if (scope_access::is_open(*pool_, mark_)) {  // else its memory has fallen back already
      scope_access::resource_of(*pool_, mark_)->deallocate(block, bytes, alignment);
    }
  }

 private:
  R* pool_;  // outlives every container
  marker mark_;
};

}  // namespace detail

/// R is a pool or a `memory_scope` of one.
template <class T, class R>
class allocator {
 public:
  using value_type = T;
  using is_always_equal = std::false_type;
  // A copied container stays in its pool; an assigned one keeps its own. A moved or swapped one
  // takes its pool along, so that no element is moved.
  using propagate_on_container_copy_assignment = std::false_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  allocator(R& target) noexcept : target_(target) {}  // NOLINT(google-explicit-constructor)
  template <class U>
  allocator(allocator<U, R> const& other) noexcept  // NOLINT(google-explicit-constructor)
      : target_(other.target_) {}

  /// Returns:        Uninitialised memory for `count` objects, aligned for them.
  /// Throws:         `std::bad_array_new_length` if their size does not fit `std::size_t`; what the
  ///                 pool throws.
  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > SIZE_MAX / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(target_.allocate(count * sizeof(T), alignof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept {
    target_.deallocate(block, count * sizeof(T), alignof(T));
  }

  template <class U>
  friend bool operator==(allocator const& a, allocator<U, R> const& b) noexcept {
    return a.same_target(b);
  }

 private:
  template <class U, class S>
  friend class allocator;

  template <class U>
  bool same_target(allocator<U, R> const& other) const noexcept {
    return target_ == other.target_;
  }

  detail::allocator_target<R> target_;
};

}  // namespace tidemark
