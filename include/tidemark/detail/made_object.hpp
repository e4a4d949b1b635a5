// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a pool makes: an object, or an array of them, behind the finalizer that destroys it.
//
//   | finalizer | object |        | finalizer, count | object 0 | object 1 | ...
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. An object whose destructor does nothing has no finalizer in front of it.
//  2. The objects of an array are destroyed last first.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <tidemark/detail/finalizer_list.hpp>
#include <type_traits>
#include <utility>

namespace tidemark::detail {

/// Where an object lies in its block, and how it ends.
template <class T>
struct made_object {
  struct node {
    finalizer link;
    alignas(T) std::byte object[sizeof(T)];
  };
  static constexpr bool trivial = std::is_trivially_destructible_v<T>;
  static constexpr std::size_t bytes = trivial ? sizeof(T) : sizeof(node);
  static constexpr std::size_t alignment = trivial ? alignof(T) : alignof(node);
  static constexpr std::size_t offset = trivial ? 0 : offsetof(node, object);

  static T* place(void* block) noexcept {
    return reinterpret_cast<T*>(static_cast<std::byte*>(block) + offset);
  }
  static void destroy(finalizer* link) noexcept { std::destroy_at(std::launder(place(link))); }
};

/// The same of `count` objects of one type.
template <class T>
struct made_array {
  struct node {
    finalizer link;
    std::size_t count;
    alignas(T) std::byte first[sizeof(T)];
  };
  static constexpr bool trivial = std::is_trivially_destructible_v<T>;
  static constexpr std::size_t alignment = trivial ? alignof(T) : alignof(node);
  static constexpr std::size_t offset = trivial ? 0 : offsetof(node, first);

  /// Returns:        Bytes of the block; SIZE_MAX if that is more than there can be. No objects
  ///                 have room for one, or their address would be that of the next block.
  static constexpr std::size_t bytes(std::size_t count) noexcept {
    if (count > (SIZE_MAX - offset) / sizeof(T)) return SIZE_MAX;
    return offset + std::max<std::size_t>(count, 1) * sizeof(T);
  }
  static T* place(void* block) noexcept {
    return reinterpret_cast<T*>(static_cast<std::byte*>(block) + offset);
  }
  static void destroy(finalizer* link) noexcept {
    destroy_last_first(place(link), reinterpret_cast<node*>(link)->count);
  }
  static void destroy_last_first(T* first, std::size_t count) noexcept {
    while (count != 0) std::destroy_at(std::launder(first + --count));
  }

  /// Constructs each object from `args` by uses-allocator construction.
  /// Effects:        Ends as soon as `has_block()` is false: a constructor gave the block back, and
  ///                 the objects in it are lost.
  /// Throws:         What a constructor throws; the objects before it are destroyed then.
  template <class HasBlock, class... Args>
  static T* construct(void* block, std::size_t count,
                      std::pmr::polymorphic_allocator<> const& allocator, HasBlock has_block,
                      Args const&... args) {
    T* const first = place(block);
    std::size_t made = 0;
    try {
      while (made < count && (std::is_trivially_copyable_v<T> || has_block())) {
        std::uninitialized_construct_using_allocator(first + made, allocator, args...);
        ++made;
      }
    } catch (...) {
      if (has_block()) destroy_last_first(first, made);
      throw;
    }
    return first;
  }
};

}  // namespace tidemark::detail
