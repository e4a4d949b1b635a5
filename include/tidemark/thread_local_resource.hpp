// SPDX-License-Identifier: BSL-1.0
#pragma once

// A pool for many threads: each has blocks of all sizes to itself, with marks.
//
//   thread 1   heap: 8 16 24 ... 32768      free by thread 2  --> its remote list
//   thread 2   heap: 8 16 24 ... 32768
//   ended      heap  --> whole to the next thread that comes
//
// Use it instead of `std::pmr::synchronized_pool_resource` and of `unsynchronized_pool_resource`,
// wherever blocks of many sizes come and go. Do not use it for blocks of one size in one thread,
// where `fixed_block_resource` is smaller, nor for memory that dies together.
//
// Thread rule: any thread. A block may be freed by any thread. Checkpoints are of the thread that
// opened them, and only that may close them or allocate for them. `reset`, `release` and the
// destructor want that no other thread uses the pool; threads that used it may live on.
//
// Invariants:
//  1. The bare pool and `unscoped()` allocate for no checkpoint. A scope, or `resource_of`,
//     allocates for its own.
//  2. A rewind frees exactly the blocks that were taken for its checkpoint, or one above it, and
//     are live, whichever thread freed the others. It calls no upstream and throws nothing.
//  3. Blocks of up to `largest_pooled_bytes` are at most a quarter larger than asked for, from 32
//     bytes on. Larger ones, and those with an alignment of more than 4096, are upstream's.
//  4. A thread that ends leaves its memory and its live blocks to the next one; its open
//     checkpoints end there, and their blocks live until they are freed.
//  5. No call but the first of a thread, and those that need memory from upstream, waits for
//     another thread.
//
// Source: thread heaps with deferred remote frees of mimalloc; the scopes are ours, see
// detail/block_engine.hpp and detail/thread_heap.hpp.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <tidemark/config.hpp>
#include <tidemark/detail/pool_object.hpp>
#include <tidemark/detail/thread_heap.hpp>
#include <tidemark/detail/thread_slots.hpp>
#include <tidemark/error.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/stats.hpp>
#include <tidemark/thread_local_options.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <utility>

namespace tidemark {

class thread_local_resource;

namespace detail {

class local_heap;     // a thread_heap with what a thread_local_resource keeps of it
class thread_checks;  // level 1

template <>
inline constexpr bool statically_bound<thread_local_resource> = true;

}  // namespace detail

class thread_local_resource final : public rewindable_resource {
 public:
  /// Constructors ask upstream for nothing; the first allocation does. A null `upstream` of run
  /// time means the default one. Upstream may be called by any thread.
  thread_local_resource() noexcept : thread_local_resource(thread_local_options{}) {}
  explicit thread_local_resource(std::pmr::memory_resource* upstream) noexcept
      : thread_local_resource(thread_local_options{}, upstream) {}
  explicit thread_local_resource(thread_local_options const& options,
                                 std::pmr::memory_resource* upstream = default_upstream()) noexcept;
  /// As std's pools; `max_blocks_per_chunk` means nothing here.
  explicit thread_local_resource(std::pmr::pool_options const& options,
                                 std::pmr::memory_resource* upstream = default_upstream()) noexcept;
  explicit thread_local_resource(std::nullptr_t) = delete;
  thread_local_resource(thread_local_options const&, std::nullptr_t) = delete;
  thread_local_resource(std::pmr::pool_options const&, std::nullptr_t) = delete;
  /// Returns all memory; runs no destructors. A checkpoint that another thread has open is
  /// reported as `outlived`, but not in a child of `fork`, which does not have that thread.
  ~thread_local_resource() override;

  /// A block for no checkpoint.
  /// Returns:        `bytes` (0 is legal and unique) at any power-of-two `alignment`.
  /// Throws:         `resource_exhausted` at the limit, what upstream throws otherwise,
  ///                 `std::bad_alloc` if the thread cannot be known. Nothing is changed then.
  /// Complexity:     O(1), and without atomic operations, where the thread has a free block.
  /// Thread safety:  Any thread.
  // Not inline, and neither are the virtual halves: a coroutine could otherwise keep the address of
  // this thread's slot across a suspension that it leaves on another thread.
  [[nodiscard, gnu::returns_nonnull, gnu::alloc_size(2), gnu::alloc_align(3)]] void* allocate(
      std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    return thread_local_resource::do_allocate(bytes, alignment);
  }
  /// Frees a block of any thread and of any checkpoint.
  /// Preconditions:  `bytes` and `alignment` are those of the allocation.
  /// Complexity:     O(1), and without atomic operations if the block is the thread's own. Else
  ///                 one compare-and-swap, whatever the number of threads; the memory is reused
  ///                 when the block's thread, or its heir, needs it.
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) noexcept {
    thread_local_resource::do_deallocate(block, bytes, alignment);
  }
  /// Returns:        As `allocate`, or null where that throws.
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept;
  /// Changes the size in place.
  /// Returns:        Whether the block now has `new_bytes`: both sizes are of one class, or the
  ///                 block is larger than all of them, before and after, and upstream gave as much.
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

  /// Closes all checkpoints of all threads and frees every block; memory is kept for reuse.
  /// Complexity:     O(threads * classes + slabs + larger blocks).
  /// Thread safety:  No other thread uses the pool.
  void reset() noexcept;
  /// As `reset`, and returns all memory upstream but the bookkeeping of threads and checkpoints.
  /// Thread safety:  No other thread uses the pool.
  void release() noexcept;
  /// Returns upstream what lies idle in the heaps of this thread and of those that ended. Other
  /// threads do it for theirs the next time that they need memory.
  /// Returns:        Bytes returned by this call.
  /// Complexity:     O(free blocks + slabs) of those heaps.
  /// Thread safety:  Any thread.
  std::size_t trim() noexcept;

  /// Of the calling thread.
  std::uint32_t depth() const noexcept;
  std::string_view name() const noexcept { return name_; }
  std::pmr::memory_resource* upstream_resource() const noexcept { return account_.upstream(); }
  /// Returns:        Sums over all threads; `depth` is that of the calling one. `bytes_peak` adds
  ///                 the peaks of all sizes and threads, which need not have been at one time.
  ///                 Exact while no thread uses the pool.
  /// Complexity:     O(threads).
  /// Thread safety:  Any thread.
  resource_stats stats() const noexcept;

 private:
  friend struct detail::scope_access;
  friend class detail::local_heap;
  friend class detail::thread_checks;
  class ruled;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
  marker do_checkpoint(bool scoped, source_location where) override;
  void do_rewind(marker mark, source_location where) noexcept override;
  void do_keep(marker mark, source_location where) noexcept override;
  void do_empty(marker mark, source_location where) noexcept override;
  void do_end_scope(marker mark, bool keep) noexcept override;
  bool do_is_open(marker mark) const noexcept override;
  std::pmr::memory_resource* do_resource_of(marker mark) noexcept override;
  std::pmr::memory_resource* do_unscoped() noexcept override { return this; }
  std::uint32_t do_depth_of(void const* block, std::size_t bytes,
                            std::size_t alignment) const noexcept override;

  // The verbs of memory_scope.
  void* allocate_for(marker mark, std::size_t bytes, std::size_t alignment);
  void deallocate_for(marker, void* block, std::size_t bytes, std::size_t alignment) noexcept {
    deallocate(block, bytes, alignment);
  }
  void* try_allocate_for(marker mark, std::size_t bytes, std::size_t alignment) noexcept;
  bool try_expand_for(marker mark, void* block, std::size_t old_bytes,
                      std::size_t new_bytes) noexcept {
    return do_is_open(mark) && try_expand(block, old_bytes, new_bytes);
  }

  // Whether blocks of that size come from classes; `last`: of detail/size_classes.hpp.
  bool is_pooled(std::size_t last, std::size_t alignment) const noexcept {
    return last < largest_pooled_bytes_ && alignment <= detail::size_classes::largest_alignment;
  }
  // Of the calling thread; null if it has none.
  detail::local_heap* known_heap() const noexcept;
  // It gets one.
  detail::local_heap& heap();
  detail::local_heap& make_heap();
  // Takes back the heap of this thread if it is as it was made, after its first block failed.
  void unmake_heap(detail::local_heap& heap) noexcept;
  void destroy(detail::local_heap& heap) noexcept;
  [[gnu::noinline]] void* allocate_slow(std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void deallocate_slow(void* block, std::size_t bytes,
                                         std::size_t alignment) noexcept;
  [[gnu::noinline]] void* allocate_for_slow(marker mark, std::size_t bytes, std::size_t alignment,
                                            void const* caller);
  // `caller`: the return address of the public call, for the reports of a checked pool.
  void* allocate_at(detail::local_heap& heap, std::uint32_t depth, std::size_t bytes,
                    std::size_t alignment, void const* caller);
  void* take_at(detail::local_heap& heap, std::uint32_t depth, std::size_t bytes,
                std::size_t alignment, void const* caller);
  void free_at(void* block, std::size_t bytes, std::size_t alignment) noexcept;
  bool resize(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept;
  void return_excess(detail::local_heap& heap) noexcept;
  std::size_t trim_orphans() noexcept;
  static void end_of_thread(detail::slot_owner& owner, void* heap) noexcept;
  static detail::slab_group* donate(void* pool_asked, std::size_t which) noexcept;
  void reset_all(void const* caller) noexcept;
  // Whether the marker is of another thread's heap.
  bool is_elsewhere(marker mark) const noexcept;
  // Reports a marker that the rules of `own`, the calling thread's, do not know of.
  bool refuse_elsewhere(detail::local_heap const* own, marker mark, source_location where,
                        void const* caller) const noexcept;
  [[noreturn]] void refuse(std::size_t bytes) const;
  void report(misuse bug, void const* caller) const noexcept;

  /// What threads know the pool by.
  struct threads : detail::slot_owner {
    explicit threads(thread_local_resource& owner) noexcept
        : slot_owner(&thread_local_resource::end_of_thread), pool(owner) {}
    thread_local_resource& pool;
  };

  threads threads_;
  std::size_t small_limit_ = 0;  // sizes below are served inline; of a checked pool: none
  std::size_t largest_pooled_bytes_;
  std::size_t max_idle_bytes_;
  detail::upstream_account account_;
  // Guarded by threads_.mutex():
  detail::local_heap* all_ = nullptr;      // by next_of_all
  detail::local_heap* orphans_ = nullptr;  // of threads that ended, by next_orphan
  bool checked_;
  std::int32_t process_;  // that made it; a child of fork lacks the threads of its parent
  resource_name name_;
};

}  // namespace tidemark
