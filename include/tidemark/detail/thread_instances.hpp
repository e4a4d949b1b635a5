// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which instances of an object are used by threads, and which wait for one.
//
//   newest -> ... -> oldest          all, never taken out
//   idle -> idle -> ...              those that the next threads get, the last left first
//
// Use it below a class that makes the instances and knows their type. It allocates nothing.
//
// Thread rule: any thread.
//
// Invariants:
//  1. An instance is in the idle list iff its state is idle.
//  2. No instance becomes used while any thread visits them all, unless it is made then.
//  3. What a thread did with its instance before it ended is seen by the next that gets it, and by
//     who begins to visit later.

#include <cstddef>
#include <cstdint>
#include <tidemark/detail/thread_slots.hpp>

namespace tidemark::detail {

enum class instance_state : std::uint8_t {
  used,  // by a thread
  idle,  // for the next thread
  open   // its thread ended with work open in it, or while it was visited
};

/// Stands before each instance.
struct thread_instance {
  thread_instance* next = nullptr;       // made before this one; written by `add`
  thread_instance* next_idle = nullptr;  // guarded by the owner's mutex, as all that follows
  instance_state state = instance_state::used;
};

class thread_instances : public slot_owner {
 public:
  /// Whether nothing is open in an instance. The mutex is locked, nobody is in the instance.
  using closed_function = bool (*)(thread_instance const&) noexcept;

  thread_instances(end_function end, closed_function closed) noexcept
      : slot_owner(end), closed_(closed) {}

  /// Adds one that the calling thread made for itself.
  void add(thread_instance& made) noexcept;
  /// Returns:        One that was idle, and is used now; null if there is none, or while somebody
  ///                 visits them.
  thread_instance* adopt() noexcept;
  /// It was adopted in vain.
  void give_up(thread_instance& adopted) noexcept;
  /// Its thread ends.
  void leave(thread_instance& left) noexcept;

  /// Returns:        The one made last, from which `next` leads to all others; null if there is
  ///                 none. Who ends while they are visited leaves its instance open.
  thread_instance* begin_visit() noexcept;
  /// Makes idle what is open and turns out to be closed.
  /// Preconditions:  Called once for each `begin_visit`.
  void end_visit() noexcept;

  std::size_t count() const noexcept;

 private:
  void make_idle(thread_instance& instance) noexcept;

  closed_function closed_;
  thread_instance* newest_ = nullptr;  // guarded by mutex(), as all that follows
  thread_instance* idle_ = nullptr;
  std::size_t count_ = 0;
  std::size_t visit_count_ = 0;
};

}  // namespace tidemark::detail
