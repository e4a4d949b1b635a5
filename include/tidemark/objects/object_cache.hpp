// SPDX-License-Identifier: BSL-1.0
#pragma once

// Objects that are used again with the memory they have grown.
//
//   acquire()                              the pointer goes
//      ^                                          |
//      |                                          v  reset(object)
//    newest -> ... -> ... -> oldest            newest           idle objects
//                     '-- trim(age) destroys --'
//
// Use it for objects that are dear because of what they hold: buffers, parsers, strings, tables.
// Do not use it for small objects that hold nothing: a block pool serves those faster.
//
// Thread rule: one thread at a time, for the cache together with the pointers it gave out.
//
// Invariants:
//  1. An object is in use or idle. Idle ones were reset; the one that came back last goes first.
//  2. A pointer may outlive the cache, but not the resource: its object is destroyed with it.
//  3. No clock is read: ages count calls of `tick()`.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <tidemark/upstream/default_upstream.hpp>
#include <type_traits>
#include <utility>

namespace tidemark {

struct object_cache_options {
  std::size_t max_idle = SIZE_MAX;  // count; what comes back on top of so many is destroyed
};

/// Counts of objects. made == idle + in_use + destroyed.
struct object_cache_stats {
  std::size_t idle = 0;
  std::size_t in_use = 0;
  std::size_t made = 0;       // ever
  std::size_t reused = 0;     // idle ones that were acquired, ever
  std::size_t destroyed = 0;  // ever

  friend bool operator==(object_cache_stats const&, object_cache_stats const&) noexcept = default;
};

/// What is done to an object that comes back, unless the cache is told otherwise: `clear()`, if it
/// has one.
struct reset_by_clear {
  template <class T>
  void operator()(T& object) const {
    if constexpr (requires { object.clear(); }) object.clear();
  }
};

namespace detail {

/// What a cache shares with the pointers it gave out; the last of them destroys it.
template <class T, class Reset>
class cache_core {
 public:
  cache_core(object_cache_options const& options, std::pmr::memory_resource* resource,
             Reset&& reset) noexcept
      : resource_(resource), max_idle_(options.max_idle), reset_(std::move(reset)) {}

  template <class... Args>
  T* acquire(Args&&... args) {
    if (idle_ == nullptr) return make(std::forward<Args>(args)...);
    node* const taken = std::exchange(idle_, idle_->next);
    --stats_.idle;
    ++stats_.in_use;
    ++stats_.reused;
    return taken->object();
  }
  void give_back(T* object) noexcept {
    node* const back = node::of(object);
    // Asked again after the reset, which may have given back what the object held.
    if (has_room() && was_reset(*object) && has_room()) {
      back->returned_at = now_;
      back->next = std::exchange(idle_, back);
      --stats_.in_use;
      ++stats_.idle;
      return;
    }
    destroy(back);
    --stats_.in_use;
    if (closed_ && stats_.in_use == 0) dispose();
  }

  void tick() noexcept { ++now_; }
  std::size_t trim(std::uint64_t age) noexcept {
    node** link = &idle_;
    while (*link != nullptr && now_ - (*link)->returned_at < age) link = &(*link)->next;
    node* old = std::exchange(*link, nullptr);  // and all behind it: they came back earlier
    // Counted out first: destructors may give objects back.
    std::size_t count = 0;
    for (node const* each = old; each != nullptr; each = each->next) ++count;
    stats_.idle -= count;
    while (old != nullptr) destroy(std::exchange(old, old->next));
    return count;
  }
  /// The cache goes.
  void close() noexcept {
    ++stats_.in_use;  // so that no pointer disposes of the core meanwhile
    closed_ = true;
    trim(0);
    if (--stats_.in_use == 0) dispose();
  }

  object_cache_stats const& stats() const noexcept { return stats_; }
  std::size_t max_idle() const noexcept { return max_idle_; }
  std::pmr::memory_resource* resource() const noexcept { return resource_; }

 private:
  struct node {
    node* next;                 // idle: what came back before this one
    std::uint64_t returned_at;  // idle: in ticks
    alignas(T) std::byte bytes[sizeof(T)];

    T* object() noexcept { return std::launder(reinterpret_cast<T*>(bytes)); }
    static node* of(T* object) noexcept {
      return reinterpret_cast<node*>(reinterpret_cast<std::byte*>(object) - offsetof(node, bytes));
    }
  };

  bool has_room() const noexcept { return !closed_ && stats_.idle < max_idle_; }
  bool was_reset(T& object) noexcept {
    try {
      reset_(object);
      return true;
    } catch (...) {
      return false;
    }
  }
  template <class... Args>
  T* make(Args&&... args) {
    std::pmr::polymorphic_allocator<> const allocator{resource_};
    auto* const made = ::new (resource_->allocate(sizeof(node), alignof(node))) node;
    try {
      std::uninitialized_construct_using_allocator(reinterpret_cast<T*>(made->bytes), allocator,
                                                   std::forward<Args>(args)...);
    } catch (...) {
      resource_->deallocate(made, sizeof(node), alignof(node));
      throw;
    }
    ++stats_.made;
    ++stats_.in_use;
    return made->object();
  }
  void destroy(node* each) noexcept {
    std::destroy_at(each->object());
    resource_->deallocate(each, sizeof(node), alignof(node));
    ++stats_.destroyed;
  }
  void dispose() noexcept { std::pmr::polymorphic_allocator<>{resource_}.delete_object(this); }

  node* idle_ = nullptr;   // the newest
  std::uint64_t now_ = 0;  // in ticks
  std::pmr::memory_resource* resource_;
  std::size_t max_idle_;
  object_cache_stats stats_;
  bool closed_ = false;
  [[no_unique_address]] Reset reset_;
};

}  // namespace detail

template <class T, class Reset>
class object_cache;

/// Gives an object back to its cache.
template <class T, class Reset>
class return_to_cache {
 public:
  /// The deleter of an empty pointer.
  constexpr return_to_cache() noexcept = default;

  /// Effects:        Resets the object and keeps it. Destroys it instead if the reset throws, the
  ///                 cache has `max_idle` objects already, or is gone.
  void operator()(T* object) const noexcept { core_->give_back(object); }

 private:
  friend class object_cache<T, Reset>;
  explicit return_to_cache(detail::cache_core<T, Reset>* core) noexcept : core_(core) {}

  detail::cache_core<T, Reset>* core_ = nullptr;
};

/// Owns an object of a cache.
template <class T, class Reset = reset_by_clear>
using cached_ptr = std::unique_ptr<T, return_to_cache<T, Reset>>;

template <class T, class Reset = reset_by_clear>
class object_cache {
 public:
  using pointer = cached_ptr<T, Reset>;

  /// Asks the resource for one block of bookkeeping. A null `resource` of run time means the
  /// default one.
  /// Preconditions:  `resource` outlives the cache and every pointer it gives out.
  /// Throws:         What the resource throws.
  explicit object_cache(std::pmr::memory_resource* resource = default_upstream(), Reset reset = {})
      : object_cache(object_cache_options{}, resource, std::move(reset)) {}
  explicit object_cache(object_cache_options const& options,
                        std::pmr::memory_resource* resource = default_upstream(), Reset reset = {})
      : core_(make_core(options, resource != nullptr ? resource : default_upstream(), reset)) {}
  explicit object_cache(std::nullptr_t, Reset = {}) = delete;
  object_cache(object_cache_options const&, std::nullptr_t, Reset = {}) = delete;
  object_cache(object_cache const&) = delete;
  object_cache& operator=(object_cache const&) = delete;
  /// Destroys the idle objects. Those in use live on; each is destroyed when its pointer goes.
  ~object_cache() {
    static_assert(std::is_object_v<T> && !std::is_array_v<T> && !std::is_const_v<T>);
    static_assert(std::is_nothrow_destructible_v<T>);
    static_assert(std::is_nothrow_move_constructible_v<Reset>);
    core_->close();
  }

  /// Hands out the idle object that came back last, as the reset left it: `args` are not used then.
  /// Constructs one from `args` if none is idle, by uses-allocator construction with `resource()`.
  /// Throws:         What the resource and the constructor throw; nothing is changed then. Nothing
  ///                 if an object is idle.
  /// Complexity:     O(1).
  template <class... Args>
  [[nodiscard]] pointer acquire(Args&&... args) {
    return pointer{core_->acquire(std::forward<Args>(args)...), return_to_cache<T, Reset>{core_}};
  }

  /// Makes idle objects older by one.
  void tick() noexcept { core_->tick(); }
  /// Destroys the idle objects that were not used during the last `age` calls of `tick()`: of age 0
  /// all, of age 1 those that came back before the last call.
  /// Returns:        Count of objects destroyed.
  /// Complexity:     O(idle objects).
  /// Remarks:        What the destructors give back is kept.
  std::size_t trim(std::uint64_t age) noexcept { return core_->trim(age); }
  /// Destroys all idle objects.
  std::size_t trim() noexcept { return core_->trim(0); }

  object_cache_stats stats() const noexcept { return core_->stats(); }
  /// Returns:        Count of objects that are kept idle at most.
  std::size_t max_idle() const noexcept { return core_->max_idle(); }
  std::pmr::memory_resource* resource() const noexcept { return core_->resource(); }

 private:
  using core = detail::cache_core<T, Reset>;

  static core* make_core(object_cache_options const& options, std::pmr::memory_resource* resource,
                         Reset& reset) {
    return std::pmr::polymorphic_allocator<>{resource}.new_object<core>(options, resource,
                                                                        std::move(reset));
  }

  core* const core_;
};

}  // namespace tidemark
