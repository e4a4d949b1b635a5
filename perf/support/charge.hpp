// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an adaptor adds to an allocation or a free through `memory_resource*`.
//
//   ours       1000 allocations and 1000 frees through the adaptor
//   bare       the same of the resource that it wraps
//   floor, fetch_add    what the difference is compared with
//
// Thread rule: one thread.

#include <atomic>
#include <cstddef>
#include <memory_resource>
#include <string>

#include "blocks.hpp"
#include "floor.hpp"
#include "program.hpp"

namespace perf {

/// What the rows of one program share.
struct charge_rows {
  program& to;
  blocks work{};
  three<bump_floor> floors{};
  bump_floor<4> memory{};  // of a contestant that allocates nothing: its checksum
  std::atomic<std::size_t> count{0};

  /// Allocations and frees: twice as many operations as a round of blocks has.
  template <class Resource>
  void add_pairs(std::string const& row, std::string const& contestant, Resource& resource) {
    auto const round = [this, &resource] {
      work.allocate<std::pmr::memory_resource>(&resource);
      work.deallocate<std::pmr::memory_resource>(&resource);
    };
    auto const check = [this, &resource] {
      work.allocate<std::pmr::memory_resource>(&resource);
      work.fill();
      std::uint64_t const sum = work.aligned() ? work.checksum() : 0;
      work.deallocate<std::pmr::memory_resource>(&resource);
      return sum;
    };
    to.add(row, contestant, 2 * work.count(), round, check);
  }
  void add_floor(std::string const& row) {
    floors.each([&](auto& floor, auto copy) {
      add_arena<std::pmr::memory_resource>(to, row, std::string("floor") + copy, work, floor,
                                           [&floor] { floor.reset(); });
    });
  }
  void add_fetch_add(std::string const& row) {
    auto const round = [this] {
      for (std::size_t i = 0; i < work.count(); ++i) {
        count.fetch_add(i, std::memory_order_relaxed);
      }
    };
    auto const check = [this] {
      work.allocate<std::pmr::memory_resource>(&memory);
      work.fill();
      std::uint64_t const sum = work.checksum();
      memory.reset();
      return sum;
    };
    to.add(row, "fetch_add", work.count(), round, check);
  }
};

}  // namespace perf
