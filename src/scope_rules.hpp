// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who may close which checkpoint, and what is reported instead.
//
// A pool is seen through what it gives here:
//   marks()                                its detail::mark_stack
//   close(depth, where, caller)            rewinds to `depth`, which nothing forbids
//   keep(depth)                            keeps down to `depth`, likewise
//   empty(depth, where, caller)            frees what `depth` and all above it hold
//   tell_of(serial, misuse&)               adds what level 1 knows of a closed checkpoint
//   report(misuse, caller)                 names the pool, then asks the handler
//
// Thread rule: that of the pool.
//
// Invariant: what cannot be done is reported and changes nothing, but for a scope that is destroyed
// below an open one, which is closed together with that.

#include <cstdint>
#include <new>
#include <tidemark/detail/mark_stack.hpp>
#include <tidemark/error.hpp>
#include <tidemark/marker.hpp>

namespace tidemark::detail {

struct scope_rules {
  template <class Pool>
  static bool is_open(Pool& pool, marker mark) noexcept {
    return pool.marks().is_open(marker_access::serial(mark), marker_access::depth(mark));
  }

  /// Returns:       The depth of `mark`; 0, after a report, if it is not open.
  template <class Pool>
  static std::uint32_t checked_depth(Pool& pool, marker mark, source_location where,
                                     void const* caller) noexcept {
    if (is_open(pool, mark)) return marker_access::depth(mark);
    std::uint64_t const serial = marker_access::serial(mark);
    bool const foreign = serial != 0 && marker_access::origin(mark) != pool.marks().origin();
    misuse bug{.kind = foreign ? misuse_kind::foreign_marker : misuse_kind::stale_marker,
               .used = where};
    pool.tell_of(serial, bug);
    pool.report(bug, caller);
    return 0;
  }

  template <class Pool>
  static bool closable(Pool& pool, std::uint32_t depth, source_location where,
                       void const* caller) noexcept {
    auto const found = pool.marks().blocker(depth);
    if (!found) return true;
    auto const& named = found.in_finalizer ? pool.marks().record(depth) : *found.scope;
    pool.report(
        {.kind = found.in_finalizer ? misuse_kind::rewind_in_finalizer : misuse_kind::out_of_order,
         .opened = named.where,
         .used = where},
        caller);
    return false;
  }

  template <class Pool>
  static void rewind(Pool& pool, marker mark, source_location where, void const* caller) noexcept {
    std::uint32_t const depth = checked_depth(pool, mark, where, caller);
    if (depth == 0 || !closable(pool, depth, where, caller)) return;
    pool.close(depth, where, caller);
    close_ended(pool, caller);
  }

  template <class Pool>
  static void keep(Pool& pool, marker mark, source_location where, void const* caller) noexcept {
    std::uint32_t const depth = checked_depth(pool, mark, where, caller);
    if (depth == 0 || !closable(pool, depth, where, caller)) return;
    pool.keep(depth);
    close_ended(pool, caller);
  }

  template <class Pool>
  static void empty(Pool& pool, marker mark, source_location where, void const* caller) noexcept {
    std::uint32_t const depth = marker_access::depth(mark);
    if (!is_open(pool, mark)) return report_closed(pool, mark, where, caller);
    if (!closable(pool, depth, where, caller)) return;
    pool.empty(depth, where, caller);
    close_ended(pool, caller);
  }

  template <class Pool>
  static void end_scope(Pool& pool, marker mark, bool keep, void const* caller) noexcept {
    if (!is_open(pool, mark)) return;  // a reset of the pool closed it, which is no error
    std::uint32_t const depth = marker_access::depth(mark);
    scope_end const how = keep ? scope_end::keep : scope_end::rewind;
    if (!closable(pool, depth, {}, caller)) return pool.marks().end_later(depth, how);
    end(pool, depth, how, caller);
    close_ended(pool, caller);
  }

  template <class Pool>
  static void report_closed(Pool& pool, marker mark, source_location where,
                            void const* caller) noexcept {
    std::uint64_t const serial = marker_access::serial(mark);
    std::uint32_t const depth = marker_access::depth(mark);
    misuse bug{.kind = misuse_kind::scope_closed, .used = where};
    // A closed record keeps its place, and its binding the serial, until the next one at its depth.
    auto const& marks = pool.marks();
    scope_binding const* const last =
        depth < marks.record_count() ? marks.record(depth).binding : nullptr;
    if (last != nullptr && last->serial == serial) bug.opened = marks.record(depth).where;
    pool.tell_of(serial, bug);
    pool.report(bug, caller);
  }

  /// For an allocation in a checkpoint that is closed.
  template <class Pool>
  [[noreturn]] static void refuse_closed(Pool& pool, std::uint64_t serial, std::uint32_t depth,
                                         void const* caller) {
    report_closed(pool, marker_access::make(serial, depth, pool.marks().origin()), {}, caller);
    throw std::bad_alloc();
  }

 private:
  template <class Pool>
  static void end(Pool& pool, std::uint32_t depth, scope_end how, void const* caller) noexcept {
    if (how == scope_end::keep) {
      pool.keep(depth);
    } else {
      pool.close(depth, {}, caller);
    }
  }

  /// Scopes that were destroyed below an open one follow it.
  template <class Pool>
  static void close_ended(Pool& pool, void const* caller) noexcept {
    while (auto const ended = pool.marks().next_ended()) end(pool, ended.depth, ended.how, caller);
  }
};

}  // namespace tidemark::detail
