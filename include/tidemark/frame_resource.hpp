// SPDX-License-Identifier: BSL-1.0
#pragma once

// A bump arena with marks.
//
//   | request's blocks | scratch's blocks |  free  |      one cursor; closing a scope moves it back
//   ^                  ^                  ^
//   memory_scope       memory_scope       cursor
//
// Use it for memory that dies together: a frame, a request, a parse. Do not use it for blocks that
// come and go in any order; there a block pool reuses what is freed.
//
// Thread rule: one thread at a time; the thread that opened the outermost checkpoint, while one is
// open. With none open a frame may be handed over.
//
// Invariants:
//  1. The bare pool allocates for the innermost open checkpoint; a scope, or `resource_of`, for its
//     own; `unscoped()` for none. A checkpoint's blocks live until it closes.
//  2. Only the newest block of a scope is popped, expanded or shrunk in place, and arrays of 2 KiB
//     and more are reused within their scope; other frees do nothing until the scope closes.
//  3. A rewind calls no upstream and throws nothing. Chunks are kept, so the second of two equal
//     frames asks upstream for nothing.
//  4. What upstream gave, headers and bookkeeping included, never exceeds `limit_bytes`.
//
// Source: obstacks, LLVM's BumpPtrAllocator, protobuf's arenas; see detail/frame_space.hpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string_view>
#include <tidemark/config.hpp>
#include <tidemark/detail/frame_engine.hpp>
#include <tidemark/detail/made_object.hpp>
#include <tidemark/error.hpp>
#include <tidemark/frame_options.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/stats.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <tidemark/upstream/page_resource.hpp>
#include <type_traits>
#include <utility>

namespace tidemark {

class frame_resource;

namespace detail {

class frame_checks;      // level 1
class frame_quarantine;  // frames that are over

/// The resource of one checkpoint of a frame; the frame owns it.
class frame_scope_resource final : public bound_resource_base, public scope_binding {
 public:
  /// `owner`: the pool that the frame is a part of; null: none.
  frame_scope_resource(frame_resource& frame, rewindable_resource* owner) noexcept;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override;

  frame_resource& frame_;
};

template <>
inline constexpr bool statically_bound<frame_resource> = true;
template <>
inline constexpr bool makes_objects<frame_resource> = true;

}  // namespace detail

class frame_resource final : public rewindable_resource {
 public:
  /// Constructors ask upstream for nothing; the first allocation does. A null `upstream` of run
  /// time means the default one.
  frame_resource() noexcept : frame_resource(frame_options{}) {}
  explicit frame_resource(std::pmr::memory_resource* upstream) noexcept
      : frame_resource(frame_options{}, upstream) {}
  explicit frame_resource(std::size_t initial_bytes,
                          std::pmr::memory_resource* upstream = default_upstream()) noexcept
      : frame_resource(frame_options{.initial_bytes = initial_bytes}, upstream) {}
  explicit frame_resource(frame_options const& options,
                          std::pmr::memory_resource* upstream = default_upstream()) noexcept
      : frame_resource(options, upstream, nullptr) {}
  /// Starts in the caller's buffer, which is not counted in `limit_bytes` and never freed.
  /// Preconditions:  The buffer outlives the frame.
  frame_resource(void* buffer, std::size_t bytes,
                 std::pmr::memory_resource* upstream = default_upstream()) noexcept;
  explicit frame_resource(std::span<std::byte> buffer,
                          std::pmr::memory_resource* upstream = default_upstream()) noexcept
      : frame_resource(buffer.data(), buffer.size(), upstream) {}
  template <class... Rest>
  frame_resource(std::nullptr_t, Rest const&...) = delete;
  frame_resource(std::size_t, std::nullptr_t) = delete;
  frame_resource(frame_options const&, std::nullptr_t) = delete;
  frame_resource(std::pmr::memory_resource*, std::size_t) = delete;  // not a buffer
  /// Runs the destructors of what `make` made and returns all memory.
  ~frame_resource() override;

  /// A block for the innermost open checkpoint.
  /// Returns:        `bytes` (0 is legal and unique) at any power-of-two `alignment`.
  /// Throws:         `resource_exhausted` at the limit, what upstream throws otherwise; nothing is
  ///                 changed then.
  /// Complexity:     O(1); a chunk from upstream when the kept ones are used up.
  [[nodiscard, gnu::returns_nonnull, gnu::alloc_size(2), gnu::alloc_align(3)]] void* allocate(
      std::size_t bytes, std::size_t alignment = alignof(std::max_align_t));
  /// Pops the block if it is the newest; recycles it if it has 2 KiB or more; else nothing, as for
  /// a block of another scope, or of none, which is counted.
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) noexcept;
  /// Returns:        As `allocate`, or null where that throws.
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept;
  /// Changes the size in place: of the newest block, or of one with a chunk of its own.
  /// Returns:        Whether the block now has `new_bytes`. Shrinking always succeeds.
  bool try_expand(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept;

  /// Constructs a T for the innermost open checkpoint by uses-allocator construction, with the
  /// resource of that checkpoint; its destructor runs when the checkpoint closes, newest first.
  /// Throws:         As `allocate`, and what the constructor throws; nothing is kept then.
  template <class T, class... Args>
  T* make(Args&&... args) {
    return make_at<T>(engine_.top_serial(), engine_.depth(), std::forward<Args>(args)...);
  }

  /// The base's contract, without a virtual call.
  [[nodiscard]] marker checkpoint(source_location where = source_location::current()) {
    return do_checkpoint(false, where);
  }
  void rewind(marker mark, source_location where = source_location::current()) noexcept {
    do_rewind(mark, where);
  }

  /// Closes every checkpoint and frees everything; memory is kept for reuse.
  /// Complexity:     O(1 + chunks + destructors).
  void reset() noexcept;
  /// As `reset`, and returns every chunk upstream. The bookkeeping of depths over 4 stays until the
  /// end of the frame, because resources of closed scopes may still be asked.
  void release() noexcept;
  /// Returns idle chunks upstream; legal at any time, blocks stay where they are.
  /// Returns:        Bytes given back.
  std::size_t trim() noexcept;
  /// Replaces a chain of several chunks by one that holds as much, so that the next frame is
  /// contiguous. Nothing happens unless the frame is empty, with no checkpoint open.
  /// Throws:         As `allocate`; nothing is changed then.
  void coalesce();

  std::uint32_t depth() const noexcept { return engine_.depth(); }
  std::string_view name() const noexcept { return name_; }
  std::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }
  /// Complexity:     O(1).
  resource_stats stats() const noexcept;

 private:
  friend struct detail::scope_access;
  friend class detail::frame_scope_resource;
  friend class detail::frame_checks;
  friend class detail::frame_quarantine;
  friend class typed_stack_resource;  // its bytes are a frame's
  struct bookkeeping;
  class ruled;

  frame_resource(frame_options const& options, std::pmr::memory_resource* upstream,
                 rewindable_resource* owner) noexcept;

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
    return engine_.is_open(detail::marker_access::serial(mark), detail::marker_access::depth(mark));
  }
  std::pmr::memory_resource* do_resource_of(marker mark) noexcept override;
  std::pmr::memory_resource* do_unscoped() noexcept override { return &bound_[0]; }
  std::uint32_t do_depth_of(void const* block, std::size_t, std::size_t) const noexcept override;

  // The verbs of memory_scope.
  void* allocate_for(marker mark, std::size_t bytes, std::size_t alignment) {
    if (is_top(mark)) [[likely]]
      return allocate(bytes, alignment);
    return allocate_below(mark, bytes, alignment);
  }
  void deallocate_for(marker mark, void* block, std::size_t bytes, std::size_t alignment) noexcept {
    if (is_top(mark)) [[likely]]
      return deallocate(block, bytes, alignment);
    deallocate_below(mark, block, bytes);
  }
  void* try_allocate_for(marker mark, std::size_t bytes, std::size_t alignment) noexcept;
  bool try_expand_for(marker mark, void* block, std::size_t old_bytes,
                      std::size_t new_bytes) noexcept;
  template <class T, class... Args>
  T* make_for(marker mark, Args&&... args) {
    require_open(mark);
    return make_at<T>(detail::marker_access::serial(mark), detail::marker_access::depth(mark),
                      std::forward<Args>(args)...);
  }

  bool is_top(marker mark) const noexcept {
    return detail::marker_access::serial(mark) == engine_.top_serial();
  }
  template <class T, class... Args>
  T* make_at(std::uint64_t serial, std::uint32_t depth, Args&&... args);
  void require_lasting(detail::frame_engine::tenure const& then);

  [[gnu::noinline]] void* allocate_slow(std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void deallocate_slow(std::byte* block, std::size_t bytes) noexcept;
  [[gnu::cold, gnu::noinline]] marker checkpoint_slow(bool scoped, source_location where);
  [[gnu::noinline]] void rewind_slow(marker mark, source_location where) noexcept;
  [[gnu::noinline]] void end_scope_slow(marker mark, bool keep) noexcept;
  [[gnu::noinline]] void reset_slow() noexcept;
  void* allocate_below(marker mark, std::size_t bytes, std::size_t alignment);
  void deallocate_below(marker mark, void* block, std::size_t bytes) noexcept;
  void* allocate_bound(detail::scope_binding& binding, std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void* allocate_bound_slow(detail::scope_binding& binding, std::size_t bytes,
                                              std::size_t alignment);
  void deallocate_bound(detail::scope_binding& binding, std::byte* block,
                        std::size_t bytes) noexcept;

  // `caller`: the return address of the public call, for the reports of a checked pool.
  void* allocate_at(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                    void const* caller);
  bool expand_at(std::uint32_t depth, std::byte* block, std::size_t old_bytes,
                 std::size_t new_bytes, void const* caller) noexcept;
  void free_at(std::uint32_t depth, std::byte* block, std::size_t bytes,
               void const* caller) noexcept;
  void free_late(std::uint64_t serial, std::byte* block, void const* caller) noexcept;
  void* take_at(std::uint32_t depth, std::size_t bytes, std::size_t alignment);
  void rewind_to(std::uint32_t depth, source_location where, void const* caller) noexcept;
  void keep_to(std::uint32_t depth) noexcept;
  void empty_to(std::uint32_t depth, source_location where, void const* caller) noexcept;
  void reset_all(void const* caller) noexcept;
  void adopt_buffer(void* buffer, std::size_t bytes) noexcept;
  void obtain_chunk(detail::chunk_request const& wanted, std::size_t bytes);
  detail::chunk* obtain_fitting(detail::chunk_request const& wanted, std::size_t bytes);
  detail::chunk* obtain_chunk(std::size_t bytes, std::size_t class_bytes);
  void* obtain_bookkeeping(std::size_t bytes);
  bool grow_in_place(detail::chunk_request const& wanted) noexcept;
  void shrink_in_place() noexcept;
  void* ask_upstream(std::size_t bytes, std::size_t alignment);
  void give_back(detail::chunk* chunk) noexcept;
  void give_back_all(detail::chunk* first) noexcept;
  void give_back_idle() noexcept;
  void trim_to_recent() noexcept;
  void give_back_apart() noexcept;  // where nothing is kept for reuse
  void release_chunks() noexcept;
  void grow_records();
  void grow_bindings();
  std::size_t available_bytes() const noexcept { return limit_bytes_ - reserved_bytes_; }

  void report(misuse bug, void const* caller) const noexcept;
  [[noreturn]] void refuse_closed(std::uint64_t serial, std::uint32_t depth, void const* caller);
  [[gnu::noinline]] void require_open(marker mark);

  detail::frame_engine engine_;
  std::pmr::memory_resource* upstream_;
  page_resource* pages_;  // upstream_, if it is one; null: no chunk grows in place
  std::size_t limit_bytes_;
  std::size_t reserved_bytes_ = 0;  // of chunks and bookkeeping
  std::size_t chunk_count_ = 0;
  std::size_t upstream_calls_ = 0;  // allocations asked of upstream
  std::size_t late_frees_ = 0;
  detail::frame_checks* checks_ = nullptr;  // of a checked pool; made by its first slow half
  detail::frame_quarantine* quarantine_ = nullptr;  // made by the first checkpoint that needs it
  bookkeeping* bookkeeping_ = nullptr;  // blocks of records and bindings beyond the inline ones
  resource_name name_;
  frame_owner owner_;
  std::uint32_t quarantine_count_ = 0;  // 0: no quarantine
  detail::chunk buffer_header_{};       // of a caller's buffer
  detail::frame_scope_resource bound_[detail::frame_engine::inline_records];
};

inline void* frame_resource::allocate(std::size_t bytes, std::size_t alignment) {
  void* block;
  if (engine_.space.main.take_small(bytes, alignment, block)) [[likely]]
    return block;
  return allocate_slow(bytes, alignment);
}

inline void frame_resource::deallocate(void* block, std::size_t bytes, std::size_t) noexcept {
  auto* const freed = static_cast<std::byte*>(block);
  if (engine_.space.main.is_top(freed, bytes)) {
    engine_.space.pop_main(freed);
  } else if (bytes - 1 >= engine_.space.quiet_free_bytes) [[unlikely]] {  // 0 wraps: it is slow
    deallocate_slow(freed, bytes);
  }
}

inline marker frame_resource::do_checkpoint(bool scoped, source_location where) {
  if (!engine_.can_open()) [[unlikely]]
    return checkpoint_slow(scoped, where);
  std::uint64_t const serial = engine_.open(scoped, where);
  return detail::marker_access::make(serial, engine_.depth(), engine_.origin());
}

inline void frame_resource::do_rewind(marker mark, source_location where) noexcept {
  if (is_top(mark) && !engine_.top().eventful) [[likely]]
    return engine_.close_plain();
  rewind_slow(mark, where);
}

inline void frame_resource::do_end_scope(marker mark, bool keep) noexcept {
  if (is_top(mark) && !engine_.top().eventful && !keep) [[likely]]
    return engine_.close_plain();
  end_scope_slow(mark, keep);
}

inline void frame_resource::reset() noexcept {
  if (engine_.can_reset_plainly()) [[likely]]
    return engine_.reset_plainly();
  reset_slow();
}

template <class T, class... Args>
T* frame_resource::make_at(std::uint64_t serial, std::uint32_t depth, Args&&... args) {
  using made = detail::made_object<T>;
  // Taken before the storage: a constructor may move the records.
  auto& bound = static_cast<detail::frame_scope_resource&>(*engine_.record(depth).binding);
  // Not only uses_allocator_v: a pair hands the resource to its members, too.
  if constexpr (!std::is_trivially_copyable_v<T>) bound.handed_out = true;
  auto const tenure = engine_.tenure_of(depth, !std::is_trivially_copyable_v<T>);
  void* const block = serial == engine_.top_serial()
                          ? allocate(made::bytes, made::alignment)
                          : allocate_at(depth, made::bytes, made::alignment, nullptr);
  T* object;
  try {
    object = std::uninitialized_construct_using_allocator(
        made::place(block), std::pmr::polymorphic_allocator<>{&bound}, std::forward<Args>(args)...);
  } catch (...) {
    if (engine_.lasts(tenure)) free_at(depth, static_cast<std::byte*>(block), made::bytes, nullptr);
    throw;
  }
  if constexpr (!made::trivial) {
    require_lasting(tenure);  // before the block is written: it may be somebody else's
    engine_.link(depth, *::new (block) detail::finalizer{nullptr, &made::destroy});
  }
  return object;
}

}  // namespace tidemark
