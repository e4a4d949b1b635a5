// SPDX-License-Identifier: BSL-1.0
#pragma once

// The base of every pool that can be marked and rewound.
//
//        checkpoint()          rewind(m)                 keep(m)
//   ......|aaaabbbb|..    ......|.............      ......aaaabbbb|....
//         m                    m closed, memory          m closed, blocks pass
//                              is free for reuse         to the enclosing checkpoint
//
// Use it to take "any pool with marks" as an argument, or derive from it to give marks to a pool of
// your own. To open and close a checkpoint in one block of code use `memory_scope`.
//
// Thread rule: a pool says its own; a marker belongs to the thread that made it.
//
// Invariants:
//  1. A marker that does not name an open checkpoint of this pool changes nothing and is reported
//     to the misuse handler.
//  2. After `rewind(m)` and after `keep(m)` the depth is that of before `checkpoint()`.
//  3. `resource_of(m)` serves the checkpoint m however many are open above it.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <tidemark/config.hpp>
#include <tidemark/detail/thread_rule.hpp>
#include <tidemark/marker.hpp>
#include <utility>

namespace tidemark {

namespace detail {
struct scope_access;
}

class rewindable_resource : public std::pmr::memory_resource {
 public:
  /// Opens a checkpoint.
  /// Returns:       The marker that `rewind` or `keep` closes it with.
  /// Throws:        `std::bad_alloc` if its bookkeeping cannot be allocated or depth 32767 is
  ///                reached; nothing is changed then.
  [[nodiscard]] marker checkpoint(source_location where = source_location::current()) {
    return do_checkpoint(false, where);
  }

  /// Frees everything allocated at the depth of `mark` or deeper, and closes it; memory is kept for
  /// reuse. Checkpoints above it that no `memory_scope` holds are closed too, and counted.
  /// Effects:       A null, stale or foreign marker, or an open `memory_scope` above `mark`,
  ///                changes nothing and goes to the misuse handler.
  void rewind(marker mark, source_location where = source_location::current()) noexcept {
    do_rewind(mark, where);
  }

  /// Closes the checkpoint and passes its blocks to the enclosing one (at depth 1: to the pool).
  /// Effects:       As for `rewind` if `mark` cannot be closed. Checkpoints above it are kept too.
  void keep(marker mark, source_location where = source_location::current()) noexcept {
    do_keep(mark, where);
  }

  /// The resource that allocates for one checkpoint, whatever else is open above it.
  /// Returns:       A resource owned by the pool, valid until the checkpoint is closed; after
  ///                `keep` it serves the enclosing one. `std::pmr::null_memory_resource()`, after a
  ///                report, if the marker names no open checkpoint.
  std::pmr::memory_resource* resource_of(marker mark) noexcept { return do_resource_of(mark); }

  /// The same pool outside every checkpoint: what it allocates lives until it is freed, or the pool
  /// is reset or released.
  std::pmr::memory_resource* unscoped() noexcept { return do_unscoped(); }

 protected:
  rewindable_resource() = default;
  ~rewindable_resource() override = default;
  rewindable_resource(rewindable_resource const&) = delete;
  rewindable_resource& operator=(rewindable_resource const&) = delete;

  /// Returns:       A marker no other pool of the process has or will have.
  /// Thread safety: Any thread.
  static marker new_marker(std::uint32_t depth) noexcept;

  /// `scoped`: a `memory_scope` holds it, so it may not be closed from below.
  virtual marker do_checkpoint(bool scoped, source_location where) = 0;
  virtual void do_rewind(marker mark, source_location where) noexcept = 0;
  virtual void do_keep(marker mark, source_location where) noexcept = 0;
  /// Frees what the checkpoint and those above it hold; the checkpoint stays open.
  virtual void do_empty(marker mark, source_location where) noexcept = 0;
  /// The end of a `memory_scope`: rewinds or keeps. A marker that a reset of the pool has closed is
  /// no error here. With another scope open above it: reported, and closed together with that one.
  virtual void do_end_scope(marker mark, bool keep) noexcept = 0;
  virtual bool do_is_open(marker mark) const noexcept = 0;
  virtual std::pmr::memory_resource* do_resource_of(marker mark) noexcept = 0;
  virtual std::pmr::memory_resource* do_unscoped() noexcept = 0;
  /// Which checkpoint holds a block that is about to be freed: adaptors give its bytes back there.
  /// Returns:       Its depth; 0: none does. `unknown_depth` from a pool that cannot tell, and
  ///                `freed_depth` where it sees that the block is nobody's.
  virtual std::uint32_t do_depth_of(void const* block, std::size_t bytes,
                                    std::size_t alignment) const noexcept;
  static constexpr std::uint32_t unknown_depth = UINT32_MAX;
  static constexpr std::uint32_t freed_depth = UINT32_MAX - 1;

 private:
  friend struct detail::scope_access;
};

namespace detail {

/// What `resource_of` and `unscoped` of our pools return: `scratch_scope` finds the pool by it.
class bound_resource_base : public std::pmr::memory_resource {
 public:
  rewindable_resource& pool() const noexcept { return *pool_; }

 protected:
  explicit bound_resource_base(rewindable_resource& pool) noexcept : pool_(&pool) {}
  ~bound_resource_base() override = default;

 private:
  rewindable_resource* pool_;  // outlives this object, which it owns
};

/// Whether scopes call the pool's own inline functions; each of our pools says so for itself.
template <class R>
inline constexpr bool statically_bound = false;
/// Whether it is an adaptor over a pool with marks, which are its own too.
template <class R>
concept wraps_a_pool = requires(R const& adaptor) {
  { adaptor.upstream_resource() } -> std::convertible_to<rewindable_resource*>;
};
/// Whether the pool constructs objects and destroys them when their checkpoint is rewound.
template <class R>
inline constexpr bool makes_objects = false;
/// What a scope on the pool can do besides: a base class of `Scope`.
template <class R, class Scope>
struct more_verbs {};

/// The door through which scopes reach a pool's protected half.
struct scope_access {
  template <class R>
  static marker open(R& pool, source_location where) {
    if constexpr (statically_bound<R>) {
      return pool.do_checkpoint(true, where);
    } else {
      return base(pool).do_checkpoint(true, where);
    }
  }
  template <class R>
  static void end(R& pool, marker mark, bool keep) noexcept {
    if constexpr (statically_bound<R>) {
      pool.do_end_scope(mark, keep);
    } else {
      base(pool).do_end_scope(mark, keep);
    }
  }
  template <class R>
  static void empty(R& pool, marker mark, source_location where) noexcept {
    base(pool).do_empty(mark, where);
  }
  template <class R>
  static bool is_open(R const& pool, marker mark) noexcept {
    if constexpr (statically_bound<R>) {
      return pool.do_is_open(mark);
    } else {
      return static_cast<rewindable_resource const&>(pool).do_is_open(mark);
    }
  }
  /// The inline half of an allocation by the bare pool, if it has one: false if there is more to
  /// do, or it has none.
  template <class R>
  static bool take_inline(R& pool, std::size_t bytes, std::size_t alignment,
                          void*& block) noexcept {
    if constexpr (std::same_as<R, frame_resource>) {
      return pool.engine_.space.main.take_small(bytes, alignment, block);
    } else if constexpr (std::same_as<R, typed_stack_resource>) {
      return take_inline(pool.bytes_, bytes, alignment, block);
    } else if constexpr (std::same_as<R, fixed_block_resource>) {
      return pool.take_inline(bytes, alignment, block);
    } else {
      return false;
    }
  }
  /// Whether a block is the innermost checkpoint's; false where that is not seen at once.
  template <class R>
  static bool is_innermost(R const& pool, void const* block) noexcept {
    if constexpr (std::same_as<R, frame_resource>) {
      return pool.engine_.space.main.holds(static_cast<std::byte const*>(block));
    } else if constexpr (std::same_as<R, typed_stack_resource>) {
      return is_innermost(pool.bytes_, block);
    } else {
      return false;
    }
  }
  static constexpr std::uint32_t unknown_depth = rewindable_resource::unknown_depth;
  static constexpr std::uint32_t freed_depth = rewindable_resource::freed_depth;
  template <class R>
  static std::uint32_t depth_of(R const& pool, void const* block, std::size_t bytes,
                                std::size_t alignment) noexcept {
    if constexpr (statically_bound<R>) {
      return pool.do_depth_of(block, bytes, alignment);
    } else {
      auto const& base = static_cast<rewindable_resource const&>(pool);
      return base.do_depth_of(block, bytes, alignment);
    }
  }
  template <class R>
  static std::pmr::memory_resource* resource_of(R& pool, marker mark) noexcept {
    if constexpr (statically_bound<R>) {
      return pool.do_resource_of(mark);
    } else {
      return base(pool).do_resource_of(mark);
    }
  }
  template <class Scope>
  static marker mark_of(Scope const& scope) noexcept {
    return scope.mark_;
  }

  /// For the checkpoint `mark`, also of an adaptor. If it is closed the pool says so and throws.
  template <class R>
  static void* allocate(R& pool, marker mark, std::size_t bytes, std::size_t alignment) {
    if constexpr (statically_bound<R>) {
      return pool.allocate_for(mark, bytes, alignment);
    } else {
      if constexpr (wraps_a_pool<R>) {
        if (!is_open(pool, mark)) [[unlikely]]
          return allocate(*pool.upstream_resource(), mark, bytes, alignment);
      }
      return resource_of(pool, mark)->allocate(bytes, alignment);
    }
  }
  // The other verbs of a statically bound pool, for the checkpoint `mark`.
  template <class R>
  static void deallocate(R& pool, marker mark, void* block, std::size_t bytes,
                         std::size_t alignment) noexcept {
    pool.deallocate_for(mark, block, bytes, alignment);
  }
  template <class R>
  static void* try_allocate(R& pool, marker mark, std::size_t bytes,
                            std::size_t alignment) noexcept {
    return pool.try_allocate_for(mark, bytes, alignment);
  }
  template <class R>
  static bool try_expand(R& pool, marker mark, void* block, std::size_t old_bytes,
                         std::size_t new_bytes) noexcept {
    return pool.try_expand_for(mark, block, old_bytes, new_bytes);
  }
  template <class T, class R, class... Args>
  static T* make(R& pool, marker mark, Args&&... args) {
    return pool.template make_for<T>(mark, std::forward<Args>(args)...);
  }
  // Of a pool that takes typed arrays.
  template <class T, class R>
  static auto* take_array(R& pool, marker mark, std::size_t count) {
    return pool.template take_array_for<T>(mark, count);
  }
  template <class T, class R, class... Args>
  static T* make_array(R& pool, marker mark, std::size_t count, Args const&... args) {
    return pool.template make_array_for<T>(mark, count, args...);
  }

 private:
  static rewindable_resource& base(rewindable_resource& pool) noexcept { return pool; }
};

}  // namespace detail
}  // namespace tidemark
