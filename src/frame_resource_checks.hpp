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

#include <atomic>
#include <thread>
#include <tidemark/detail/block_book.hpp>
#include <tidemark/frame_resource.hpp>

namespace tidemark::detail {

class frame_checks {
 public:
  /// One call of a checked frame, from its slow half in to its slow half out. Calls nest: upstream,
  /// finalizers and handlers may call back.
  class visit {
   public:
    visit(frame_resource& frame, void const* caller, source_location used = {}) noexcept {
      if (frame.engine_.is_checked()) enter(frame, caller, used);
    }
    ~visit() {
      if (entered_ != nullptr) entered_->inside_.store({}, std::memory_order_release);
    }
    visit(visit const&) = delete;
    visit& operator=(visit const&) = delete;
    /// The call was reported: it must change nothing.
    bool is_refused() const noexcept { return refused_; }

   private:
    void enter(frame_resource& frame, void const* caller, source_location used) noexcept;

    frame_checks* entered_ = nullptr;  // null if level 0, refused or an outer visit entered
    bool refused_ = false;
  };

  static void destroy(frame_checks* checks) noexcept;

  // What the frame does at level 1 instead.
  static void* allocate(frame_resource& frame, std::uint32_t depth, std::size_t bytes,
                        std::size_t alignment, void const* caller);
  static void free(frame_resource& frame, std::uint32_t depth, std::byte* block, std::size_t bytes,
                   void const* caller) noexcept;
  static bool expand(frame_resource& frame, std::uint32_t depth, std::byte* block,
                     std::size_t old_bytes, std::size_t new_bytes, void const* caller) noexcept;

  // What it tells the book.
  static void before_opening(frame_resource& frame);
  static void before_closing(frame_resource& frame, std::uint32_t depth, source_location where,
                             void const* caller) noexcept;
  static void after_closing(frame_resource& frame, std::uint32_t depth) noexcept;
  static void before_keeping(frame_resource& frame, std::uint32_t depth) noexcept;

  /// Adds to a report what is known of the checkpoint `serial`, if it is closed.
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept;

 private:
  static frame_checks* made(frame_resource& frame) noexcept;
  static void check_red_zone(frame_resource& frame, known_block const& block,
                             void const* caller) noexcept;

  block_book book_;
  std::thread::id owner_{};                // opened the outermost checkpoint
  std::atomic<std::thread::id> inside_{};  // the thread that is in a slow half; none: nobody
};

}  // namespace tidemark::detail
