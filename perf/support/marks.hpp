// SPDX-License-Identifier: BSL-1.0
#pragma once

// The rows about opening and closing marks that nothing is allocated under.
//
// Thread rule: one thread.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string>
#include <tidemark/marker.hpp>
#include <tidemark/memory_scope.hpp>

#include "floor.hpp"
#include "program.hpp"

namespace perf {

inline constexpr std::uint32_t marks_per_round = 1000;
inline constexpr std::size_t marked_block_bytes = 64;
inline constexpr std::size_t marked_block_alignment = 8;

/// `mark(f)` opens a mark, calls f with what allocates under it, and closes it. The checksum tells
/// whether it gave the memory back: the next block lies where the former lay.
template <class Mark>
void add_mark(program& to, std::string const& row, std::string const& name, Mark mark) {
  auto const round = [mark] {
    for (std::uint32_t i = 0; i < marks_per_round; ++i) {
      mark([](auto& resource) { escape(&resource); });
    }
  };
  auto const check = [mark] {
    std::uint64_t sum = 1;
    void const* former = nullptr;
    for (std::uint32_t i = 0; i < marks_per_round; ++i) {
      mark([&](auto& resource) {
        void* const block = resource.allocate(marked_block_bytes, marked_block_alignment);
        std::memcpy(block, &i, sizeof i);
        sum = sum * 31 + (former == nullptr || former == block ? i : 0);
        former = block;
      });
    }
    return sum;
  };
  to.add(row, name, marks_per_round, round, check);
}

/// What a mark is measured by: one allocation of 64 bytes.
inline void add_mark_floors(program& to, std::string const& row, three<bump_floor>& floors) {
  floors.each([&](auto& floor, auto copy) {
    auto const round = [&floor] {
      auto* const any = launder<std::pmr::memory_resource>(&floor);
      for (std::uint32_t i = 0; i < marks_per_round; ++i) {
        escape(any->allocate(marked_block_bytes, marked_block_alignment));
      }
      floor.reset();
    };
    auto const check = [&floor] {
      std::uint64_t sum = 1;
      for (std::uint32_t i = 0; i < marks_per_round; ++i) {
        std::memcpy(floor.allocate(marked_block_bytes, marked_block_alignment), &i, sizeof i);
        sum = sum * 31 + i;
        floor.reset();
      }
      return sum;
    };
    to.add(row, std::string("floor") + copy, marks_per_round, round, check);
  });
}

/// What allocates for a raw mark, found when it is asked: a bare pool of blocks is outside of it.
template <class Pool>
class under_mark {
 public:
  under_mark(Pool& pool, tidemark::marker mark) : pool_(pool), mark_(mark) {}
  void* allocate(std::size_t bytes, std::size_t alignment) {
    return pool_.resource_of(mark_)->allocate(bytes, alignment);
  }

 private:
  Pool& pool_;
  tidemark::marker mark_;
};

/// The rows of a pool of blocks, on which nothing else is.
template <class Pool>
void add_block_pool_marks(program& to, std::string const& prefix, Pool& pool,
                          three<bump_floor>& floors) {
  std::string const scope_row = prefix + "_empty_scope";
  add_mark(to, scope_row, "ours", [&pool](auto body) {
    tidemark::memory_scope scope(pool);
    body(scope);
  });
  add_mark_floors(to, scope_row, floors);

  std::string const mark_row = prefix + "_checkpoint_rewind";
  add_mark(to, mark_row, "ours", [&pool](auto body) {
    tidemark::marker const mark = pool.checkpoint();
    under_mark resource(pool, mark);
    body(resource);
    pool.rewind(mark);
  });
  add_mark_floors(to, mark_row, floors);
}

}  // namespace perf
