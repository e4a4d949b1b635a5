// SPDX-License-Identifier: BSL-1.0
#pragma once

// Numbers that no two checkpoints of a process share.
//
// A source draws blocks of 2^20 serials from one counter of the process and hands them out one by
// one, so that a checkpoint costs an increment and threads meet once in a million.
//
// Thread rule: one thread at a time for one source; any number of sources.
//
// Invariants:
//  1. No serial is 0, and none is given twice, by whatever source.
//  2. Serials of sources are below 2^63: those above belong to `rewindable_resource::new_marker`.
//  3. next_ <= end_; both belong to the same block.

#include <cstdint>

namespace tidemark::detail {

class serial_source {
 public:
  constexpr serial_source() noexcept = default;
  serial_source(serial_source const&) = delete;  // a copy would give the same serials again
  serial_source& operator=(serial_source const&) = delete;

  std::uint64_t take() noexcept {
    if (next_ == end_) refill_slow();
    return ++next_;
  }

  /// Returns: A number that tells this source from others; 0 before the first `take`, then constant
  ///          and not 0. Unique until a process has drawn 2^32 blocks.
  std::uint32_t origin() const noexcept { return origin_; }

 private:
  void refill_slow() noexcept;

  std::uint64_t next_ = 0;    // the serial given last
  std::uint64_t end_ = 0;     // the last serial of the block
  std::uint32_t origin_ = 0;  // index of the first block drawn
};

}  // namespace tidemark::detail
