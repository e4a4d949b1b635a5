// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a random history does to a pool's checkpoints, and to the pool as a whole.
//
// Thread rule: one thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <utility>

#include "model_state.hpp"

namespace model {

template <class State>
struct mark_commands {
  using pool_type = typename State::pool_type;
  using scope_type = typename State::scope_type;
  using misuse_kind = tidemark::misuse_kind;
  static constexpr std::uint32_t most_depth = 40;

  State& s;
  pool_type& foreign;

  void open_raw() {
    if (s.depth() >= most_depth) return;
    std::size_t const in_use = s.pool().stats().bytes_in_use;
    s.attempt([&] {
      bool const through_pool = s.source.one_in(2);
      tidemark::marker const mark = through_pool ? s.pool().checkpoint() : s.base().checkpoint();
      s.opened(in_use).mark = mark;
    });
  }
  void open_scope() {
    if (s.depth() >= most_depth) return;
    std::size_t const in_use = s.pool().stats().bytes_in_use;
    s.attempt([&] {
      auto scope = std::make_unique<scope_type>(s.pool());
      auto& opened = s.opened(in_use);
      opened.scope = std::move(scope);
      opened.scoped = true;
    });
  }

  /// Somebody learns a checkpoint's own resource.
  void hand_out() {
    if (s.depth() == 0) return;
    auto& l = s.levels[1 + s.source.below(s.depth())];
    if (l.scoped && !l.scope) return;
    std::pmr::memory_resource* const r =
        l.scoped ? l.scope->resource() : s.base().resource_of(l.mark);
    for (std::pmr::memory_resource* const known : l.resources) {
      if (known == r) return;
    }
    l.resources.push_back(r);
  }

  /// Closes the raw checkpoint `d` if nothing forbids it.
  void close_raw(std::uint32_t d, ending how) {
    tidemark::marker const mark = s.levels[d].mark;
    bool const blocked = s.blocked(d);
    if (blocked) s.expect(misuse_kind::out_of_order);
    std::size_t const in_use = s.pool().stats().bytes_in_use;
    if (how == ending::keep) {
      s.base().keep(mark);
    } else {
      s.source.one_in(2) ? s.pool().rewind(mark) : s.base().rewind(mark);
    }
    if (blocked || how == ending::keep) {
      require(s.pool().stats().bytes_in_use == in_use || !blocked, "a refused close freed");
    }
    if (!blocked) s.closed(d, how);
  }

  void close_scope(std::uint32_t d, ending how) {
    auto& l = s.levels[d];
    if (!l.scope) return;
    if (how == ending::keep) l.scope->keep();
    bool const blocked = s.blocked(d);
    if (blocked) s.expect(misuse_kind::out_of_order);
    l.scope.reset();
    if (blocked) {
      l.ended = how;
    } else {
      s.closed(d, how);
    }
  }

  void close(std::uint32_t d) {
    if (d == 0) return;
    ending const how = s.source.one_in(3) ? ending::keep : ending::rewind;
    if (s.source.one_in(2)) s.verify_contents();
    s.levels[d].scoped ? close_scope(d, how) : close_raw(d, how);
  }
  void close_top() { close(s.depth()); }
  void close_any() { close(s.source.below(s.depth() + 1)); }

  void use_bad_marker() {
    tidemark::marker mark{};
    misuse_kind expected = misuse_kind::stale_marker;
    bool opened = false;
    if (s.source.one_in(3)) {
      mark = foreign.checkpoint();
      opened = true;
      expected = misuse_kind::foreign_marker;
    } else if (!s.stale.empty() && !s.source.one_in(4)) {
      mark = s.source.pick(s.stale);
    }
    s.expect(expected);
    switch (s.source.below(3)) {
      case 0:
        s.pool().rewind(mark);
        break;
      case 1:
        s.base().keep(mark);
        break;
      default:
        require(s.base().resource_of(mark) == std::pmr::null_memory_resource(),
                "a bad marker has a resource");
    }
    if (opened) foreign.rewind(mark);
  }

  void empty_scope() {
    if (s.depth() == 0) return;
    std::uint32_t const d = 1 + s.source.below(s.depth());
    auto& l = s.levels[d];
    if (!l.scope) return;
    bool const blocked = s.blocked(d);
    if (blocked) s.expect(misuse_kind::out_of_order);
    l.scope->reset();
    if (blocked) return;
    bool const disturbed = l.disturbed;
    std::size_t const bytes_at_open = l.bytes_at_open;
    if (s.depth() > d) {
      ++s.closed_from_below;  // `closed` counts the one it is asked for as closed by its owner
      s.closed(d + 1, ending::rewind);
    }
    s.drop_contents(d);
    // Its own resource goes on; those of checkpoints that were kept into it are closed.
    std::pmr::memory_resource* const own = l.scope->resource();
    for (std::pmr::memory_resource* const r : l.resources) {
      if (r != own) s.just_closed.push_back(r);
    }
    l.resources.assign(1, own);
    s.expected_bytes.reset();
    if (!disturbed) s.expected_bytes = bytes_at_open;
  }

  void use_leftover() {
    if (s.leftovers.empty()) return;
    std::swap(s.source.pick(s.leftovers), s.leftovers.back());
    scope_type& scope = *s.leftovers.back();
    switch (s.source.below(4)) {
      case 0:
        s.expect(misuse_kind::scope_closed);
        try {
          static_cast<void>(scope.allocate(8, 8));
          throw broken{"a closed scope gave memory"};
        } catch (std::bad_alloc const&) {  // as it should be
        }
        break;
      case 1:
        s.expect(misuse_kind::scope_closed);
        scope.reset();
        break;
      case 2:
        s.expect(misuse_kind::stale_marker);
        require(scope.resource() == std::pmr::null_memory_resource(), "a closed scope's resource");
        break;
      default:
        if (s.source.one_in(2)) scope.keep();
        s.leftovers.pop_back();  // its destructor does nothing
    }
  }

  void reset() {
    s.verify_contents();
    s.pool().reset();
    s.closed_all();
  }
  void release() {
    s.verify_contents();
    s.pool().release();
    s.gave_back = true;
    s.closed_all();
    s.just_dropped.clear();  // upstream may give their addresses to somebody else
  }
  void trim() {
    auto const before = s.pool().stats();
    std::size_t const outstanding = s.upstream.bytes_outstanding();
    std::size_t const given = s.pool().trim();
    s.gave_back = true;
    require(s.upstream.bytes_outstanding() + given == outstanding, "trim lies about what it gave");
    require(s.pool().stats().bytes_in_use == before.bytes_in_use, "trim changed what is in use");
  }
  template <class Traits>
  void coalesce() {
    if constexpr (requires { Traits::coalesce(s.pool()); }) {
      s.attempt([&] { Traits::coalesce(s.pool()); });
    }
  }

  /// One of the next upstream calls fails.
  void arm_failure() { s.upstream.fail_at(1 + s.source.below(3)); }

  /// An exception passes `count` scopes.
  void throw_through(std::uint32_t count) {
    auto const before = s.pool().stats();
    try {
      descend(count);
    } catch (int) {
    } catch (std::bad_alloc const&) {  // an armed failure, or a limit
    }
    auto const after = s.pool().stats();
    require(after.bytes_in_use == before.bytes_in_use && after.depth == before.depth,
            "an exception left a scope open");
  }

 private:
  void descend(std::uint32_t count) {
    if (count == 0) throw 1;
    scope_type scope{s.pool()};
    for (std::uint32_t n = s.source.below(3); n != 0; --n) {
      std::size_t const bytes = 1 + s.source.below(3000);
      void* const memory = scope.allocate(bytes, 8);
      require(!s.blocks.overlaps(static_cast<std::byte*>(memory), bytes),
              "a passing block overlaps");
    }
    descend(count - 1);
  }
};

}  // namespace model
