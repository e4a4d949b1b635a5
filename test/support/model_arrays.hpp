// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a random history does to the arrays of a typed stack.
//
// Thread rule: one thread.
//
// Invariants, after every command:
//  1. A lane has in use what the arrays take that were taken from it on top and not closed: so a
//     close leaves every lane as it was at the open, listed or not, and a lane that a checkpoint
//     saw first ends with nothing.
//  2. A lane's peak is the most it had in use; its chunks are given back by nobody but those who
//     ask for it.
//  3. Whoever traces is told of each array what the model knows of it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <tidemark/typed_stack_events.hpp>
#include <tidemark/typed_stack_stats.hpp>
#include <vector>

#include "lane_bytes.hpp"
#include "model_lanes.hpp"
#include "model_state.hpp"

namespace model {

inline std::size_t draw_count(command_source& source) {
  switch (source.below(32)) {
    case 0:
    case 1:
      return 0;
    case 2:
      return source.one_in(8) ? 40'000 : 3000;
    case 3:
    case 4:
    case 5:
      return source.below(2000);
    default:
      return 1 + source.below(60);
  }
}

/// Logs its destruction; the one whose number is `thrower` is not to be had.
struct counted {
  std::size_t number;
  std::vector<std::size_t>* log;

  counted(std::size_t* next, std::vector<std::size_t>* own_log, std::size_t thrower)
      : number(*next), log(own_log) {
    if (number == thrower) throw number;
    ++*next;
  }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { log->push_back(number); }
};

template <class State>
class array_commands {
 public:
  static constexpr std::uint32_t chances = 80;  // in 200

  explicit array_commands(State& state) : s(state) {}

  void step() {
    std::uint32_t const chosen = s.source.below(100);
    if (chosen < 52) return acquire();
    if (chosen < 60) return acquire_objects();
    if (chosen < 63) return fail_to_acquire_objects();
    if (chosen < 78) return open_typed();
    if (chosen < 81) return open_full();
    if (chosen < 84) return acquire_impossible();
    if (chosen < 88) return throw_through();
    if (chosen < 91) return acquire_through_closed_scope();
    if (chosen < 94) return ask_without_scope();
    if (chosen < 96) return toggle_trace();
    if (State::traits_type::repeatable) return;
    if (chosen < 98) return trim();
    request_trim();
  }

  void check() {
    tidemark::typed_stack_stats const now = s.pool().stats_by_lane();
    require(now.total == s.pool().stats(), "the lanes have another total");
    require(now.lanes.front().bytes_reserved <= now.total.bytes_reserved, "the lanes have more");
    bool const may_fall = s.instance.shrinks() || s.gave_back || s.may_shrink;
    std::array<bool, lane_kinds.size()> seen{};
    for (std::size_t i = 1; i < now.lanes.size(); ++i) {
      std::size_t const kind = kind_called(now.lanes[i].element);
      require(kind < lane_kinds.size() && !seen[kind], "a lane that nobody used");
      seen[kind] = true;
      check_lane(now.lanes[i], kind, may_fall);
    }
    for (std::size_t kind = 0; kind < lane_kinds.size(); ++kind) {
      require(seen[kind] || s.ledger.bytes[kind] == 0, "a lane is gone");
    }
    require(may_fall || now.total.bytes_reserved >= reserved_in_all_, "memory was given back");
    reserved_in_all_ = now.total.bytes_reserved;
    s.gave_back = false;
  }

 private:
  using lane_scope = typename State::scope_type;

  void check_lane(tidemark::lane_stats const& lane, std::size_t kind, bool may_fall) {
    require(lane.bytes_in_use == s.ledger.bytes[kind], "a lane has other bytes in use");
    peak_[kind] = std::max(peak_[kind], lane.bytes_in_use);
    require(lane.bytes_peak == peak_[kind], "a lane has another peak");
    require(may_fall || lane.bytes_reserved >= reserved_[kind], "a lane gave memory back");
    reserved_[kind] = lane.bytes_reserved;
  }

  /// Mostly the innermost checkpoint, else any; null and false if nobody has its handle.
  bool draw_owner(std::uint32_t& depth, lane_scope*& scope) {
    depth = s.source.one_in(3) ? s.source.below(s.depth() + 1) : s.depth();
    scope = s.levels[depth].scope.get();
    bool const bare = s.bare_serves(depth);
    if (bare && (scope == nullptr || s.source.one_in(2))) scope = nullptr;
    return bare || scope != nullptr;
  }
  std::size_t draw_kind() {
    auto const some = static_cast<std::uint32_t>(s.source.one_in(2) ? 4 : lane_kinds.size());
    return s.source.below(some);
  }
  std::byte* take(lane_scope* scope, std::size_t kind, std::size_t count) {
    return scope != nullptr ? lane_kinds[kind].of_scope(*scope, count)
                            : lane_kinds[kind].of_stack(s.pool(), count);
  }

  /// Bytes that an array on top adds to its lane. Where a large one lies depends on the chunk in
  /// use: there the lane itself says which of the two it is.
  std::size_t added_bytes(std::size_t kind, std::size_t bytes) {
    std::size_t const in_lane = tidemark::test::in_whole_16(bytes);
    if (s.instance.has_arrays_beside() || lane_kinds[kind].alignment > 64) return bytes;
    if (bytes <= s.instance.max_chunk_bytes() / 4) return in_lane;
    auto const now = tidemark::test::lane_called(s.pool(), lane_kinds[kind].name);
    return now.bytes_in_use == s.ledger.bytes[kind] + bytes ? bytes : in_lane;
  }

  void acquire() {
    std::uint32_t d = 0;
    lane_scope* scope = nullptr;
    if (!draw_owner(d, scope)) return;
    std::size_t const kind = draw_kind();
    std::size_t const count = draw_count(s.source);
    lane_kind const& of = lane_kinds[kind];
    s.disturb(d);
    std::byte* array = nullptr;
    if (!s.attempt([&] { array = take(scope, kind, count); })) return;
    std::size_t const bytes = std::max<std::size_t>(count, 1) * of.element_bytes;
    if (d == s.depth()) s.ledger.bytes[kind] += added_bytes(kind, bytes);
    if (traces_) {
      bool const told = last_.what == tidemark::stack_event::action::acquire && last_.depth == d &&
                        last_.lane == of.name && last_.bytes == bytes &&
                        last_.bytes_in_use == s.pool().stats().bytes_in_use;
      require(told, "a trace tells something else of an array");
    }
    s.blocks.add({.begin = array,
                  .bytes = count * of.element_bytes,
                  .alignment = of.alignment,
                  .depth = d,
                  .pattern = s.blocks.new_pattern(),
                  .array = true});
  }

  /// Sizes that no memory can have, by their product and by themselves.
  void acquire_impossible() {
    std::uint32_t d = 0;
    lane_scope* scope = nullptr;
    if (!draw_owner(d, scope)) return;
    std::size_t const kind = s.source.below(8) == 0 ? 2 : s.source.below(2);  // no bits
    std::size_t const most = SIZE_MAX / lane_kinds[kind].element_bytes;
    std::size_t const count = s.source.one_in(2) ? most : SIZE_MAX - s.source.below(100);
    std::size_t const in_use = s.pool().stats().bytes_in_use;
    try {
      static_cast<void>(take(scope, kind, count));
      throw broken{"an impossible array was given"};
    } catch (std::bad_alloc const&) {
      require(s.pool().stats().bytes_in_use == in_use, "a refusal left bytes in use");
    }
  }

  std::span<counted> make(lane_scope* scope, std::size_t count, std::size_t thrower) {
    auto* const next = &s.object_count;
    auto* const log = &s.log;
    return scope != nullptr ? scope->template acquire_objects<counted>(count, next, log, thrower)
                            : s.pool().template acquire_objects<counted>(count, next, log, thrower);
  }

  void acquire_objects() {
    std::uint32_t d = 0;
    lane_scope* scope = nullptr;
    if (!draw_owner(d, scope)) return;
    std::size_t const count = s.source.one_in(16) ? s.source.below(1000) : s.source.below(5);
    std::size_t const first = s.object_count;
    s.disturb(d);
    s.attempt([&] {
      auto const made = make(scope, count, SIZE_MAX);
      require(made.size() == count && s.object_count == first + count, "a wrong count of objects");
      for (std::size_t i = 0; i < count; ++i) s.levels[d].objects.push_back(first + i);
      s.blocks.add({.begin = reinterpret_cast<std::byte*>(made.data()),
                    .bytes = count * sizeof(counted),
                    .alignment = alignof(counted),
                    .depth = d,
                    .filled = false});
    });
  }

  /// The constructor of one of them throws: those before it are destroyed, last first.
  void fail_to_acquire_objects() {
    std::uint32_t d = 0;
    lane_scope* scope = nullptr;
    if (!draw_owner(d, scope)) return;
    std::size_t const before = s.source.below(4);
    std::size_t const first = s.object_count;
    s.disturb(d);
    s.attempt([&] {
      try {
        static_cast<void>(make(scope, before + 3, first + before));
        throw broken{"an array has objects that were not made"};
      } catch (std::size_t) {
        for (std::size_t i = before; i != 0; --i) s.expected_log.push_back(first + i - 1);
      }
    });
  }

  void open_as(opener open) {
    if (s.depth() >= 40) return;
    std::size_t const in_use = s.pool().stats().bytes_in_use;
    s.attempt([&] {
      tidemark::marker const mark = open(s.pool());
      s.opened(in_use).mark = mark;
      if (!traces_) return;
      bool const told =
          last_.what == tidemark::stack_event::action::open && last_.depth == s.depth();
      require(told, "a trace tells something else of a checkpoint");
    });
  }
  void open_typed() { open_as(s.source.pick(openers)); }
  void open_full() {
    if (State::traits_type::repeatable) return;  // the second time there are more lanes to save
    open_as([](tidemark::typed_stack_resource& stack) { return stack.checkpoint_all(); });
  }

  /// An exception passes scopes that took arrays.
  void throw_through() {
    auto const before = s.pool().stats();
    try {
      descend(1 + s.source.below(4));
    } catch (int) {
    } catch (std::bad_alloc const&) {  // an armed failure, or a limit
    }
    auto const after = s.pool().stats();
    require(after.bytes_in_use == before.bytes_in_use && after.depth == before.depth,
            "an exception left a scope open");
  }
  void descend(std::uint32_t count) {
    if (count == 0) throw 1;
    lane_scope scope{s.pool()};
    auto const outer = s.ledger;
    for (std::uint32_t n = s.source.below(4); n != 0; --n) {
      std::size_t const kind = draw_kind();
      std::size_t const elements = 1 + draw_count(s.source);
      std::size_t const bytes = elements * lane_kinds[kind].element_bytes;
      std::byte* array = nullptr;
      try {
        array = take(s.source.one_in(2) ? &scope : nullptr, kind, elements);
      } catch (...) {
        s.ledger = outer;
        throw;
      }
      require(!s.blocks.overlaps(array, bytes), "a passing array overlaps");
      s.ledger.bytes[kind] += added_bytes(kind, bytes);
      peak_[kind] = std::max(peak_[kind], s.ledger.bytes[kind]);
    }
    try {
      descend(count - 1);
    } catch (...) {
      s.ledger = outer;
      throw;
    }
  }

  void acquire_through_closed_scope() {
    if (s.leftovers.empty()) return;
    s.expect(tidemark::misuse_kind::scope_closed);
    try {
      if (s.source.one_in(4)) {
        static_cast<void>(make(s.source.pick(s.leftovers).get(), 2, SIZE_MAX));
      } else {
        static_cast<void>(take(s.source.pick(s.leftovers).get(), draw_kind(), 5));
      }
      throw broken{"a closed scope gave an array"};
    } catch (std::bad_alloc const&) {  // as it should be
    }
  }

  void ask_without_scope() {
    if (s.depth() != 0 || !s.instance.requires_scope()) return;
    s.expect(tidemark::misuse_kind::no_scope);
    auto& stack = s.pool();
    std::uint32_t const verb = s.source.below(5);
    try {
      if (verb == 0 && stack.try_allocate(8) == nullptr) return;
      if (verb == 1) static_cast<void>(stack.allocate(8));
      if (verb == 2) static_cast<void>(stack.template make<int>(1));
      if (verb == 3) static_cast<void>(make(nullptr, 1, SIZE_MAX));
      if (verb == 4) static_cast<void>(take(nullptr, draw_kind(), 1));
      throw broken{"a stack gave memory without a scope"};
    } catch (std::bad_alloc const&) {  // as it should be
    }
  }

  void toggle_trace() {
    traces_ = !traces_;
    auto const note = [](tidemark::stack_event const& event, void* self) noexcept {
      static_cast<array_commands*>(self)->last_ = event;
    };
    if (traces_) {
      s.pool().set_trace_handler(note, this);
    } else {
      s.pool().set_trace_handler(nullptr);
    }
  }

  /// Idle chunks of two lanes go, and none else.
  void trim() {
    trimmer const& some = s.source.pick(trimmers);
    auto const before = s.pool().stats_by_lane();
    std::size_t const outstanding = s.upstream.bytes_outstanding();
    std::size_t const given = some.trim(s.pool());
    require(s.upstream.bytes_outstanding() + given == outstanding, "trim lies about what it gave");
    auto const after = s.pool().stats_by_lane();
    for (std::size_t i = 0; i < before.lanes.size(); ++i) {
      auto const& lane = before.lanes[i];
      bool const named = lane.element == some.names[0] || lane.element == some.names[1];
      require(named || lane == after.lanes[i], "trim touched another lane");
    }
    s.gave_back = true;
  }
  void request_trim() {
    s.pool().request_trim();
    s.may_shrink = true;
  }

  State& s;
  std::array<std::size_t, lane_kinds.size()> peak_{};
  std::array<std::size_t, lane_kinds.size()> reserved_{};
  std::size_t reserved_in_all_ = 0;
  bool traces_ = false;
  tidemark::stack_event last_{};
};

}  // namespace model
