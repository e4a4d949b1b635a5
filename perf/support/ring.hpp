// SPDX-License-Identifier: BSL-1.0
#pragma once

// The work of the rows about a ring: blocks that one thread allocates and another frees.
//
//   this thread --allocate--> [ slot 0 | slot 1 | ... | slot 63 ] --free--> the companion
//
// At most as many blocks are on their way as there are slots. The loops stand in a source of their
// own, as those of churn do.
//
// Thread rule: one thread, not the companion.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "companion.hpp"
#include "rows.hpp"

namespace perf {

class ring {
 public:
  static constexpr std::size_t blocks_per_round = 20'000;

  /// `other` and `from` outlive this object.
  ring(companion& other, std::pmr::memory_resource& from) : other_(other), from_(&from) {}
  ring(ring const&) = delete;
  ring& operator=(ring const&) = delete;

  /// Sends so many blocks, each with its number, and waits until all are freed.
  void round(std::size_t blocks = blocks_per_round);

  /// A round in which every byte of every block is written, and read before the block is freed.
  /// Returns:        A sum over what was read; 0 if a block was not as it had been written.
  std::uint64_t check();

 private:
  static constexpr std::size_t words_per_block = rows::ring_block_bytes / sizeof(std::uint64_t);
  using slot = std::atomic<std::uint64_t*>;

  // `Filled`: whether a block is filled with its number, or has it in its first word alone.
  template <bool Filled>
  void send(std::size_t blocks);
  template <bool Filled>
  void receive(std::size_t blocks);

  companion& other_;
  std::pmr::memory_resource* from_;
  std::uint64_t received_ = 0;  // sum of the numbers; written by the companion
  bool whole_ = true;           // whether filled blocks were; written by the companion
  alignas(64) slot slots_[rows::ring_slot_count] = {};
};

/// Returns:        The bytes of this process that lie in memory.
std::size_t resident_bytes();

}  // namespace perf
