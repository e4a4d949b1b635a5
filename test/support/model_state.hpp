// SPDX-License-Identifier: BSL-1.0
#pragma once

// A pool and what a model believes about it.
//
//   levels    [0] the pool itself   [1] outermost checkpoint  ...  [depth] innermost
//   blocks    who owns each live block, by depth
//
// `Traits` tells the pool: see model_frame.hpp for one.
//
// Thread rule: one thread.
//
// Invariants:
//  1. Every command first changes the pool, then the model, then calls `check`.
//  2. Misuse is expected before the call that provokes it; `check` compares.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <tidemark/memory_scope.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "model_blocks.hpp"
#include "model_source.hpp"

namespace model {

enum class ending { none, rewind, keep };

/// Logs its destruction, so that order and count of destructors can be compared.
struct tracked {
  std::size_t number;
  std::vector<std::size_t>* log;

  tracked(std::size_t own_number, std::vector<std::size_t>& own_log) noexcept
      : number(own_number), log(&own_log) {}
  tracked(tracked const&) = delete;
  tracked& operator=(tracked const&) = delete;
  ~tracked() { log->push_back(number); }
};

template <class Traits>
struct state {
  using traits_type = Traits;
  using pool_type = typename Traits::pool;
  using scope_type = tidemark::memory_scope<pool_type>;
  using misuse_kind = tidemark::misuse_kind;
  /// What a block is allocated and freed through: the pool, a scope or a scope's resource.
  using handle = std::variant<pool_type*, scope_type*, std::pmr::memory_resource*>;
  static constexpr bool knows_charges =
      requires(typename Traits::instance const& of) { of.charge(1U, 1U); };

  struct level {
    tidemark::marker mark{};            // of a raw checkpoint
    std::unique_ptr<scope_type> scope;  // of a scoped one, while the scope object is there
    bool scoped = false;
    ending ended = ending::none;                          // its scope object went out of order
    std::vector<std::pmr::memory_resource*> resources{};  // all that mean this checkpoint
    std::vector<std::size_t> objects{};                   // made here, oldest first
    std::size_t bytes_at_open = 0;
    bool disturbed = false;  // what encloses it took or freed something since
    typename Traits::ledger at_open{};
  };

  /// Puts a container's blocks on the map.
  struct recorder final : std::pmr::memory_resource {
    state& of;
    std::pmr::memory_resource* target;
    std::uint32_t depth;

    recorder(state& owner, std::pmr::memory_resource* resource, std::uint32_t owner_depth) noexcept
        : of(owner), target(resource), depth(owner_depth) {}
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
      of.disturb(depth);
      void* const memory = target->allocate(bytes, alignment);
      of.add({static_cast<std::byte*>(memory), bytes, alignment, depth, false, 0});
      return memory;
    }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
      of.disturb(depth);
      bool const known = of.blocks.remove_at(static_cast<std::byte*>(memory));
      if (!known && !of.sees_late_frees()) return;
      target->deallocate(memory, bytes, alignment);
    }
    bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
      return this == &other;
    }
  };
  struct container {
    recorder memory;
    std::pmr::vector<std::uint32_t> numbers{&memory};

    container(state& owner, std::pmr::memory_resource* resource, std::uint32_t depth)
        : memory(owner, resource, depth) {}
    void verify() const {
      std::uint32_t expected = 0;
      for (std::uint32_t const number : numbers) require(number == expected++, "a container broke");
    }
  };

  state(command_source& choices, tidemark::check_level checks)
      : source(choices),
        checked(tidemark::checks_enabled(checks)),
        instance(choices, checks, &upstream) {
    levels.emplace_back();
    levels[0].resources.push_back(pool().unscoped());
  }
  state(state const&) = delete;
  state& operator=(state const&) = delete;

  pool_type& pool() noexcept { return instance.pool(); }
  tidemark::rewindable_resource& base() noexcept { return instance.pool(); }
  std::uint32_t depth() const noexcept { return static_cast<std::uint32_t>(levels.size()) - 1; }
  std::uint32_t bare_depth() const noexcept { return Traits::bare_is_innermost ? depth() : 0; }
  /// Whether the bare pool allocates for `d`.
  bool bare_serves(std::uint32_t d) const noexcept {
    return d == bare_depth() && (d != 0 || !instance.requires_scope());
  }

  /// Whether a free of what is gone does no harm.
  bool sees_late_frees() const noexcept { return !Traits::frees_anywhere || checked; }

  /// A block that the pool has handed out.
  void add(block added) {
    if constexpr (knows_charges) added.charge = instance.charge(added.bytes, added.alignment);
    blocks.add(added);
  }

  std::vector<handle> handles_of(std::uint32_t d) {
    level& l = levels[d];
    std::vector<handle> found;
    if (bare_serves(d)) found.push_back(&pool());
    if (l.scope) found.push_back(l.scope.get());
    for (std::pmr::memory_resource* const r : l.resources) found.push_back(r);
    return found;
  }

  void expect(misuse_kind kind) { expected_misuse.push_back(kind); }
  /// What is allocated or freed at `d` shows in the byte counts of all that is above it.
  void disturb(std::uint32_t d) noexcept {
    for (std::uint32_t above = d + 1; above < levels.size(); ++above)
      levels[above].disturbed = true;
  }
  bool blocked(std::uint32_t d) const noexcept {
    return std::any_of(levels.begin() + d + 1, levels.end(),
                       [](level const& l) { return l.scoped; });
  }

  /// Runs `f`, which may run out of memory only because the test lets it: then nothing changed.
  template <class F>
  bool attempt(F f) {
    auto const before = pool().stats();
    std::size_t const failures = upstream.totals().failures;
    try {
      f();
      return true;
    } catch (std::bad_alloc const&) {
      require(upstream.totals().failures > failures || instance.limited(),
              "bad_alloc for no reason");
      auto const after = pool().stats();
      bool const same = before.bytes_in_use == after.bytes_in_use && before.depth == after.depth &&
                        before.bytes_peak == after.bytes_peak &&
                        before.late_frees == after.late_frees &&
                        before.closed_from_below == after.closed_from_below &&
                        // At its limit a pool gives idle chunks back before it gives up.
                        // So does a pool of blocks before it asks for a large one.
                        (instance.limited() || may_shrink || Traits::frees_anywhere ||
                         before.chunk_count == after.chunk_count);
      require(same, "a failed call changed the pool");
      return false;
    }
  }

  /// The model's half of a checkpoint that the pool has opened.
  level& opened(std::size_t bytes_in_use) {
    level& fresh = levels.emplace_back();
    fresh.bytes_at_open = bytes_in_use;
    fresh.at_open = ledger;
    if (depth() == 1 && std::exchange(may_shrink, false)) gave_back = true;
    return fresh;
  }

  /// The model's half of a close that the pool has done: of `d` and of all above it.
  void closed(std::uint32_t d, ending how) {
    if (how == ending::rewind) {
      expected_bytes.reset();
      if (!levels[d].disturbed) expected_bytes = levels[d].bytes_at_open;
    }
    closed_from_below += depth() - d;
    while (depth() >= d) {
      how == ending::keep ? keep_top() : drop_top();
    }
    close_ended();
  }

  /// The pool closed everything: its leftover scopes are still there.
  void closed_all() {
    closed_from_below += depth();
    while (depth() > 0) {
      if (levels.back().scope) leftovers.push_back(std::move(levels.back().scope));
      drop_top();
    }
    drop_contents(0);
    levels[0].resources.assign(1, pool().unscoped());
    expected_bytes = 0;
  }

  void drop_contents(std::uint32_t d) {
    for (block const& b : blocks.drop(d)) {
      if (b.filled && !b.array) just_dropped.push_back(b);
    }
    ledger = levels[d].at_open;
    auto& objects = levels[d].objects;
    expected_log.insert(expected_log.end(), objects.rbegin(), objects.rend());
    objects.clear();
    std::erase_if(containers, [&](std::unique_ptr<container>& c) {
      if (c->memory.depth < d) return false;
      outlived.push_back(std::move(c));  // freed by the caller, after the pool has closed
      return true;
    });
  }

  void check() {
    auto const stats = pool().stats();
    require(pool().depth() == depth() && stats.depth == depth(), "the depth is wrong");
    for (level const& l : levels)
      require(!l.scope || l.scope->is_open(), "an open scope is closed");
    for (auto const& s : leftovers) require(!s->is_open(), "a closed scope is open");
    require(log == expected_log, "destructors ran in another order than newest first");
    log.clear();
    expected_log.clear();
    require(stats.bytes_in_use >= blocks.live_bytes(), "bytes_in_use is less than what is live");
    require(!knows_charges || stats.bytes_in_use == blocks.charged_bytes(),
            "bytes_in_use is not what the live blocks take");
    if (expected_bytes) require(stats.bytes_in_use == *expected_bytes, "a close left bytes in use");
    expected_bytes.reset();
    most_in_use = std::max(most_in_use, stats.bytes_in_use);
    require(stats.bytes_peak >= most_in_use, "bytes_peak forgot a peak");
    require(stats.bytes_reserved == upstream.bytes_outstanding(), "bytes_reserved is wrong");
    require(stats.closed_from_below == closed_from_below, "closed_from_below is wrong");
    check_misuse();
  }

  void verify_contents() const {
    blocks.verify_contents();
    for (auto const& c : containers) c->verify();
  }

  command_source& source;
  bool checked;
  tidemark::testing::misuse_recorder misuse{};
  tidemark::testing::checked_upstream upstream{};
  std::vector<std::size_t> log{};  // of destructors, filled by the pool
  typename Traits::instance instance;

  std::deque<level> levels{};
  block_map blocks{};
  std::vector<std::unique_ptr<container>> containers{};
  std::vector<std::unique_ptr<container>> outlived{};    // their checkpoints are closed
  std::vector<std::unique_ptr<scope_type>> leftovers{};  // closed by a reset of the pool
  std::vector<tidemark::marker> stale{};
  std::vector<std::pmr::memory_resource*> just_closed{};  // resources nobody reuses yet
  std::vector<block> just_dropped{};                      // blocks of the last close
  typename Traits::ledger ledger{};                       // what the pool counts beside blocks
  bool may_shrink = false;  // the pool may give idle memory back at its next outermost checkpoint
  bool gave_back = false;   // it did, by this command
  std::vector<misuse_kind> expected_misuse{};
  std::vector<std::size_t> expected_log{};
  std::optional<std::size_t> expected_bytes{};  // after a close
  std::size_t most_in_use = 0;
  std::size_t closed_from_below = 0;
  std::size_t object_count = 0;

 private:
  void leave_top() {
    if (!levels.back().scoped) stale.push_back(levels.back().mark);
    if (stale.size() > 32) stale.erase(stale.begin());
    levels.pop_back();
  }

  void drop_top() {
    drop_contents(depth());
    auto const& resources = levels.back().resources;
    just_closed.insert(just_closed.end(), resources.begin(), resources.end());
    leave_top();
  }

  void keep_top() {
    level& inner = levels[depth()];
    level& outer = levels[depth() - 1];
    blocks.pass_down(depth());
    for (auto const& c : containers) {
      if (c->memory.depth == depth()) --c->memory.depth;
    }
    outer.objects.insert(outer.objects.end(), inner.objects.begin(), inner.objects.end());
    outer.resources.insert(outer.resources.end(), inner.resources.begin(), inner.resources.end());
    leave_top();
  }

  // Scopes that went out of order close with the scope above them.
  void close_ended() {
    std::uint32_t d = depth();
    while (d > 0 && !levels[d].scoped) --d;
    if (d > 0 && levels[d].ended != ending::none) closed(d, levels[d].ended);
  }

  void check_misuse() {
    std::size_t matched = 0;
    for (auto const& bug : misuse.seen) {
      bool const of_a_free = bug.kind == misuse_kind::outlived ||
                             bug.kind == misuse_kind::foreign_block ||
                             bug.kind == misuse_kind::double_free;
      if (matched < expected_misuse.size() && bug.kind == expected_misuse[matched]) {
        ++matched;
      } else {
        require(checked && of_a_free, "misuse was reported that is none");
      }
    }
    require(matched == expected_misuse.size(), "misuse was not reported");
    misuse.seen.clear();
    expected_misuse.clear();
  }
};

}  // namespace model
