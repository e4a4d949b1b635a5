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

namespace tidemark {

namespace detail {

/// A parameter of a coroutine that its allocation does not look at.
struct ignored_argument {
  ignored_argument() = default;
  template <class T>
  ignored_argument(T const&) noexcept {}  // NOLINT(google-explicit-constructor)
};

}  // namespace detail

struct from_resource {
 private:
  using ignored = detail::ignored_argument;

 public:
  /// The coroutine's first parameters are `std::allocator_arg` and a resource's address, a scope
  /// or an allocator; of a member function or a lambda, the first after the object. Up to twelve
  /// more may follow.
  /// Throws:         What the resource throws, at the call of the coroutine.
  /// Remarks:        A frame that holds over-aligned variables is not aligned for them: C++20 has
  ///                 no way to ask. What it gets is alignment for `std::max_align_t`.
  // No templates: g++ 12 without optimisation warns that operator delete mismatches one.
  // NOLINTBEGIN(readability-function-size)
  static void* operator new(std::size_t bytes, std::allocator_arg_t,
                            std::pmr::polymorphic_allocator<> where, ignored = {}, ignored = {},
                            ignored = {}, ignored = {}, ignored = {}, ignored = {}, ignored = {},
                            ignored = {}, ignored = {}, ignored = {}, ignored = {}, ignored = {}) {
    return allocate(bytes, where.resource());
  }
  static void* operator new(std::size_t bytes, ignored /*object*/, std::allocator_arg_t,
                            std::pmr::polymorphic_allocator<> where, ignored = {}, ignored = {},
                            ignored = {}, ignored = {}, ignored = {}, ignored = {}, ignored = {},
                            ignored = {}, ignored = {}, ignored = {}, ignored = {}, ignored = {}) {
    return allocate(bytes, where.resource());
  }
  // NOLINTEND(readability-function-size)
  /// Refuses what would silently take the default resource: an `std::allocator_arg` that no
  /// resource follows, or too many parameters after it.
  // By an assertion: a deleted function would be passed over for the one without parameters.
  template <class Where, class... Rest>
    requires(sizeof...(Rest) > 12 ||
             !std::convertible_to<Where&, std::pmr::polymorphic_allocator<>>)
  static void* operator new(std::size_t, std::allocator_arg_t, Where&, Rest&...) {
    static_assert(sizeof...(Rest) > 12, "from_resource: a resource must follow std::allocator_arg");
    static_assert(sizeof...(Rest) <= 12,
                  "from_resource: at most 12 parameters may follow the resource");
    return allocate(0, nullptr);
  }
  template <class Object, class Where, class... Rest>
    requires(sizeof...(Rest) > 12 ||
             !std::convertible_to<Where&, std::pmr::polymorphic_allocator<>>)
  static void* operator new(std::size_t, Object const&, std::allocator_arg_t, Where& where,
                            Rest&... rest) {
    return operator new(0, std::allocator_arg, where, rest...);
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
