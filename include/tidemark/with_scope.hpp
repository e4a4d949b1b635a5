// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs a function in a scope of its own.
//
//   with_scope(pool, f)                 f(scope) -> result, then the scope falls back
//   with_scope(pool, destination, f)    f(scope) -> result -> remade there, then as above
//
// Use it where scratch memory ends in a value: what could carry the scratch out does not compile.
// Do not use it where several values leave at different times; there a `memory_scope` is open.
//
// What may carry it out is told by `may_point_into_pool<T>`: pointers, references, views,
// iterators, pmr types, scopes, and what holds them: pair, tuple, array, optional, variant,
// containers, aggregates. So may a class that does not show what it holds: std::any, std::function,
// std::future, a closure with captures, a class with private data, unless it is smaller than a
// pointer. If yours owns what it holds, say so:
//
//   template <>
//   inline constexpr bool tidemark::may_point_into_pool<my_table> = false;
//
// Thread rule: that of the pool.
//
// Invariants:
//  1. The result is complete, in `destination` if there is one, before the scope closes.
//  2. An exception from `f` or from remaking rewinds like a normal end.

#include <concepts>
#include <functional>
#include <memory_resource>
#include <tidemark/config.hpp>
#include <tidemark/detail/escape.hpp>
#include <tidemark/detail/remake.hpp>
#include <tidemark/error.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <type_traits>
#include <utility>

namespace tidemark {

// Ours: a number, a copy of a text, a text of static storage.
template <>
inline constexpr bool may_point_into_pool<marker> = false;
template <>
inline constexpr bool may_point_into_pool<resource_name> = false;
template <>
inline constexpr bool may_point_into_pool<source_location> = false;

/// Calls `f` with a scope on `pool` that closes when it returns.
/// Returns:        What `f` returns. Its type must not be one that may point into the pool.
/// Throws:         What `f` throws; `std::bad_alloc` if the scope cannot be opened.
template <std::derived_from<rewindable_resource> R, std::invocable<memory_scope<R>&> F>
auto with_scope(R& pool, F&& f, source_location where = source_location::current())
    -> std::invoke_result_t<F, memory_scope<R>&> {
  static_assert(!may_point_into_pool<std::invoke_result_t<F, memory_scope<R>&>>,
                "with_scope: the result may point into the pool, which takes that memory back when "
                "the scope closes. Return a value that owns its memory, or pass a destination: "
                "with_scope(pool, destination, f). If the type is safe, specialise "
                "tidemark::may_point_into_pool for it.");
  memory_scope<R> scope{pool, where};
  return std::invoke(std::forward<F>(f), scope);
}

namespace detail {

template <class Result, class R, class F>
Result remade_from_scope(R& pool, any_allocator destination, F&& f, source_location where) {
  memory_scope<R> scope{pool, where};
  return remake<Result>(Result(std::invoke(std::forward<F>(f), scope)), destination);
}

}  // namespace detail

/// As above; then the result, with everything inside it, is built anew in `destination`.
/// Returns:        The result, whose memory is that of `destination`. The type must be one that can
///                 be remade whole: built of pmr containers, of classes that use a
///                 polymorphic_allocator, of what points nowhere, and of pair, tuple, array,
///                 optional and variant around these.
/// Throws:         As above, and what remaking throws.
/// Remarks:        With `pool` itself as destination the result stays with the checkpoint that is
///                 open around the call, or with the pool if there is none. Do not pass an
///                 adaptor over the bare pool (`failing_resource{&pool}`): it cannot be told from
///                 a resource of its own, takes its memory from the innermost scope, which is the
///                 one that `f` runs in, and so the result would fall with it. Put the adaptor over
///                 an outer scope or over `unscoped()`.
template <std::derived_from<rewindable_resource> R, std::invocable<memory_scope<R>&> F>
auto with_scope(R& pool, std::pmr::polymorphic_allocator<> destination, F&& f,
                source_location where = source_location::current())
    -> std::remove_cv_t<std::invoke_result_t<F, memory_scope<R>&>> {
  using result = std::remove_cv_t<std::invoke_result_t<F, memory_scope<R>&>>;
  static_assert(detail::remade_whole<result>,
                "with_scope: the result cannot be remade whole in the destination. Return pmr "
                "containers all the way down (std::pmr::vector<std::pmr::string>), not views, "
                "pointers or std containers of pmr values; give an aggregate with pmr members an "
                "allocator_type and a constructor T(T&&, allocator_type). If the type holds "
                "nothing of the pool, specialise tidemark::may_point_into_pool for it.");
  if constexpr (!may_point_into_pool<result>) {
    memory_scope<R> scope{pool, where};
    return std::invoke(std::forward<F>(f), scope);
  } else {
    if (destination.resource() != &pool) {
      return detail::remade_from_scope<result>(pool, destination, std::forward<F>(f), where);
    }
    if constexpr (detail::makes_objects<R>) {
      // Such a pool allocates for its innermost checkpoint: the very one that is about to close.
      memory_scope<R> around{pool, where};
      result made = detail::remade_from_scope<result>(pool, around, std::forward<F>(f), where);
      around.keep();
      return made;
    } else {
      // Which checkpoint the bare pool means is not known; unscoped() is safe whatever it is.
      return detail::remade_from_scope<result>(pool, pool.unscoped(), std::forward<F>(f), where);
    }
  }
}

}  // namespace tidemark
