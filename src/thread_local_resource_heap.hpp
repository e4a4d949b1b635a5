// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a thread_local_resource keeps of one thread.
//
// Thread rule: the thread that has the heap; `next_of_all`, `next_orphan` and `searched` by who
// has locked the resource's mutex.

#include <array>
#include <atomic>
#include <tidemark/thread_local_resource.hpp>

namespace tidemark::detail {

class block_ledger;

/// The resource of one checkpoint; its heap owns it.
class thread_scope_resource final : public bound_resource_base, public scope_binding {
 public:
  thread_scope_resource(thread_local_resource& pool, local_heap& heap) noexcept
      : bound_resource_base(pool), pool_(pool), heap_(heap) {}

  local_heap& heap() const noexcept { return heap_; }

 private:
  friend class local_heap;
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  thread_local_resource& pool_;
  local_heap& heap_;
};

class local_heap : public thread_heap {
 public:
  local_heap(thread_local_resource& pool, upstream_account& account, bool checked) noexcept
      : thread_heap(account, checked),
        bound_{{pool, *this}, {pool, *this}, {pool, *this}, {pool, *this}, {pool, *this}} {
    static_assert(block_engine::inline_records == 5, "one initialiser for each");
    for (std::uint32_t d = 0; d < block_engine::inline_records; ++d) {
      blocks.engine.bind(d, bound_[d]);
    }
    blocks.use_donor(&thread_local_resource::donate, &pool);
  }

  local_heap* next_of_all = nullptr;
  local_heap* next_orphan = nullptr;
  std::array<bool, 2> searched{};       // as an orphan: no group of that size is idle
  owned_count late_frees;               // through checkpoints that were closed
  std::atomic<bool> wants_trim{false};  // somebody called trim; by any thread

  static void* allocate_for(thread_scope_resource& scope, std::size_t bytes, std::size_t alignment,
                            void const* caller);

  block_ledger* ledger = nullptr;  // of a checked pool; guarded by the resource's mutex

  /// Whether the checkpoint is closed and this thread's, so that its blocks are free already. Of
  /// another thread's nothing is known here.
  static bool is_over(thread_scope_resource& scope) noexcept;

  /// An allocation in a checkpoint of this thread that is closed.
  [[noreturn]] static void refuse_closed(thread_local_resource& pool, local_heap& heap,
                                         std::uint64_t serial, std::uint32_t depth,
                                         void const* caller);
  detail::block_engine& engine() noexcept { return blocks.engine; }

 private:
  thread_scope_resource bound_[block_engine::inline_records];
};

}  // namespace tidemark::detail
