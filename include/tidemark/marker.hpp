// SPDX-License-Identifier: BSL-1.0
#pragma once

// The name of one open checkpoint.
//
// Use it with the pool that made it; nothing else can be done with it. Prefer `memory_scope`, which
// closes itself.
//
// Thread rule: a value. It belongs to the thread of its pool.
//
// Invariants:
//  1. A serial is never given out twice in a process, whatever the pool: a marker that compares
//     equal to an open checkpoint's names that checkpoint.
//  2. Serial 0 is no checkpoint: a default marker is never valid.
//
// Source: generation counters of slot maps; protobuf's arena life-cycle ids for the serials.

#include <cstdint>

namespace tidemark {

class rewindable_resource;
namespace detail {
struct marker_access;
}

class marker {
 public:
  constexpr marker() noexcept = default;
  friend constexpr bool operator==(marker const&, marker const&) noexcept = default;

 private:
  friend struct detail::marker_access;
  constexpr marker(std::uint64_t serial, std::uint32_t depth, std::uint32_t origin) noexcept
      : serial_(serial), depth_(depth), origin_(origin) {}

  std::uint64_t serial_ = 0;
  std::uint32_t depth_ = 0;   // count of checkpoints open when it was made, itself included
  std::uint32_t origin_ = 0;  // which pool made it: tells "foreign" from "stale" in a report
};

static_assert(sizeof(marker) == 16, "a marker travels in two registers");

namespace detail {

/// How pools read and make markers; users have no business here.
struct marker_access {
  static constexpr marker make(std::uint64_t serial, std::uint32_t depth,
                               std::uint32_t origin) noexcept {
    return {serial, depth, origin};
  }
  static constexpr std::uint64_t serial(marker const& m) noexcept { return m.serial_; }
  static constexpr std::uint32_t depth(marker const& m) noexcept { return m.depth_; }
  static constexpr std::uint32_t origin(marker const& m) noexcept { return m.origin_; }
};

}  // namespace detail
}  // namespace tidemark
