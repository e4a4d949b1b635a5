// SPDX-License-Identifier: BSL-1.0
#pragma once

// Level 1 of a frame: who may use it, what every block is, and what lies around it.
//
//   | block | red zone |      16 bytes behind each block, poisoned, their fill compared at its end
//
// Thread rule: `visit` is what enforces one.
//
// Invariants:
//  1. All its memory is malloc's; the frame's upstream is asked for nothing but red zones.
//  2. Nothing here runs at level 0, where `frame_resource::checks_` stays null.

#include <tidemark/detail/block_book.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/frame_resource.hpp>

#include "pool_visit.hpp"

namespace tidemark::detail {

class frame_checks : public thread_guard {
 public:
  using visit = pool_visit<frame_resource, frame_checks>;

  frame_checks();
  /// Preconditions: every block has ended.
  ~frame_checks();
  frame_checks(frame_checks const&) = delete;
  frame_checks& operator=(frame_checks const&) = delete;
  static void destroy(frame_checks* checks) noexcept { destroy_checks(checks); }

  // Valgrind's leak check looks at the headers of chunks only if it knows them to be blocks.
  static void before_chunk(frame_resource& frame, void* memory) noexcept;
  static void after_chunk(frame_resource& frame, void* memory) noexcept;

  // What the frame does at level 1 instead.
  static void* allocate(frame_resource& frame, std::uint32_t depth, std::size_t bytes,
                        std::size_t alignment, void const* caller);
  static void free(frame_resource& frame, std::uint32_t depth, std::byte* block, std::size_t bytes,
                   void const* caller) noexcept;
  /// A free through the checkpoint `serial`, which is closed.
  static void free_late(frame_resource& frame, std::uint64_t serial, std::byte* block,
                        void const* caller) noexcept;
  static bool expand(frame_resource& frame, std::uint32_t depth, std::byte* block,
                     std::size_t old_bytes, std::size_t new_bytes, void const* caller) noexcept;

  // What it tells the book.
  static void before_opening(frame_resource& frame);
  /// Returns: False if a misuse handler has closed `depth` itself.
  static bool before_closing(frame_resource& frame, std::uint32_t depth, source_location where,
                             void const* caller) noexcept;
  static void after_closing(frame_resource& frame, std::uint32_t depth) noexcept;
  static void before_keeping(frame_resource& frame, std::uint32_t depth) noexcept;

  /// Whether a block that is in use begins there.
  bool is_live(void const* block) noexcept { return book_.is_live(block); }
  /// Adds to a report what is known of the checkpoint `serial`, if it is closed.
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept;

  // What pool_visit asks for.
  static frame_engine& marks(frame_resource& frame) noexcept { return frame.engine_; }
  static bool is_checked(frame_resource& frame) noexcept { return frame.engine_.is_checked(); }
  static bool is_leased(frame_resource& frame) noexcept {
    return frame.owner_ == frame_owner::lease;
  }
  static frame_checks* made(frame_resource& frame) noexcept { return made_checks(frame.checks_); }
  static void report(frame_resource& frame, misuse const& bug, void const* caller) noexcept {
    frame.report(bug, caller);
  }

 private:
  std::byte* take(frame_resource& frame, std::uint32_t depth, std::size_t bytes,
                  std::size_t alignment);
  static void tell(closed_scope const* scope, misuse& bug) noexcept;
  void tell_of(known_block const& block, misuse& bug) const noexcept;
  static bool check_red_zone(frame_resource& frame, known_block const& block,
                             void const* caller) noexcept;

  bool const on_valgrind_ = valgrind_present();
  char const headers_ = 0;  // its address names the pool of the chunks' headers
  block_book book_;
};

}  // namespace tidemark::detail
