// SPDX-License-Identifier: BSL-1.0
#pragma once

// Level 1 of one engine of blocks: which blocks are out, with what around them.
//
//   | block as asked for | red zone | dead ...... |     16 bytes, poisoned; their fill is compared
//   |<---------- stride of the slab ------------->|     when the block ends
//
// The ledger reports nothing: it tells what is wrong, so that its owner can first finish what it
// does, or leave its lock.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. Its memory is malloc's; upstream is asked for nothing but the room of red zones.
//  2. What it is told agrees with the engine: a block is live here while it is live there.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tidemark/detail/block_book.hpp>
#include <tidemark/detail/block_engine.hpp>
#include <tidemark/error.hpp>

namespace tidemark::detail {

class block_ledger {
 public:
  explicit block_ledger(block_engine const& engine);
  /// Preconditions: every block has ended.
  ~block_ledger();
  block_ledger(block_ledger const&) = delete;
  block_ledger& operator=(block_ledger const&) = delete;

  /// What a request takes of its block.
  static constexpr std::size_t least_bytes(std::size_t bytes) noexcept {
    return bytes == 0 ? 1 : bytes;
  }

  /// Makes room, so that the next `hand_out` for that depth cannot fail.
  /// Throws:        `std::bad_alloc`; nothing is changed then.
  void prepare(std::uint32_t depth) { book_.prepare(depth); }
  /// A block of the engine becomes the user's.
  /// Preconditions: prepare(depth) was called; the block has room for `bytes` and a red zone.
  void hand_out(void* block, std::size_t bytes, std::size_t alignment,
                std::uint32_t depth) noexcept;

  /// What became of a wish to free or resize a block.
  struct answer {
    bool granted = false;
    std::optional<misuse> bug{};  // to be reported, when the owner has done what is granted
  };
  /// The user gives a block back. If that is granted, the engine must be told.
  answer take_back(void* block, std::size_t bytes, std::size_t alignment) noexcept;
  /// Whether there is such a block. If that is granted and the engine agrees, call `resize`.
  answer may_resize(void* block, std::size_t old_bytes) noexcept;
  void resize(void* block, std::size_t new_bytes) noexcept;

  // Around what the engine does to checkpoints. Depth 0: to everything.
  void before_closing(std::uint32_t depth, source_location where, code_trace const& by) noexcept;
  /// Returns:       What overran a block that is to end with `depth`; each once.
  std::optional<misuse> next_overrun(std::uint32_t depth) noexcept;
  void after_closing(std::uint32_t depth) noexcept;
  /// What the checkpoints from `depth` on hold passes to the one below.
  void before_keeping(std::uint32_t depth) noexcept;

  /// Whether a block that is in use begins there.
  bool is_live(void const* block) noexcept { return book_.is_live(block); }
  /// Adds to a report what is known of the checkpoint `serial`, if it is closed.
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept;

 private:
  std::optional<misuse> mend(known_block const& block) const noexcept;
  static void tell(closed_scope const* scope, misuse& bug) noexcept;

  block_engine const& engine_;
  bool const on_valgrind_;
  block_book book_;
};

}  // namespace tidemark::detail
