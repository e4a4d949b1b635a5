// SPDX-License-Identifier: BSL-1.0
#pragma once

// Blocks of one size that come and go in any order, with marks.
//
//   slab  | header, stamps | block | block | block | fresh ...      free -> block -> block
//
//   pool.allocate(64)      a block of the pool: lives until it is freed
//   scope.allocate(64)     a block of the scope: freed by it, or when the scope closes
//
// Use it for list and tree nodes, components, messages: objects of one type that die in any order.
// Do not use it for memory that dies together, which a frame serves faster, nor for sizes that
// vary: there `thread_local_resource` has a class for each.
//
// Thread rule: one thread at a time; the thread that opened the outermost checkpoint, while one is
// open. With none open a pool may be handed over.
//
// Invariants:
//  1. The bare pool and `unscoped()` allocate for no checkpoint, so what lives in the pool is not
//     hit by scopes that others open. A scope, or `resource_of`, allocates for its own.
//  2. A rewind frees exactly the blocks that were taken for its checkpoint, or one above it, and
//     are live. It calls no upstream and throws nothing.
//  3. A request of more bytes or alignment than the blocks have gets a block of its own from
//     upstream, or is refused if the options say so.
//  4. What upstream gave, headers and bookkeeping included, never exceeds `limit_bytes`.
//
// Source: Bonwick's slabs with intrusive free lists; see detail/block_engine.hpp.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <tidemark/config.hpp>
#include <tidemark/detail/block_heap.hpp>
#include <tidemark/detail/pool_object.hpp>
#include <tidemark/error.hpp>
#include <tidemark/fixed_block_options.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/stats.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <utility>

namespace tidemark {

class fixed_block_resource;

namespace detail {

class block_checks;  // level 1

/// The resource of one checkpoint of a fixed-block pool; the pool owns it.
class fixed_scope_resource final : public bound_resource_base, public scope_binding {
 public:
  explicit fixed_scope_resource(fixed_block_resource& pool) noexcept;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override;

  fixed_block_resource& owner_;
};

template <>
inline constexpr bool statically_bound<fixed_block_resource> = true;

}  // namespace detail

class fixed_block_resource final : public rewindable_resource {
 public:
  /// Constructors ask upstream for nothing; the first allocation does. A null `upstream` of run
  /// time means the default one.
  fixed_block_resource() noexcept : fixed_block_resource(fixed_block_options{}) {}
  explicit fixed_block_resource(std::pmr::memory_resource* upstream) noexcept
      : fixed_block_resource(fixed_block_options{}, upstream) {}
  explicit fixed_block_resource(fixed_block_options const& options,
                                std::pmr::memory_resource* upstream = default_upstream()) noexcept;
  explicit fixed_block_resource(std::nullptr_t) = delete;
  fixed_block_resource(fixed_block_options const&, std::nullptr_t) = delete;
  /// Returns all memory; runs no destructors.
  ~fixed_block_resource() override;

  /// A block for no checkpoint.
  /// Returns:        `bytes` (0 is legal and unique) at any power-of-two `alignment`.
  /// Throws:         `resource_exhausted` at the limit, or where larger blocks are refused; what
  ///                 upstream throws otherwise. Nothing is changed then.
  /// Complexity:     O(1); a group of slabs from upstream when no block is free.
  [[nodiscard, gnu::returns_nonnull, gnu::alloc_size(2), gnu::alloc_align(3)]] void* allocate(
      std::size_t bytes, std::size_t alignment = alignof(std::max_align_t));
  /// Frees a block of the pool or of any of its checkpoints.
  /// Preconditions:  `bytes` and `alignment` are those of the allocation.
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) noexcept;
  /// Returns:        As `allocate`, or null where that throws.
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept;
  /// Changes the size in place.
  /// Returns:        Whether the block now has `new_bytes`: it fits the pool's blocks before and
  ///                 after, or is a block of its own that has the room and still does not fit them.
  bool try_expand(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept;

  /// Constructs a T in a block of no checkpoint, by uses-allocator construction with this pool.
  /// Throws:         As `allocate`, and what the constructor throws; the block is free then.
  template <class T, class... Args>
  [[nodiscard]] T* new_object(Args&&... args) {
    return detail::new_object<T>(*this, std::forward<Args>(args)...);
  }
  /// Destroys the object and frees its block. Null is legal.
  template <class T>
  void delete_object(T* object) noexcept {
    detail::delete_object(*this, object);
  }

  /// The base's contract, without a virtual call.
  [[nodiscard]] marker checkpoint(source_location where = source_location::current()) {
    return do_checkpoint(false, where);
  }
  void rewind(marker mark, source_location where = source_location::current()) noexcept {
    do_rewind(mark, where);
  }

  /// Closes every checkpoint and frees every block, whoever holds it; memory is kept for reuse.
  /// Complexity:     O(slabs + larger blocks).
  void reset() noexcept;
  /// As `reset`, and returns all memory upstream but the bookkeeping of checkpoints.
  void release() noexcept;
  /// Returns slabs without a live block upstream, and larger blocks that were rewound.
  /// Returns:        Bytes returned.
  /// Complexity:     O(free blocks + slabs).
  std::size_t trim() noexcept;

  std::uint32_t depth() const noexcept { return heap_.engine.depth(); }
  std::string_view name() const noexcept { return name_; }
  std::pmr::memory_resource* upstream_resource() const noexcept { return account_.upstream(); }
  /// Returns:        Bytes of a block; 0 before the first request said it.
  std::size_t block_bytes() const noexcept { return heap_.engine.info(0).layout.block_bytes; }
  /// Remarks:        `bytes_peak` adds the peak of the pool's blocks and that of larger ones.
  /// Complexity:     O(1).
  resource_stats stats() const noexcept;

 private:
  friend struct detail::scope_access;
  friend class detail::fixed_scope_resource;
  friend class detail::block_checks;
  class ruled;

  void* do_allocate(std::size_t n, std::size_t a) override { return allocate(n, a); }
  void do_deallocate(void* p, std::size_t n, std::size_t a) override { deallocate(p, n, a); }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
  marker do_checkpoint(bool scoped, source_location where) override;
  void do_rewind(marker mark, source_location where) noexcept override;
  void do_keep(marker mark, source_location where) noexcept override;
  void do_empty(marker mark, source_location where) noexcept override;
  void do_end_scope(marker mark, bool keep) noexcept override;
  bool do_is_open(marker mark) const noexcept override {
    return heap_.engine.is_open(detail::marker_access::serial(mark),
                                detail::marker_access::depth(mark));
  }
  std::pmr::memory_resource* do_resource_of(marker mark) noexcept override;
  std::pmr::memory_resource* do_unscoped() noexcept override { return this; }
  std::uint32_t do_depth_of(void const* block, std::size_t bytes,
                            std::size_t alignment) const noexcept override;

  // The verbs of memory_scope.
  void* allocate_for(marker mark, std::size_t bytes, std::size_t alignment) {
    void* block;
    if (do_is_open(mark) && take_for(detail::marker_access::depth(mark), bytes, alignment, block))
        [[likely]] {
      return block;
    }
    return allocate_for_slow(mark, bytes, alignment);
  }
  void deallocate_for(marker, void* block, std::size_t bytes, std::size_t alignment) noexcept {
    deallocate(block, bytes, alignment);
  }
  void* try_allocate_for(marker mark, std::size_t bytes, std::size_t alignment) noexcept;
  bool try_expand_for(marker mark, void* block, std::size_t old_bytes,
                      std::size_t new_bytes) noexcept {
    return do_is_open(mark) && try_expand(block, old_bytes, new_bytes);
  }

  // Zero bytes wrap, and are slow.
  bool is_pooled(std::size_t bytes, std::size_t alignment) const noexcept {
    return bytes - 1 < pooled_bytes_ && alignment <= pooled_alignment_;
  }
  // The inline half of an allocation for none.
  bool take_inline(std::size_t bytes, std::size_t alignment, void*& block) noexcept {
    detail::free_block* const head = blocks_.head;
    if (!is_pooled(bytes, alignment) || head == nullptr) return false;
    blocks_.head = head->next;
    blocks_.live.add(1);
    block = head;
    return true;
  }
  // The inline half of an allocation for a checkpoint.
  bool take_for(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                void*& block) noexcept {
    return is_pooled(bytes, alignment) &&
           heap_.engine.take_free_for(depth, blocks_, slab_bytes_, 0, block);
  }
  // What fits the blocks of a pool, whether it is checked or not.
  bool fits(std::size_t bytes, std::size_t alignment) const noexcept;
  std::size_t red_zone() const noexcept;  // bytes behind each block
  void adopt_size(std::size_t bytes, std::size_t alignment) noexcept;

  [[gnu::noinline]] void* allocate_slow(std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void* allocate_for_slow(marker mark, std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void* allocate_bound(detail::scope_binding& binding, std::size_t bytes,
                                         std::size_t alignment);
  [[gnu::noinline]] void deallocate_slow(void* block, std::size_t bytes,
                                         std::size_t alignment) noexcept;
  // A free through the resource of a checkpoint that may be closed.
  [[gnu::noinline]] void deallocate_bound(detail::scope_binding& binding, void* block,
                                          std::size_t bytes, std::size_t alignment) noexcept;
  [[gnu::cold, gnu::noinline]] marker checkpoint_slow(bool scoped, source_location where);
  [[gnu::noinline]] void rewind_slow(marker mark, source_location where) noexcept;
  [[gnu::noinline]] void end_scope_slow(marker mark, bool keep) noexcept;

  // `caller`: the return address of the public call, for the reports of a checked pool.
  void* allocate_at(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                    void const* caller);
  void* take_at(std::uint32_t depth, std::size_t bytes, std::size_t alignment, void const* caller);
  void free_at(void* block, std::size_t bytes, std::size_t alignment) noexcept;
  bool resize(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept;
  void reset_all(void const* caller) noexcept;
  void forget_size() noexcept;
  [[noreturn]] void refuse(std::size_t bytes) const;
  [[noreturn]] void refuse_closed(marker mark, void const* caller);
  void report(misuse bug, void const* caller) const noexcept;

  // Hot, and together.
  detail::block_class blocks_;
  std::size_t pooled_bytes_ = 0;  // of a checked pool, and before the first request: 0
  std::size_t pooled_alignment_ = 0;
  std::size_t slab_bytes_ = 1;
  detail::block_heap heap_;
  detail::upstream_account account_;
  detail::block_class_info info_;
  fixed_block_options options_;  // its name is not used
  std::size_t late_frees_ = 0;
  detail::block_checks* checks_ = nullptr;  // of a checked pool; made by its first slow half
  resource_name name_;
  detail::fixed_scope_resource bound_[detail::block_engine::inline_records];
};

inline void* fixed_block_resource::allocate(std::size_t bytes, std::size_t alignment) {
  void* block;
  if (take_inline(bytes, alignment, block)) [[likely]]
    return block;
  return allocate_slow(bytes, alignment);
}

inline void fixed_block_resource::deallocate(void* block, std::size_t bytes,
                                             std::size_t alignment) noexcept {
  if (!is_pooled(bytes, alignment)) [[unlikely]]
    return deallocate_slow(block, bytes, alignment);
  if (heap_.engine.depth() != 0) detail::slab_of(block, slab_bytes_)->stamp_of(block) = 0;
  auto* const freed = ::new (block) detail::free_block{blocks_.head};
  blocks_.head = freed;
  blocks_.live.subtract(1);
}

inline marker fixed_block_resource::do_checkpoint(bool scoped, source_location where) {
  if (!heap_.engine.can_open()) [[unlikely]]
    return checkpoint_slow(scoped, where);
  std::uint64_t const serial = heap_.engine.open(scoped, where);
  return detail::marker_access::make(serial, heap_.engine.depth(), heap_.engine.origin());
}

inline void fixed_block_resource::do_rewind(marker mark, source_location where) noexcept {
  if (detail::marker_access::serial(mark) == heap_.engine.top_serial() &&
      heap_.engine.is_top_plain()) [[likely]] {
    return heap_.engine.pop_plain();
  }
  rewind_slow(mark, where);
}

inline void fixed_block_resource::do_end_scope(marker mark, bool keep) noexcept {
  if (detail::marker_access::serial(mark) == heap_.engine.top_serial() && !keep &&
      heap_.engine.is_top_plain()) [[likely]] {
    return heap_.engine.pop_plain();
  }
  end_scope_slow(mark, keep);
}

}  // namespace tidemark
