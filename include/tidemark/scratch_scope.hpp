// SPDX-License-Identifier: BSL-1.0
#pragma once

// Scratch memory from whatever resource the caller passes.
//
//   a pool with marks              a scope on it
//   a scope, resource_of(marker)   a scope on its pool, above all that is open
//   any other resource             a frame of its own over it, which gives all back at the end
//
// Use it inside a function whose caller chooses the resource. With a pool in your hands open a
// `memory_scope`: it knows the pool's type and holds no frame.
//
// Thread rule: that of the resource; a scope belongs to the thread that opened it.
//
// Invariants:
//  1. What is allocated through a scope lives until that scope closes.
//  2. When it has closed the resource holds what it held before: nothing of the scope is left in it
//     but the memory that a pool keeps for reuse.

#include <concepts>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <tidemark/config.hpp>
#include <tidemark/detail/finalizer_list.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <type_traits>
#include <utility>

namespace tidemark {

class scratch_scope {
 public:
  /// Opens a scope.
  /// Preconditions:  `resource` outlives it.
  /// Throws:         `std::invalid_argument` if `resource` is null; `std::bad_alloc` if the
  ///                 checkpoint's bookkeeping cannot be allocated.
  /// Complexity:     A look at the type, two dynamic casts unless it is a frame's, a checkpoint.
  ///                 Upstream is asked for nothing: the frame of its own, where one is needed, lies
  ///                 in this object, which takes some 1.5 KiB of stack.
  [[nodiscard]] explicit scratch_scope(std::pmr::memory_resource* resource,
                                       source_location where = source_location::current());
  explicit scratch_scope(std::nullptr_t, source_location = {}) = delete;
  scratch_scope(scratch_scope const&) = delete;
  scratch_scope& operator=(scratch_scope const&) = delete;
  /// As that of `memory_scope`.
  ~scratch_scope();

  template <std::same_as<std::pmr::memory_resource> M>
  operator M*() const noexcept {  // NOLINT(google-explicit-constructor)
    return resource();
  }
  template <class T>
  operator std::pmr::polymorphic_allocator<T>() const noexcept {  // NOLINT
    return resource();
  }

  /// Returns:        The resource that allocates for this scope; it lives as long as the scope.
  std::pmr::memory_resource* resource() const noexcept {
    return detail::scope_access::resource_of(*pool_, mark_);
  }
  /// Returns:        The pool that is marked: the caller's, or the frame of this scope.
  rewindable_resource& pool() const noexcept { return *pool_; }

  /// Opens a scope on the same pool, above every open one.
  [[nodiscard]] scratch_scope nested(source_location where = source_location::current()) {
    return scratch_scope{*pool_, where};
  }

  /// Frees everything allocated through this scope and what is open above it; it stays open.
  /// Effects:        With a scope open above this one: reported as `out_of_order`, nothing is
  ///                 freed.
  void reset(source_location where = source_location::current()) noexcept;
  /// At its end the scope passes its blocks to the enclosing one instead of freeing them.
  /// Returns:        Whether it will. Not if the frame is its own: that ends with the scope.
  /// Remarks:        On a pool that makes no objects itself, what `make` made is destroyed at the
  ///                 end and by `reset` all the same.
  [[nodiscard]] bool keep() noexcept;
  bool is_open() const noexcept { return detail::scope_access::is_open(*pool_, mark_); }

  /// A block of this scope.
  /// Throws:         What the pool throws.
  [[nodiscard]] void* allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) {
    if (frame_ == nullptr) return resource()->allocate(bytes, alignment);
    return detail::scope_access::allocate(*frame_, mark_, bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) noexcept {
    if (frame_ == nullptr) return resource()->deallocate(block, bytes, alignment);
    detail::scope_access::deallocate(*frame_, mark_, block, bytes, alignment);
  }
  /// Returns:        As `allocate`, or null where that throws.
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept;
  /// Changes the size in place.
  /// Returns:        Whether the block now has `new_bytes`; never if the pool is no frame.
  bool try_expand(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept {
    return frame_ != nullptr &&
           detail::scope_access::try_expand(*frame_, mark_, block, old_bytes, new_bytes);
  }
  /// Constructs a T by uses-allocator construction, with the resource of this scope; its destructor
  /// runs when the scope closes, newest first.
  /// Throws:         As `allocate`, and what the constructor throws; nothing is kept then.
  template <class T, class... Args>
  T* make(Args&&... args) {
    if (frame_ == nullptr) return make_beside<T>(std::forward<Args>(args)...);
    return detail::scope_access::make<T>(*frame_, mark_, std::forward<Args>(args)...);
  }

 private:
  scratch_scope(rewindable_resource& pool, source_location where);
  template <class T, class... Args>
  T* make_beside(Args&&... args);
  void destroy_made() noexcept;

  std::optional<frame_resource> own_;  // over a resource that cannot be marked
  rewindable_resource* pool_;
  frame_resource* frame_;  // the pool if it is a frame, else null
  marker mark_;
  detail::finalizer_list made_;  // on a pool that is no frame
  bool keep_ = false;            // acted on by the destructor
};

template <class T, class... Args>
T* scratch_scope::make_beside(Args&&... args) {
  struct node {
    explicit node(void (*destroy)(detail::finalizer*) noexcept) : link{nullptr, destroy} {}
    detail::finalizer link;  // first: its address is the node's
    union {
      T object;
    };
    ~node() {}  // NOLINT(modernize-use-equals-default): of a union
  };
  std::pmr::polymorphic_allocator<> const allocator{resource()};
  auto* const place = static_cast<node*>(allocate(sizeof(node), alignof(node)));
  ::new (place) node{[](detail::finalizer* link) noexcept {
    std::destroy_at(std::addressof(reinterpret_cast<node*>(link)->object));
  }};
  try {
    std::uninitialized_construct_using_allocator(std::addressof(place->object), allocator,
                                                 std::forward<Args>(args)...);
  } catch (...) {
    deallocate(place, sizeof(node), alignof(node));
    throw;
  }
  if constexpr (!std::is_trivially_destructible_v<T>) made_.push(place->link);
  return std::addressof(place->object);
}

}  // namespace tidemark
