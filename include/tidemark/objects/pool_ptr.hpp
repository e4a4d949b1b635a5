// SPDX-License-Identifier: BSL-1.0
#pragma once

// An owning pointer to one object in a resource.
//
//   pool_ptr<T>: {object, resource, how to dispose of it}      three pointers
//
// Use it for an object that lives as long as its owner wants. Objects that die together with their
// scope are cheaper from `scope.make<T>()`. For shared ownership use `std::allocate_shared`.
//
// Thread rule: that of the resource.
//
// Invariants:
//  1. The block goes back to the resource it came from, in the size and alignment it was asked for,
//     though the pointer may have become one to a base class.
//  2. T may be incomplete where the pointer is declared: a node may own its neighbour.

#include <concepts>
#include <memory>
#include <memory_resource>
#include <type_traits>
#include <utility>

namespace tidemark {

/// Destroys an object and returns its memory.
template <class T>
class pool_delete {
 public:
  /// Disposes of nothing: the deleter of an empty pointer.
  constexpr pool_delete() noexcept = default;
  /// For an object of exactly type T, allocated from `resource`.
  explicit pool_delete(std::pmr::memory_resource* resource) noexcept
      : resource_(resource), dispose_(&dispose) {}
  /// To const, and to a base class from which the whole object can be found: a polymorphic one.
  template <class U>
    requires(std::convertible_to<U*, T*> &&
             (std::same_as<std::remove_cv_t<U>, std::remove_cv_t<T>> || std::is_polymorphic_v<T>))
  pool_delete(pool_delete<U> const& other) noexcept  // NOLINT(google-explicit-constructor)
      : resource_(other.resource_), dispose_(other.dispose_) {}

  void operator()(T* object) const noexcept {
    auto* const plain = const_cast<std::remove_cv_t<T>*>(object);
    if constexpr (std::is_polymorphic_v<T>) {
      dispose_(resource_, dynamic_cast<void*>(plain));
    } else {
      dispose_(resource_, plain);
    }
  }

  std::pmr::memory_resource* resource() const noexcept { return resource_; }

 private:
  template <class U>
  friend class pool_delete;

  static void dispose(std::pmr::memory_resource* resource, void* object) noexcept {
    std::destroy_at(static_cast<std::remove_cv_t<T>*>(object));
    resource->deallocate(object, sizeof(T), alignof(T));
  }

  std::pmr::memory_resource* resource_ = nullptr;
  void (*dispose_)(std::pmr::memory_resource*, void*) noexcept = nullptr;  // of the object's type
};

template <class T>
using pool_ptr = std::unique_ptr<T, pool_delete<T>>;

/// Constructs a T in memory of `where` by uses-allocator construction.
/// Throws:         What the resource throws, and what the constructor throws; nothing is kept then.
/// Remarks:        `where` is a resource's address, a scope, or an allocator.
template <class T, class... Args>
  requires std::is_object_v<T> && (!std::is_array_v<T>)
[[nodiscard]] pool_ptr<T> make_pooled(std::pmr::polymorphic_allocator<> where, Args&&... args) {
  using plain = std::remove_cv_t<T>;
  auto* const place = where.allocate_object<plain>();
  try {
    std::uninitialized_construct_using_allocator(place, where, std::forward<Args>(args)...);
  } catch (...) {
    where.deallocate_object(place);
    throw;
  }
  return pool_ptr<T>{place, pool_delete<T>{where.resource()}};
}

}  // namespace tidemark
