// SPDX-License-Identifier: BSL-1.0
#pragma once

// A mark on a pool that closes itself at the brace.
//
//   memory_scope request{pool};                 |rrrr
//   {
//     memory_scope scratch{pool};               |rrrr|ssssss
//     rows.push_back(...);  // lives in request  |rrrr|ssssss      rr (beside: a side chunk)
//   }                                           |rrrr             rr
//
// Use it wherever memory falls back together: a request, a frame, a reading that may fail. Do not
// use it for memory that leaves the block; copy that out (`with_scope`) or `keep` it.
//
// Thread rule: that of the pool; a scope belongs to the thread that opened it.
//
// Invariants:
//  1. What is allocated through a scope lives until that scope closes, whatever is opened and
//     closed above it in the meantime.
//  2. While a scope is open nothing below it can close it but the pool's own reset and release.

#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <tidemark/config.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/this_thread_stack.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <utility>

namespace tidemark {

template <std::derived_from<rewindable_resource> R>
class memory_scope : public detail::more_verbs<R, memory_scope<R>> {
 public:
  using pool_type = R;

  /// Opens a checkpoint on `pool`.
  /// Throws:       `std::bad_alloc` if the checkpoint's bookkeeping cannot be allocated.
  [[nodiscard]] explicit memory_scope(R& pool, source_location where = source_location::current())
      : pool_(pool), mark_(detail::scope_access::open(pool, where)) {}
  /// Opens a checkpoint on `this_thread_stack()`: `stack_scope s;`
  [[nodiscard]] explicit memory_scope(source_location where = source_location::current())
    requires std::same_as<R, typed_stack_resource>
      : memory_scope(this_thread_stack(), where) {}
  memory_scope(memory_scope const&) = delete;
  memory_scope& operator=(memory_scope const&) = delete;

  /// Rewinds, or keeps if `keep` was called. With another scope open above it: reported as
  /// `out_of_order`, and closed together with that one. After a reset of the pool: nothing.
  ~memory_scope() { detail::scope_access::end(pool_, mark_, keep_); }

  /// A scope is a resource wherever one is taken. Templates, because a plain conversion to a
  /// pointer would also make `vector<bool> v{scope}` and `delete scope` compile.
  template <std::same_as<std::pmr::memory_resource> M>
  operator M*() const noexcept {  // NOLINT(google-explicit-constructor)
    return resource();
  }
  template <class T>
  operator std::pmr::polymorphic_allocator<T>() const noexcept {  // NOLINT
    return resource();
  }

  /// Returns:      The resource that allocates for this scope; the pool owns it.
  std::pmr::memory_resource* resource() const noexcept {
    return detail::scope_access::resource_of(pool_, mark_);
  }
  R& pool() const noexcept { return pool_; }

  /// Opens a scope on the same pool, above every open one.
  [[nodiscard]] memory_scope nested(source_location where = source_location::current()) {
    return memory_scope{pool_, where};
  }

  /// Frees everything allocated through this scope and what is open above it; it stays open.
  /// Effects:      With a scope open above this one: reported as `out_of_order`, nothing changes.
  void reset(source_location where = source_location::current()) noexcept {
    detail::scope_access::empty(pool_, mark_, where);
  }
  /// At its end the scope passes its blocks to the enclosing one instead of freeing them.
  void keep() noexcept { keep_ = true; }
  bool is_open() const noexcept { return detail::scope_access::is_open(pool_, mark_); }

  /// The pool's verbs, bound to this scope: the pool's contract holds. They cost one compare more
  /// than on the pool itself while this scope is the innermost.
  [[nodiscard]] void* allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) {
    return detail::scope_access::allocate(pool_, mark_, bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) noexcept {
    if constexpr (detail::statically_bound<R>) {
      detail::scope_access::deallocate(pool_, mark_, block, bytes, alignment);
    } else {
      resource()->deallocate(block, bytes, alignment);
    }
  }
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept
    requires requires(R& pool) { pool.try_allocate(bytes, alignment); }
  {
    if constexpr (detail::statically_bound<R>) {
      return detail::scope_access::try_allocate(pool_, mark_, bytes, alignment);
    } else {
      try {
        return detail::scope_access::allocate(pool_, mark_, bytes, alignment);
      } catch (...) {  // an adaptor's, whatever it throws: there is no memory
        return nullptr;
      }
    }
  }
  bool try_expand(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept
    requires detail::statically_bound<R>
  {
    return detail::scope_access::try_expand(pool_, mark_, block, old_bytes, new_bytes);
  }
  template <class T, class... Args>
  T* make(Args&&... args)
    requires detail::makes_objects<R>
  {
    return detail::scope_access::make<T>(pool_, mark_, std::forward<Args>(args)...);
  }

 private:
  friend struct detail::scope_access;
  friend class array_verbs<memory_scope>;

  template <class T>
  auto* take_array(std::size_t count) {
    return detail::scope_access::take_array<T>(pool_, mark_, count);
  }
  template <class T, class... Args>
  T* make_array(std::size_t count, Args const&... args) {
    return detail::scope_access::make_array<T>(pool_, mark_, count, args...);
  }

  R& pool_;
  marker mark_;
  bool keep_ = false;  // acted on by the destructor
};

template <std::derived_from<rewindable_resource> R>
memory_scope(R&) -> memory_scope<R>;
template <std::derived_from<rewindable_resource> R>
memory_scope(R&, source_location) -> memory_scope<R>;

using frame_scope = memory_scope<frame_resource>;
using stack_scope = memory_scope<typed_stack_resource>;

}  // namespace tidemark
