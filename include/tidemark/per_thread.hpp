// SPDX-License-Identifier: BSL-1.0
#pragma once

// One instance of any single-thread pool for each thread that asks.
//
//   thread A ----- local() ----> [links|R]                each in cache lines of its own
//   thread B ----- local() ----> [links|R]
//   (C, ended)                   [links|R]  idle: goes whole to the next thread that asks
//
// Use it for what threads fill side by side and one looks at afterwards: a frame for each worker
// that is reset once a round, words counted in parts. Do not use it for scratch memory of a task:
// a task that waits may run others on its thread, which would find the same instance; give the
// task a frame of its own. For one stack of the thread, whoever asks, take `this_thread_stack()`.
//
// Thread rule: any thread may ask, and each uses its own instance without a lock. `for_each` and
// the destructor need quiescence: no other thread is in an instance that it has, or goes on with
// what it took there. Threads may end, and the destructor may come before the ends of threads.
//
// Invariants:
//  1. An instance has at most one thread. It passes on when that thread ends, after the thread's
//     `thread_local` objects are destroyed, with all that it holds.
//  2. Instances and what they hold live until the `per_thread` is destroyed. There are as many as
//     threads had one at a time; those of invariant 3 come on top, and one for each thread that
//     asked for the first time during a `for_each`.
//  3. An instance in which a thread left a checkpoint open goes to no other thread while that is
//     open: who has its marker, as a coroutine may, may still use it. `for_each` closes it, by a
//     reset say, or finds it closed, and then it passes on. A checked pool reports another thread
//     that closes it, unless it was made for that: `frame_owner::lease`.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <string_view>
#include <tidemark/detail/kept_maker.hpp>
#include <tidemark/detail/thread_instances.hpp>
#include <tidemark/detail/thread_slots.hpp>
#include <tidemark/error.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tidemark {
namespace detail {

/// What instances are made from. Options refer to their name, which may be gone by then.
template <class T>
struct kept_argument {
  explicit kept_argument(T&& given) : value(std::move(given)) {}
  T const& get() const noexcept { return value; }
  T value;
};
template <class T>
  requires requires(T& options) {
    { options.name } -> std::same_as<std::string_view&>;
    options.limit_bytes;  // so it is one of ours, or like them: pools cut names as we do
  }
struct kept_argument<T> {
  explicit kept_argument(T&& given) : value(std::move(given)), name(value.name) {}
  T get() const {
    T options = value;
    options.name = name;
    return options;
  }
  T value;
  resource_name name;
};

template <class F, class R>
concept maker_of = requires(F const& make) {
  { make() } -> std::same_as<R>;
};

/// Whether an instance says how many checkpoints are open.
template <class R>
concept has_depth = std::derived_from<R, rewindable_resource> && requires(R const& pool) {
  { pool.depth() } -> std::convertible_to<std::size_t>;
};

}  // namespace detail

template <class R>
class per_thread : detail::thread_instances {
  static_assert(std::is_object_v<R> && std::same_as<R, std::remove_cv_t<R>>);

 public:
  /// Makes no instance yet and asks nobody for memory. Each is made from copies of `arguments`,
  /// which are kept, with the `name` of options. The memory of the instances themselves is that of
  /// the last argument if it is an upstream, else that of `default_upstream()`.
  /// Preconditions:  Any number of instances may be made from the same arguments, so no buffer of a
  ///                 caller is among them. Any thread may use the upstream.
  /// Throws:         What moving the arguments throws; for options, sizes and upstreams nothing.
  template <class... Args>
    requires std::is_constructible_v<R, Args const&...>
  explicit(sizeof...(Args) == 1)
      per_thread(Args... arguments) noexcept((std::is_nothrow_move_constructible_v<Args> && ...))
      : thread_instances(&thread_ended, &is_closed),
        upstream_(upstream_among(arguments...)),
        make_([kept = std::tuple(detail::kept_argument<Args>(std::move(arguments))...)] {
          return std::apply([](auto const&... each) { return make_from(each.get()...); }, kept);
        }) {}

  /// Each instance is what `make` returns. Preconditions: any thread may call a copy of it.
  template <detail::maker_of<R> F>
    requires(!std::is_constructible_v<R, F const&>)
  explicit per_thread(F make, std::pmr::memory_resource* upstream = default_upstream()) noexcept(
      std::is_nothrow_move_constructible_v<F>)
      : thread_instances(&thread_ended, &is_closed), upstream_(upstream), make_(std::move(make)) {}

  per_thread(per_thread const&) = delete;
  per_thread& operator=(per_thread const&) = delete;

  /// Destroys the instances, the newest first.
  /// Preconditions:  Quiescence. No instance asks for `local()` when it is destroyed.
  ~per_thread() {
    close();
    for (detail::thread_instance* each = begin_visit(); each != nullptr;) {
      give_back{upstream_}(static_cast<node*>(std::exchange(each, each->next)));
    }
  }

  /// Returns:        The instance of the calling thread: in its first call one that an ended thread
  ///                 left, as that thread left it, or a new one. The same until the thread ends.
  /// Throws:         What making an R throws, and `std::bad_alloc` if there is no memory for it or
  ///                 for the thread's entry, or nobody could end that with the thread. Nothing is
  ///                 changed then.
  /// Complexity:     One call that is never inlined: a function that goes on in another thread, as
  ///                 after `tbb::task::suspend`, must not find the instance of the former one.
  /// Thread safety:  Any thread; also from destructors of `thread_local` objects, in whatever order
  ///                 they were made.
  /// Remarks:        Who asks in the last round of destructors of keys leaves the instance for
  ///                 ever: `for_each` visits it, no thread gets it.
  R& local() {
    void* const mine = detail::find_value(*this);
    return mine != nullptr ? static_cast<node*>(mine)->object : first_slow();
  }

  /// Calls `f` with each instance: of threads that live, that ended, and that a child of fork does
  /// not have. Order is not specified.
  /// Preconditions:  Quiescence; in a child of fork also when it was forked.
  /// Throws:         What `f` throws.
  /// Thread safety:  Threads that ask for the first time meanwhile get instances that it does not
  ///                 visit. No lock is held: `f` may ask, too.
  template <class F>
  void for_each(F&& f) {
    struct visit {
      explicit visit(per_thread& visited) : owner(visited), first(visited.begin_visit()) {}
      visit(visit const&) = delete;
      visit& operator=(visit const&) = delete;
      ~visit() { owner.end_visit(); }
      per_thread& owner;
      detail::thread_instance* first;
    } const all{*this};
    for (auto* each = all.first; each != nullptr; each = each->next) {
      f(static_cast<node*>(each)->object);
    }
  }

  /// Returns:        How many instances there are, idle ones included.
  /// Thread safety:  Any thread.
  std::size_t size() const noexcept { return count(); }

 private:
  static constexpr std::size_t line_bytes = 64;

  struct alignas(std::max(line_bytes, alignof(R))) node : detail::thread_instance {
    explicit node(detail::kept_maker<R> const& make) : object(make()) {}
    R object;
  };

  struct give_back {
    std::pmr::memory_resource* upstream;
    void operator()(node* unwanted) const noexcept {
      unwanted->~node();
      upstream->deallocate(unwanted, sizeof(node), alignof(node));
    }
  };

  template <class... Args>
  static R make_from(Args const&... arguments) {
    return R(arguments...);
  }

  static std::pmr::memory_resource* upstream_among() noexcept { return default_upstream(); }
  template <class First, class... Rest>
  static std::pmr::memory_resource* upstream_among(First const& first,
                                                   Rest const&... rest) noexcept {
    if constexpr (sizeof...(Rest) != 0) {
      return upstream_among(rest...);
    } else if constexpr (std::is_pointer_v<First> &&
                         std::is_convertible_v<First, std::pmr::memory_resource*>) {
      return first;
    } else {
      return default_upstream();
    }
  }

  static void thread_ended(detail::slot_owner& owner, void* value) noexcept {
    static_cast<per_thread&>(owner).leave(*static_cast<node*>(value));
  }

  static bool is_closed(detail::thread_instance const& instance) noexcept {
    if constexpr (detail::has_depth<R>) {
      return static_cast<node const&>(instance).object.depth() == 0;
    } else {
      return true;
    }
  }

  [[gnu::cold, gnu::noinline]] R& first_slow() {
    if (detail::thread_instance* const idle = adopt()) {
      try {
        detail::set_value(*this, static_cast<node*>(idle));
      } catch (...) {
        give_up(*idle);
        throw;
      }
      return static_cast<node*>(idle)->object;
    }
    std::unique_ptr<node, give_back> made{make_node(), give_back{upstream_}};
    detail::set_value(*this, made.get());
    add(*made);
    return made.release()->object;
  }

  node* make_node() {
    void* const memory = upstream_->allocate(sizeof(node), alignof(node));
    try {
      return ::new (memory) node(make_);
    } catch (...) {
      upstream_->deallocate(memory, sizeof(node), alignof(node));
      throw;
    }
  }

  std::pmr::memory_resource* upstream_;  // of the nodes
  detail::kept_maker<R> make_;
};

}  // namespace tidemark
