// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a random history does to a pool's blocks.
//
// Thread rule: one thread.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <utility>
#include <variant>

#include "model_state.hpp"

namespace model {

inline std::size_t draw_bytes(command_source& source) {
  switch (source.below(32)) {
    case 0:
      return 0;
    case 1:
    case 2:
    case 3:
      return 2048 + source.below(3000);
    case 4:
    case 5:
      return source.below(5000);
    case 6:
      return source.one_in(6) ? (std::size_t{256} << 10U) + source.below(1U << 18U) : 1500;
    default:
      return 1 + source.below(300);
  }
}

inline std::size_t draw_alignment(command_source& source) {
  if (source.one_in(2)) return 8;
  return std::size_t{1} << (source.one_in(4) ? source.below(14) : source.below(7));
}

template <class State>
struct block_commands {
  using handle = typename State::handle;
  using block_type = block;
  /// Whether blocks may be freed and resized through any handle.
  static constexpr bool anywhere = State::traits_type::frees_anywhere;

  State& s;

  /// Mostly the innermost checkpoint, else any.
  std::uint32_t draw_depth() {
    return s.source.one_in(3) ? s.source.below(s.depth() + 1) : s.depth();
  }
  bool has_handle(std::uint32_t d) { return !s.handles_of(d).empty(); }
  handle draw_handle(std::uint32_t d) {
    auto found = s.handles_of(d);
    return s.source.pick(found);
  }

  void allocate() {
    std::uint32_t const d = draw_depth();
    if (!has_handle(d)) return;
    std::size_t const bytes = draw_bytes(s.source);
    std::size_t alignment = draw_alignment(s.source);
    // Over a cache line, what is padded depends on where upstream puts a chunk.
    if (State::traits_type::repeatable) alignment = std::min<std::size_t>(alignment, 64);
    handle const through = draw_handle(d);
    bool const may_throw = !s.source.one_in(4);
    s.disturb(d);
    auto const before = State::traits_type::block_stats(s.pool());
    void* memory = nullptr;
    bool const done = s.attempt([&] {
      std::visit(
          [&](auto* h) {
            if constexpr (requires { h->try_allocate(bytes, alignment); }) {
              if (!may_throw) {
                memory = h->try_allocate(bytes, alignment);
                if (memory == nullptr) throw std::bad_alloc{};
                return;
              }
            }
            memory = h->allocate(bytes, alignment);
          },
          through);
    });
    if (!done) return;
    s.add({static_cast<std::byte*>(memory), bytes, alignment, d, true, s.blocks.new_pattern()});
    auto const after = State::traits_type::block_stats(s.pool());
    // Peaks of blocks of several kinds need not have been at one time.
    require(anywhere ? after.bytes_peak >= before.bytes_peak
                     : after.bytes_peak == std::max(before.bytes_peak, after.bytes_in_use),
            "an allocation left a wrong peak");
  }

  /// A size or an alignment that no memory can have.
  void allocate_impossible() {
    std::uint32_t const d = draw_depth();
    if (!has_handle(d)) return;
    bool const by_size = s.source.one_in(2);
    std::size_t const bytes = by_size ? SIZE_MAX - s.source.below(9000) : 1;
    std::size_t const alignment = std::size_t{1} << (by_size ? s.source.below(14) : 63U);
    auto const before = s.pool().stats();
    try {
      std::visit([&](auto* h) { static_cast<void>(h->allocate(bytes, alignment)); },
                 draw_handle(d));
      throw broken{"an impossible request was served"};
    } catch (std::bad_alloc const&) {
      require(s.pool().stats().bytes_in_use == before.bytes_in_use, "a refusal left bytes in use");
    }
  }

  static void free_through(handle const& through, block const& b) {
    std::visit([&](auto* h) { h->deallocate(b.begin, b.bytes, b.alignment); }, through);
  }

  /// Of a filled block; the newest is often the one on top, so the highest address is preferred.
  bool draw_block(std::size_t& index) {
    if (s.blocks.size() == 0) return false;
    index = s.source.below(static_cast<std::uint32_t>(s.blocks.size()));
    if constexpr (State::traits_type::repeatable) index = s.blocks.by_age(index);
    return s.blocks[index].filled && !s.blocks[index].array;
  }

  void free() {
    std::size_t index = 0;
    if (!draw_block(index)) return;
    block const freed = s.blocks[index];
    if (!has_handle(freed.depth)) return;
    s.disturb(freed.depth);
    s.blocks.remove(index);
    auto const before = s.pool().stats();
    std::uint32_t const d = anywhere ? s.source.below(s.depth() + 1) : freed.depth;
    free_through(draw_handle(has_handle(d) ? d : freed.depth), freed);
    auto const after = s.pool().stats();
    require(after.bytes_peak == before.bytes_peak, "a free changed the peak");
    require(after.bytes_in_use <= before.bytes_in_use, "a free took memory");
    require(after.late_frees == before.late_frees, "a free in time was counted as late");
  }

  /// Allocates and frees a few blocks in a stack's order: the pops and their cursor.
  void churn() {
    std::uint32_t const d = draw_depth();
    if (!has_handle(d)) return;
    s.disturb(d);
    handle const through = draw_handle(d);
    for (std::uint32_t n = 1 + s.source.below(4); n != 0; --n) {
      std::size_t const bytes = draw_bytes(s.source);
      s.attempt([&] {
        void* const memory = std::visit([&](auto* h) { return h->allocate(bytes, 8); }, through);
        require(!s.blocks.overlaps(static_cast<std::byte*>(memory), bytes), "churn overlaps");
        free_through(through,
                     {.begin = static_cast<std::byte*>(memory), .bytes = bytes, .alignment = 8});
      });
    }
  }

  /// The block stays as it is: nobody but its owner can free it. A checked pool knows whose it is
  /// and takes it for dead, though its bytes come back with its owner's.
  void free_through_wrong_handle() {
    if (anywhere) return free();
    std::size_t index = 0;
    if (!draw_block(index)) return;
    block const freed = s.blocks[index];
    std::uint32_t const d = s.source.below(s.depth() + 1);
    if (d == freed.depth || !has_handle(d)) return;
    std::size_t const in_use = s.pool().stats().bytes_in_use;
    free_through(draw_handle(d), freed);
    require(s.pool().stats().bytes_in_use == in_use, "a free through a wrong handle freed");
    if (s.checked) s.blocks.remove(index);
  }

  /// Frees of blocks whose checkpoint is closed, before anybody got their memory. They change
  /// nothing, whoever they go through.
  void free_just_dropped() {
    std::size_t const in_use = s.pool().stats().bytes_in_use;
    for (block const& b : s.just_dropped) {
      std::uint32_t const d = s.source.below(s.depth() + 1);
      if (!s.source.one_in(3) || !has_handle(d) || !s.sees_late_frees()) continue;
      if (s.checked) s.expect(tidemark::misuse_kind::outlived);
      free_through(draw_handle(d), b);
    }
    s.just_dropped.clear();
    s.outlived.clear();
    require(s.pool().stats().bytes_in_use == in_use, "a late free freed");
  }

  /// A resource whose checkpoint is closed: reported, and no memory.
  void use_just_closed() {
    for (std::pmr::memory_resource* const r : s.just_closed) {
      if (!s.source.one_in(4)) continue;
      s.expect(tidemark::misuse_kind::scope_closed);
      try {
        static_cast<void>(r->allocate(16, 8));
        throw broken{"a closed scope's resource gave memory"};
      } catch (std::bad_alloc const&) {  // as it should be
      }
    }
    s.just_closed.clear();
  }

  void expand() {
    std::size_t index = 0;
    if (!draw_block(index)) return;
    block const before = s.blocks[index];
    std::uint32_t const d = s.source.one_in(4) ? s.source.below(s.depth() + 1) : before.depth;
    if (!has_handle(d)) return;
    std::size_t const bytes =
        s.source.one_in(3) ? draw_bytes(s.source) : before.bytes + s.source.below(100);
    s.disturb(d);
    bool const done = std::visit(
        [&](auto* h) {
          if constexpr (requires { h->try_expand(before.begin, before.bytes, bytes); }) {
            return h->try_expand(before.begin, before.bytes, bytes);
          } else {
            return false;
          }
        },
        draw_handle(d));
    // A block of 0 bytes has one.
    bool const shrinks = bytes <= std::max<std::size_t>(before.bytes, 1);
    require(!done || shrinks || anywhere || d == before.depth, "a wrong handle grew a block");
    if (done) s.blocks.resize(index, bytes);
  }

  template <class Pool = typename State::pool_type>
  void make() {
    if constexpr (requires(Pool& p) { p.template make<int>(1); }) {
      std::uint32_t const d = draw_depth();
      auto* const scope = s.levels[d].scope.get();
      if (scope == nullptr && !s.bare_serves(d)) return;
      s.disturb(d);
      s.attempt([&] {
        std::size_t const number = s.object_count;
        tracked* const made = scope != nullptr ? scope->template make<tracked>(number, s.log)
                                               : s.pool().template make<tracked>(number, s.log);
        ++s.object_count;
        s.levels[d].objects.push_back(number);
        s.add({reinterpret_cast<std::byte*>(made), sizeof(tracked), alignof(tracked), d, false, 0});
      });
    }
  }

  void make_container() {
    std::uint32_t const d = draw_depth();
    if (s.levels[d].resources.empty() || s.containers.size() > 12) return;
    s.containers.push_back(
        std::make_unique<typename State::container>(s, s.source.pick(s.levels[d].resources), d));
  }
  void grow_container() {
    if (s.containers.empty()) return;
    auto& grown = *s.source.pick(s.containers);
    for (std::uint32_t n = 1 + s.source.below(700); n != 0; --n) {
      if (!s.attempt(
              [&] { grown.numbers.push_back(static_cast<std::uint32_t>(grown.numbers.size())); })) {
        break;
      }
    }
    grown.verify();
  }
  void end_container() {
    if (s.containers.empty()) return;
    std::swap(s.source.pick(s.containers), s.containers.back());
    s.containers.back()->verify();
    s.containers.pop_back();
  }
};

}  // namespace model
