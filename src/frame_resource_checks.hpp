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
#include <tidemark/detail/poison.hpp>
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
    ~visit() { leave(); }
    visit(visit const&) = delete;
    visit& operator=(visit const&) = delete;
    /// The call was reported: it must change nothing.
    bool is_refused() const noexcept { return refused_; }
    /// Returns: Null if nothing is checked, or if there was no memory for it.
    frame_checks* checks() const noexcept { return checks_; }

   private:
    void enter(frame_resource& frame, void const* caller, source_location used) noexcept;
    [[gnu::cold, gnu::noinline]] void refuse(frame_resource& frame, bool alone, void const* caller,
                                             source_location used) noexcept;
    void leave() noexcept {
      if (entered_) checks_->inside_.store({}, std::memory_order_release);
      entered_ = false;
    }

    frame_checks* checks_ = nullptr;
    bool entered_ = false;  // false if level 0, refused or an outer visit entered
    bool refused_ = false;
  };

  static void destroy(frame_checks* checks) noexcept;

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

  /// Adds to a report what is known of the checkpoint `serial`, if it is closed.
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept;

 private:
  static frame_checks* made(frame_resource& frame) noexcept {
    std::atomic_ref<frame_checks*> const place{frame.checks_};
    frame_checks* const known = place.load(std::memory_order_acquire);
    return known != nullptr ? known : make(frame);
  }
  static frame_checks* make(frame_resource& frame) noexcept;
  /// Returns: Who is inside already; none if this thread came in now.
  std::thread::id come_in(std::thread::id self, bool leased) noexcept {
    // Acquire pairs with the release of the former visitor.
    std::thread::id found = inside_.load(std::memory_order_acquire);
    if (found != std::thread::id{}) return found;
    // Of a lease this is the only check, so of two that come at once one must lose. A frame with an
    // owner has that, too; there an exchange would cost as much as half of the other checks.
    if (leased) {
      inside_.compare_exchange_strong(found, self, std::memory_order_acquire);
      return found;
    }
    inside_.store(self, std::memory_order_relaxed);
    return {};
  }
  std::byte* take(frame_resource& frame, std::uint32_t depth, std::size_t bytes,
                  std::size_t alignment);
  static void tell(closed_scope const* scope, misuse& bug) noexcept;
  void tell_of(known_block const& block, misuse& bug) const noexcept;
  static bool check_red_zone(frame_resource& frame, known_block const& block,
                             void const* caller) noexcept;

  std::atomic<std::thread::id> inside_{};  // the thread that is in a slow half; none: nobody
  std::thread::id owner_{};                // opened the outermost checkpoint
  bool const on_valgrind_ = valgrind_present();
  char const headers_ = 0;  // its address names the pool of the chunks' headers
  block_book book_;
};

}  // namespace tidemark::detail
