// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a thread uses of objects that serve many threads: one value for each.
//
//   process   owners by id                               one registry, one lock
//   thread    table of 8 {id, value}, index id % 8       found inline
//             map of all {id, value}                     found behind the table
//
// Use it for a pool that gives each thread a part of itself. Do not use it for one value of the
// process for each thread: that is a `thread_local` pointer with a hook of `thread_exit.hpp`.
//
// Thread rule: any thread, each with values of its own. An owner ends when no thread uses it any
// more; threads that have a value of it may live on, or end at the same time. Locks are taken in
// this order: the registry, the mutex of a younger owner, that of an older one. So who holds the
// mutex of an owner begins or ends no owner; a pool may ask an older one for memory then.
//
// Invariants:
//  1. An id is never given twice, so what a thread still has of an owner that is gone is not found.
//  2. Every entry of a thread's table is in its map; the table is only faster.
//  3. Each thread that has values has one hook of `thread_exit.hpp`, however many there are: values
//     end after the thread's `thread_local` objects, and the process needs one key for all.
//  4. An owner that is registered is alive, and cannot end while the registry is locked.
//
// Source: the life-cycle ids and the one-entry cache of protobuf's arenas, here with 8 entries.

#include <array>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>
#include <tidemark/detail/slot_mutex.hpp>

namespace tidemark::detail {

using owner_hook = boost::intrusive::set_base_hook<>;

/// What has a value for each thread: a base or a member of that object.
class slot_owner : public owner_hook {
 public:
  /// Called when a thread that had `value` ends, on that thread, after its `thread_local` objects
  /// were destroyed. The registry is locked: it may lock the owner's mutex, and neither begins nor
  /// ends an owner, nor sets a value.
  using end_function = void (*)(slot_owner& owner, void* value) noexcept;

  /// Asks nobody for memory. Thread safety: Any thread.
  explicit slot_owner(end_function end) noexcept;
  slot_owner(slot_owner const&) = delete;
  slot_owner& operator=(slot_owner const&) = delete;
  ~slot_owner() { close(); }

  /// Ends it for threads that end: the first that the destructor of a derived class calls.
  /// Postconditions: Its end function does not run and will not run.
  /// Complexity:     O(log owners); waits for the threads that end just now. A second call does
  ///                 nothing.
  void close() noexcept;

  /// Not 0.
  std::uint64_t id() const noexcept { return id_; }
  /// For what the owner knows of all threads. `fork` waits until it is free, so that a child never
  /// finds it locked.
  slot_mutex& mutex() const noexcept { return mutex_; }

 private:
  friend struct slot_registry;

  std::uint64_t id_ = 0;  // written once, by the constructor
  end_function end_;
  mutable slot_mutex mutex_;
};

struct thread_slot {
  std::uint64_t id = 0;  // of the owner; 0: empty
  void* value = nullptr;
};

// Trivial, so it is there before and after every `thread_local` object that has a destructor.
// Initial-exec: reached without a call. Written by the functions below.
extern constinit thread_local std::array<thread_slot, 8> thread_slots
    [[gnu::tls_model("initial-exec")]];

/// Only where it cannot become part of a function that goes on in another thread, as one does that
/// calls `tbb::task::suspend`: clang 19 keeps the address of the table, and so finds the value of
/// the former thread. Behind a virtual call it is safe, if what is called is marked noinline.
/// Returns:        The calling thread's value if it is in the table. Null: ask `find_value`.
/// Complexity:     Two loads and a compare.
inline void* cached_value(slot_owner const& owner) noexcept {
  thread_slot const& slot = thread_slots[owner.id() % thread_slots.size()];
  return slot.id == owner.id() ? slot.value : nullptr;
}

/// Returns:        The calling thread's value; null if it has none, as after its end function ran.
/// Complexity:     O(1): the table, or else the map, from where it comes into the table.
/// Thread safety:  Any thread; also beside a suspension point, as it is never inlined.
[[gnu::noinline]] void* find_value(slot_owner const& owner) noexcept;

/// Gives the calling thread a value. A thread whose values have ended already may get one: it ends
/// with the hook, which is added again, or never if this is the last round of destructors of keys.
/// Preconditions:  It has none of this owner. `value` is not null.
/// Throws:         `std::bad_alloc`, and nothing is changed, if there is no memory for the map,
///                 which is malloc's, or the hook cannot be added.
/// Complexity:     O(1) on average over many calls. Never waits for a lock.
[[gnu::noinline]] void set_value(slot_owner const& owner, void* value);

/// Takes back the calling thread's value, if it has one: the end function will not run for it.
/// Complexity:     O(1).
[[gnu::noinline]] void forget_value(slot_owner const& owner) noexcept;

/// Returns:        Whether values of the calling thread have ended because the thread ends. What is
///                 set from now on may be left for ever.
[[nodiscard, gnu::noinline]] bool thread_is_ending() noexcept;

}  // namespace tidemark::detail
