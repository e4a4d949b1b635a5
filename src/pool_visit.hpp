// SPDX-License-Identifier: BSL-1.0
#pragma once

// Level 1 of a pool for one thread at a time: who may come in.
//
//   owner    ---- call ---- call ------------------------ call ----
//   another         refused: wrong_thread      refused: concurrent_use, while the owner is inside
//
// `Checks` is a pool's level 1: derived from thread_guard, and it gives of a pool
//   marks(pool)                 its detail::mark_stack
//   is_checked(pool)            whether the pool is checked
//   is_leased(pool)             whether any thread may come in, one at a time
//   made(pool)                  its Checks, made by the first call; null if there is no memory
//   report(pool, bug, caller)   names the pool, then asks the handler
//
// Thread rule: any thread; that is what it finds.
//
// Invariant: nothing here runs at level 0, where a pool's pointer to its Checks stays null.

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>
#include <tidemark/error.hpp>
#include <utility>

namespace tidemark::detail {

class thread_guard {
 public:
  /// Returns: Who is inside already; none if this thread came in now.
  std::thread::id come_in(std::thread::id self, bool leased) noexcept {
    // Acquire pairs with the release of the former visitor.
    std::thread::id found = inside_.load(std::memory_order_acquire);
    if (found != std::thread::id{}) return found;
    // Of a lease this is the only check, so of two that come at once one must lose. A pool with an
    // owner has that, too; there an exchange would cost as much as half of the other checks.
    if (leased) {
      inside_.compare_exchange_strong(found, self, std::memory_order_acquire);
      return found;
    }
    inside_.store(self, std::memory_order_relaxed);
    return {};
  }
  void go_out() noexcept { inside_.store({}, std::memory_order_release); }

  /// The calling thread opens the outermost checkpoint.
  void own() noexcept { owner_ = std::this_thread::get_id(); }
  bool is_owned_by(std::thread::id thread) const noexcept { return owner_ == thread; }

 private:
  std::atomic<std::thread::id> inside_{};  // the thread that is in a slow half; none: nobody
  std::thread::id owner_{};                // opened the outermost checkpoint
};

/// One call of a checked pool, from its slow half in to its slow half out. Calls nest: upstream,
/// finalizers and handlers may call back.
template <class Pool, class Checks>
class pool_visit {
 public:
  pool_visit(Pool& pool, void const* caller, source_location used = {}) noexcept {
    if (Checks::is_checked(pool)) enter(pool, caller, used);
  }
  ~pool_visit() { leave(); }
  pool_visit(pool_visit const&) = delete;
  pool_visit& operator=(pool_visit const&) = delete;
  /// The call was reported: it must change nothing.
  bool is_refused() const noexcept { return refused_; }
  /// Returns: Null if nothing is checked, or if there was no memory for it.
  Checks* checks() const noexcept { return checks_; }

 private:
  [[gnu::noinline]] void enter(Pool& pool, void const* caller, source_location used) noexcept {
    checks_ = Checks::made(pool);
    if (checks_ == nullptr) return;  // without memory to check with, the call goes on unchecked
    std::thread::id const self = std::this_thread::get_id();
    bool const leased = Checks::is_leased(pool);
    std::thread::id const found = checks_->come_in(self, leased);
    entered_ = found == std::thread::id{};
    bool const alone = entered_ || found == self;
    if (alone && (leased || Checks::marks(pool).depth() == 0 || checks_->is_owned_by(self)))
        [[likely]] {
      return;
    }
    refuse(pool, alone, caller, used);
  }
  [[gnu::cold, gnu::noinline]] void refuse(Pool& pool, bool alone, void const* caller,
                                           source_location used) noexcept {
    misuse bug{.kind = misuse_kind::concurrent_use, .used = used};
    if (alone) {
      bug.kind = misuse_kind::wrong_thread;
      bug.opened = Checks::marks(pool).record(1).where;
    }
    leave();  // the owner may go on while this is reported
    refused_ = true;
    Checks::report(pool, bug, caller);
  }
  void leave() noexcept {
    if (entered_) checks_->go_out();
    entered_ = false;
  }

  Checks* checks_ = nullptr;
  bool entered_ = false;  // false if level 0, refused or an outer visit entered
  bool refused_ = false;
};

template <class Checks>
void destroy_checks(Checks* checks) noexcept {
  if (checks == nullptr) return;
  checks->~Checks();
  std::free(checks);
}

/// Makes the Checks of a pool, in malloc's memory.
/// Returns:       What is at `place` now; null if there is no memory.
template <class Checks, class... Args>
[[gnu::cold, gnu::noinline]] Checks* make_checks(Checks*& place, Args&... args) noexcept {
  void* const memory = std::malloc(sizeof(Checks));
  if (memory == nullptr) return nullptr;
  Checks* fresh = nullptr;
  try {
    fresh = ::new (memory) Checks(args...);
  } catch (...) {
    std::free(memory);
    return nullptr;
  }
  // Two threads may come first at once, which is what these checks are to find.
  Checks* known = nullptr;
  std::atomic_ref<Checks*> const shared{place};
  if (shared.compare_exchange_strong(known, fresh, std::memory_order_acq_rel)) return fresh;
  destroy_checks(fresh);
  return known;
}

/// The same if there are none yet.
template <class Checks, class... Args>
Checks* made_checks(Checks*& place, Args&... args) noexcept {
  Checks* const known = std::atomic_ref<Checks*>{place}.load(std::memory_order_acquire);
  return known != nullptr ? known : make_checks(place, args...);
}

}  // namespace tidemark::detail
