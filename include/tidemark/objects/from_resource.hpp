// SPDX-License-Identifier: BSL-1.0
#pragma once

// The base of a coroutine's promise that puts the coroutine's frame into a resource.
//
//   struct promise_type : tidemark::from_resource { ... };
//   task parse(std::allocator_arg_t, std::pmr::memory_resource*, std::string_view text);
//
//   | frame of the coroutine ... | resource |      the resource is noted behind the frame
//
// Use it where coroutines are made often, in a scope that outlives them. The compiler may need no
// memory at all: it may place the frame in its caller's.
//
// Thread rule: that of the resource.
//
// Invariants:
//  1. The frame goes back to the resource it came from, in the size it was asked for.
//  2. No promise holds state for this, so promises of any kind may have the base.

#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <type_traits>

namespace tidemark {

struct from_resource {
  /// The coroutine's first parameters are `std::allocator_arg` and a resource's address, a scope,
  /// or an allocator; of a member function or a lambda, the first after the object. Throws: What
  /// the resource throws, at the call of the coroutine. Remarks:        A frame that holds
  /// over-aligned variables is not aligned for them: C++20 has no
  ///                 way to ask. What it gets is alignment for `std::max_align_t`.
  template <class... Rest>
  static void* operator new(std::size_t bytes, std::allocator_arg_t,
                            std::pmr::polymorphic_allocator<> where, Rest const&...) {
    return allocate(bytes, where.resource());
  }
  template <class Object, class... Rest>
    requires(!std::same_as<std::remove_cvref_t<Object>, std::allocator_arg_t>)
  static void* operator new(std::size_t bytes, Object const&, std::allocator_arg_t,
                            std::pmr::polymorphic_allocator<> where, Rest const&...) {
    return allocate(bytes, where.resource());
  }
  /// A coroutine that is given no resource: the default one.
  static void* operator new(std::size_t bytes) {
    return allocate(bytes, std::pmr::get_default_resource());
  }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    std::pmr::memory_resource* resource;
    std::memcpy(&resource, static_cast<std::byte*>(frame) + bytes, sizeof(resource));
    resource->deallocate(frame, bytes + sizeof(resource));
  }

 private:
  static void* allocate(std::size_t bytes, std::pmr::memory_resource* resource) {
    void* const frame = resource->allocate(bytes + sizeof(resource));
    // By bytes: a frame's size need not divide a pointer's.
    std::memcpy(static_cast<std::byte*>(frame) + bytes, &resource, sizeof(resource));
    return frame;
  }
};

}  // namespace tidemark
