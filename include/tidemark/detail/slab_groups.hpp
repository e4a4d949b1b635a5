// SPDX-License-Identifier: BSL-1.0
#pragma once

// The slabs of one size that upstream gave, some at a time.
//
//   group  | slab | slab | slab | slab |     one request to upstream, 1, 2, 4 ... slabs
//             |             idle   idle      those that hold no block wait for the next class
//             in use
//
// Groups keep upstream from wasting a slab's worth on the alignment of each slab. They grow, so
// that a small pool is small and a large one calls upstream rarely.
//
// The groups ask nobody for memory: `wanted_bytes` says how much the owner should get.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. A slab is in the list of idle ones or in use by its owner, and counted so in its group.
//  2. A group is returned upstream whole, when all its slabs are idle.

#include <cstddef>
#include <cstdint>
#include <tidemark/detail/slab.hpp>

namespace tidemark::detail {

class slab_groups {
 public:
  /// `used_bytes`: what is ever used of a slab; the last one of a group gets no more.
  /// Preconditions: `slab_bytes` is a power of two, used_bytes <= slab_bytes; no group was given.
  void configure(std::size_t slab_bytes, std::size_t used_bytes,
                 std::size_t max_group_bytes) noexcept {
    slab_bytes_ = slab_bytes;
    unused_bytes_ = slab_bytes - used_bytes;
    max_slab_count_ = max_group_bytes > slab_bytes ? max_group_bytes / slab_bytes : 1;
  }
  std::size_t slab_bytes() const noexcept { return slab_bytes_; }

  /// An idle slab, in use from now on; null if there is none.
  slab* take() noexcept;
  void put_idle(slab& idle) noexcept;
  bool has_idle() const noexcept { return idle_.first != nullptr; }

  /// Bytes of the next group, to be aligned to `slab_bytes()`: of as many slabs as are within
  /// `available`, but of one at least.
  std::size_t wanted_bytes(std::size_t available) const noexcept;
  /// The bytes become a group of idle slabs. Preconditions: as `wanted_bytes` said.
  void give(void* memory, std::size_t bytes) noexcept;
  /// A group that left another one with slabs of the same size: all its slabs are idle.
  void adopt(slab_group& group) noexcept;
  /// The groups whose slabs are all idle leave, accessible whatever a checked engine poisoned. The
  /// memory of each begins with its first slab.
  /// Returns:       The first of them, linked by `next`.
  /// Complexity:    O(groups + idle slabs).
  slab_group* take_idle_groups() noexcept;
  /// All groups leave likewise, whatever is in use; they grow from one slab again.
  slab_group* take_all_groups() noexcept;

 private:
  void link(slab_group& group) noexcept;
  void unlink(slab_group& group) noexcept;

  std::size_t slab_bytes_ = 0;
  std::size_t unused_bytes_ = 0;     // of each slab
  std::size_t max_slab_count_ = 1;   // of one group
  std::size_t next_slab_count_ = 1;  // of the next one; doubles
  slab_list idle_;
  slab_group* groups_ = nullptr;
};

}  // namespace tidemark::detail
