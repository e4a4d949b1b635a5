// SPDX-License-Identifier: BSL-1.0
#pragma once

// A single-thread resource that many threads may use: one mutex around every call.
//
// Use it for a resource that is asked rarely, or where the memory must come from one place. Do not
// use it where threads allocate often: `thread_local_resource` serves each from its own memory.
//
// It cannot be marked, though the wrapped pool can: a checkpoint of one thread would catch what the
// others allocate meanwhile, and rewind it. Checkpoints are opened on the pool itself, by one
// thread, while no other uses the adaptor.
//
// Thread rule: any thread. Nobody uses the wrapped resource without the adaptor meanwhile.
//
// Invariants:
//  1. At most one thread is inside the wrapped resource.
//  2. Every call goes to it unchanged.

#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <mutex>

namespace tidemark {

/// `R`: the wrapped resource.
template <std::derived_from<std::pmr::memory_resource> R>
class synchronized_resource final : public std::pmr::memory_resource {
 public:
  /// Preconditions:  `wrapped` is not null and outlives the adaptor. Its upstream does not call the
  ///                 adaptor, whose mutex is held then.
  explicit synchronized_resource(R* wrapped) noexcept : wrapped_(wrapped) {}
  synchronized_resource(synchronized_resource const&) = delete;
  synchronized_resource& operator=(synchronized_resource const&) = delete;

  R* upstream_resource() const noexcept { return wrapped_; }

  /// Calls `f(*wrapped)` while no other thread is inside: to read its numbers, to reset or trim it.
  /// Returns:        What `f` returns.
  /// Throws:         What `f` throws.
  template <class F>
  decltype(auto) with_lock(F f) {
    std::lock_guard const lock{mutex_};
    return f(*wrapped_);
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    std::lock_guard const lock{mutex_};
    return wrapped_->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::lock_guard const lock{mutex_};
    wrapped_->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  R* wrapped_;
  std::mutex mutex_;  // held inside the wrapped resource
};

}  // namespace tidemark
