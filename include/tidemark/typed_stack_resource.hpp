// SPDX-License-Identifier: BSL-1.0
#pragma once

// A stack of typed arrays and pmr blocks under one kind of mark.
//
//   double     |dddd|dddddd|.....      one lane per element type, each a bump with its own chunks;
//   float      |ff|.............       a checkpoint saves a lane when it first touches it
//   Particle   |pppp|ppp|.......
//   bytes      |bbbbbbb|bb|.....       a frame: pmr containers, objects, large arrays
//
// Use it for numeric code whose temporaries come from nested functions, some with marks of their
// own. Do not use it for memory that outlives the function; return values, not arrays.
//
// Thread rule: one at a time: that of the outermost open checkpoint; `request_trim` any thread.
//
// Invariants:
//  1. An array lives until the checkpoint closes that it was taken for: of the bare stack the
//     innermost that is open, of a scope its own. With none open it lives until `reset`.
//  2. After a rewind every lane is as it was when the checkpoint was opened, whoever touched it in
//     the meantime; what enclosing scopes took since stays theirs.
//  3. A checkpoint costs what it touches, however many lanes there are.
//  4. Blocks, markers, limits and failures are as those of `frame_resource`, whose contract holds
//     for every function that both have.
//
// Source: AdaptiveArrayPools.jl; here a lane is saved when first touched (see detail/lane_set.hpp).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <tidemark/array_verbs.hpp>
#include <tidemark/config.hpp>
#include <tidemark/detail/lane_set.hpp>
#include <tidemark/detail/made_object.hpp>
#include <tidemark/frame_options.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/stats.hpp>
#include <tidemark/typed_stack_events.hpp>
#include <tidemark/typed_stack_options.hpp>
#include <tidemark/typed_stack_stats.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <utility>

namespace tidemark {

class typed_stack_resource final : public rewindable_resource,
                                   public array_verbs<typed_stack_resource> {
 public:
  /// Constructors ask upstream for nothing; the first allocation does.
  typed_stack_resource() noexcept : typed_stack_resource(typed_stack_options{}) {}
  explicit typed_stack_resource(std::pmr::memory_resource* upstream) noexcept
      : typed_stack_resource(typed_stack_options{}, upstream) {}
  explicit typed_stack_resource(std::size_t initial_bytes,
                                std::pmr::memory_resource* upstream = default_upstream()) noexcept
      : typed_stack_resource(typed_stack_options{.initial_bytes = initial_bytes}, upstream) {}
  explicit typed_stack_resource(typed_stack_options const& options,
                                std::pmr::memory_resource* upstream = default_upstream()) noexcept;
  /// A template, so that braces mean `typed_stack_options`.
  template <std::same_as<frame_options> Options>
  explicit typed_stack_resource(Options const& options,
                                std::pmr::memory_resource* upstream = default_upstream()) noexcept
      : typed_stack_resource(as_stack_options(options), upstream) {}
  /// Starts in the caller's buffer, which is not counted in `limit_bytes` and never freed. Arrays
  /// then lie among the blocks, taken by the slow half.
  /// Preconditions:  The buffer outlives the stack.
  typed_stack_resource(void* buffer, std::size_t bytes,
                       std::pmr::memory_resource* upstream = default_upstream()) noexcept;
  explicit typed_stack_resource(std::span<std::byte> buffer,
                                std::pmr::memory_resource* upstream = default_upstream()) noexcept
      : typed_stack_resource(buffer.data(), buffer.size(), upstream) {}
  template <class... Rest>
  typed_stack_resource(std::nullptr_t, Rest const&...) = delete;
  typed_stack_resource(std::size_t, std::nullptr_t) = delete;
  typed_stack_resource(typed_stack_options const&, std::nullptr_t) = delete;
  typed_stack_resource(std::pmr::memory_resource*, std::size_t) = delete;  // not a buffer
  ~typed_stack_resource() override;

  /// As those of `frame_resource`.
  [[nodiscard, gnu::returns_nonnull, gnu::alloc_size(2), gnu::alloc_align(3)]] void* allocate(
      std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    if (require_scope_) [[unlikely]]
      require_open_scope();
    return bytes_.allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) noexcept {
    bytes_.deallocate(block, bytes, alignment);
  }
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept;
  bool try_expand(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept {
    return bytes_.try_expand(block, old_bytes, new_bytes);
  }
  template <class T, class... Args>
  T* make(Args&&... args) {
    if (require_scope_) [[unlikely]]
      require_open_scope();
    return bytes_.make<T>(std::forward<Args>(args)...);
  }

  /// Opens a checkpoint that saves a lane when it is first touched.
  [[nodiscard]] marker checkpoint(source_location where = source_location::current()) {
    return do_checkpoint(false, where);
  }
  /// The same, with the lanes of these types saved at once: an optimisation, and a promise that
  /// their first arrays need no memory for bookkeeping.
  template <class... Ts>
    requires(sizeof...(Ts) > 0)
  [[nodiscard]] marker checkpoint(source_location where = source_location::current());
  /// The same, with every lane saved that the stack has: more in a later frame than in the first.
  /// Complexity:     O(lanes).
  [[nodiscard]] marker checkpoint_all(source_location where = source_location::current());
  void rewind(marker mark, source_location where = source_location::current()) noexcept {
    do_rewind(mark, where);
  }

  void reset() noexcept;
  void release() noexcept;
  /// Returns idle chunks upstream, of all lanes or of those of the given types; legal at any time,
  /// what is in use stays where it is.
  /// Returns:        Bytes given back.
  std::size_t trim() noexcept { return bytes_.trim(); }
  template <class... Ts>
    requires(sizeof...(Ts) > 0)
  std::size_t trim() noexcept {
    return (trim_lane(detail::type_of<Ts>) + ...);
  }
  /// Asks for idle memory to be given back. The thread that uses the stack does it when it next
  /// opens an outermost checkpoint, and keeps what was needed since it last did.
  /// Thread safety:  Any thread.
  void request_trim() noexcept { trim_requested_.store(true, std::memory_order_relaxed); }

  std::uint32_t depth() const noexcept { return bytes_.depth(); }
  std::string_view name() const noexcept { return bytes_.name(); }
  std::pmr::memory_resource* upstream_resource() const noexcept {
    return bytes_.upstream_resource();
  }
  /// Returns:        The sum of all lanes. `bytes_peak` is the sum of their peaks, which need not
  ///                 have been at one time: what their chunks must hold.
  /// Complexity:     O(lanes).
  resource_stats stats() const noexcept;
  /// Complexity:     O(lanes + chunks); allocates from the heap.
  typed_stack_stats stats_by_lane() const;

  /// Sets who is told of each checkpoint and array; null: nobody, which is how a stack begins.
  void set_trace_handler(stack_trace_handler handler, void* context = nullptr) noexcept;
  /// Sets who is told of a lane that grows with no checkpoint open; null: nobody.
  void set_growth_handler(stack_growth_handler handler, void* context = nullptr) noexcept;

 private:
  friend struct detail::scope_access;
  friend class array_verbs<typed_stack_resource>;

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
  bool do_is_open(marker mark) const noexcept override { return bytes_.do_is_open(mark); }
  std::pmr::memory_resource* do_resource_of(marker mark) noexcept override {
    return bytes_.do_resource_of(mark);
  }
  std::pmr::memory_resource* do_unscoped() noexcept override { return bytes_.do_unscoped(); }
  std::uint32_t do_depth_of(void const* p, std::size_t n, std::size_t a) const noexcept override {
    return bytes_.do_depth_of(p, n, a);
  }

  // The verbs of memory_scope.
  void* allocate_for(marker mark, std::size_t bytes, std::size_t alignment) {
    return bytes_.allocate_for(mark, bytes, alignment);
  }
  void deallocate_for(marker mark, void* block, std::size_t bytes, std::size_t alignment) noexcept {
    bytes_.deallocate_for(mark, block, bytes, alignment);
  }
  void* try_allocate_for(marker mark, std::size_t bytes, std::size_t alignment) noexcept {
    return bytes_.try_allocate_for(mark, bytes, alignment);
  }
  bool try_expand_for(marker mark, void* block, std::size_t old_bytes,
                      std::size_t new_bytes) noexcept {
    return bytes_.try_expand_for(mark, block, old_bytes, new_bytes);
  }
  template <class T, class... Args>
  T* make_for(marker mark, Args&&... args) {
    return bytes_.make_for<T>(mark, std::forward<Args>(args)...);
  }

  // Arrays.
  template <class T>
  auto* take_array(std::size_t count);
  template <class T>
  auto* take_array_for(marker mark, std::size_t count);
  template <class T, class... Args>
  T* make_array(std::size_t count, Args const&... args);
  template <class T, class... Args>
  T* make_array_for(marker mark, std::size_t count, Args const&... args) {
    bytes_.require_open(mark);
    return make_array_at<T>(detail::marker_access::depth(mark), count, args...);
  }
  template <class T, class... Args>
  T* make_array_at(std::uint32_t depth, std::size_t count, Args const&... args);

  detail::frame_engine& engine() noexcept { return bytes_.engine_; }
  static typed_stack_options as_stack_options(frame_options const& options) noexcept;

  [[gnu::noinline]] void* take_slow(detail::lane_type& type, std::size_t count);
  void* take_unprepared(detail::lane_type& type, std::size_t count, void const* caller);
  void* take_from(detail::lane& l, std::size_t bytes, void const* caller);
  [[gnu::noinline]] void* take_below(marker mark, detail::lane_type& type, std::size_t count);
  void note_unscoped(detail::lane& l) noexcept;
  detail::lane& lane_of(detail::lane_type& type);
  void reserve_journal(std::size_t more);
  std::size_t trim_lane(detail::lane_type& type) noexcept;
  void trim_to_recent() noexcept;
  [[gnu::cold, gnu::noinline]] marker checkpoint_slow(bool scoped, source_location where);
  [[gnu::noinline]] void end_scope_slow(marker mark, bool keep) noexcept;
  [[gnu::noinline]] void rewind_slow(marker mark, source_location where) noexcept;
  [[gnu::noinline]] void require_open_scope() const;
  [[gnu::cold, gnu::noinline]] bool may_enter(source_location where) noexcept;
  [[gnu::cold]] void tell(stack_event event) const noexcept;
  void tell_closed(std::uint32_t former_depth) const noexcept;

  detail::lane_set lanes_;  // before bytes_, whose end rewinds them
  frame_resource bytes_;
  std::atomic<bool> trim_requested_{false};  // relaxed: any thread asks, the owner sees it in time
  bool arrays_beside_;                       // all arrays are blocks of bytes_
  bool require_scope_;
  stack_trace_handler trace_ = nullptr;
  void* trace_context_ = nullptr;
  stack_growth_handler growth_ = nullptr;
  void* growth_context_ = nullptr;
};

namespace detail {

template <>
inline constexpr bool statically_bound<typed_stack_resource> = true;
template <>
inline constexpr bool makes_objects<typed_stack_resource> = true;
template <class Scope>
struct more_verbs<typed_stack_resource, Scope> : array_verbs<Scope> {};

}  // namespace detail

template <class T>
auto* typed_stack_resource::take_array(std::size_t count) {
  using element = typename detail::lane_element<T>::type;
  detail::lane_type& type = detail::type_of<T>;
  constexpr std::uint32_t built_in = detail::built_in_number<T>();
  detail::lane& l = built_in != detail::lane_type::unnumbered
                        ? lanes_.find(built_in)
                        : lanes_.find_own(type.number.load(std::memory_order_relaxed));
  std::size_t const left = static_cast<std::size_t>(l.end - l.cursor) / sizeof(element);
  // 0 wraps: it is slow. So is a lane that the checkpoint on top has not saved yet.
  if (l.ready != engine().top_serial() || count - 1 >= left) [[unlikely]] {
    return static_cast<element*>(take_slow(type, count));
  }
  return reinterpret_cast<element*>(
      std::exchange(l.cursor, l.cursor + detail::array_bytes(count, sizeof(element))));
}

template <class T>
auto* typed_stack_resource::take_array_for(marker mark, std::size_t count) {
  if (bytes_.is_top(mark)) [[likely]]
    return take_array<T>(count);
  using element = typename detail::lane_element<T>::type;
  return static_cast<element*>(take_below(mark, detail::type_of<T>, count));
}

inline marker typed_stack_resource::do_checkpoint(bool scoped, source_location where) {
  if (!engine().can_open() || trim_requested_.load(std::memory_order_relaxed)) [[unlikely]] {
    return checkpoint_slow(scoped, where);
  }
  std::uint64_t const serial = engine().open(scoped, where);
  return detail::marker_access::make(serial, engine().depth(), engine().origin());
}

template <class... Ts>
  requires(sizeof...(Ts) > 0)
marker typed_stack_resource::checkpoint(source_location where) {
  if (engine().is_checked() && !may_enter(where)) return {};
  if (lanes_.needs_journal(sizeof...(Ts))) [[unlikely]]
    reserve_journal(sizeof...(Ts));
  detail::lane* const touched[] = {&lane_of(detail::type_of<Ts>)...};
  marker const mark = do_checkpoint(false, where);
  if (mark == marker{} || lanes_.needs_journal(sizeof...(Ts))) return mark;  // as checkpoint_all
  for (detail::lane* const l : touched) lanes_.touch(*l, engine().top_serial(), depth());
  return mark;
}

inline void typed_stack_resource::do_rewind(marker mark, source_location where) noexcept {
  if (!bytes_.is_top(mark) || engine().top().eventful) [[unlikely]]
    return rewind_slow(mark, where);
  lanes_.unwind(depth());
  engine().close_plain();
}

inline void typed_stack_resource::do_end_scope(marker mark, bool keep) noexcept {
  if (!bytes_.is_top(mark) || engine().top().eventful || keep) [[unlikely]] {
    return end_scope_slow(mark, keep);
  }
  lanes_.unwind(depth());
  engine().close_plain();
}

template <class T, class... Args>
T* typed_stack_resource::make_array(std::size_t count, Args const&... args) {
  if (require_scope_) [[unlikely]]
    require_open_scope();
  return make_array_at<T>(depth(), count, args...);
}

template <class T, class... Args>
T* typed_stack_resource::make_array_at(std::uint32_t depth, std::size_t count,
                                       Args const&... args) {
  using made = detail::made_array<T>;
  // Taken before the block: a constructor may move the records.
  auto& bound = static_cast<detail::frame_scope_resource&>(*engine().record(depth).binding);
  if constexpr (!std::is_trivially_copyable_v<T>) bound.handed_out = true;
  std::size_t const bytes = made::bytes(count);
  if (bytes == SIZE_MAX) throw std::bad_array_new_length();
  auto const tenure = engine().tenure_of(depth, !std::is_trivially_copyable_v<T>);
  auto const has_block = [&] { return engine().lasts(tenure); };
  void* const block = bytes_.allocate_at(depth, bytes, made::alignment, nullptr);
  T* objects;
  try {
    objects = made::construct(block, count, &bound, has_block, args...);
  } catch (...) {
    if (has_block()) bytes_.free_at(depth, static_cast<std::byte*>(block), bytes, nullptr);
    throw;
  }
  bytes_.require_lasting(tenure);
  if constexpr (!made::trivial) {
    using node = typename made::node;
    auto* const linked = static_cast<node*>(block);
    linked->count = count;
    engine().link(depth, *::new (block) detail::finalizer{nullptr, &made::destroy});
  }
  return objects;
}

}  // namespace tidemark
