// SPDX-License-Identifier: BSL-1.0

// The heaps of a thread-local pool: how threads get them and leave them, and memory as a whole.

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <new>

#include "pool_visit.hpp"
#include "thread_checks.hpp"
#include "thread_local_resource_heap.hpp"

namespace tidemark {

using detail::local_heap;
using detail::size_classes;
using detail::thread_checks;

namespace {

std::size_t pooled_bytes_of(thread_local_options const& options) noexcept {
  std::size_t const wanted =
      std::clamp<std::size_t>(options.largest_pooled_bytes, 1, size_classes::largest_bytes);
  return size_classes::bytes(size_classes::of(wanted - 1));
}

thread_local_options of_pool_options(std::pmr::pool_options const& options) noexcept {
  thread_local_options result;
  if (options.largest_required_pool_block != 0) {
    result.largest_pooled_bytes = options.largest_required_pool_block;
  }
  return result;
}

}  // namespace

thread_local_resource::thread_local_resource(thread_local_options const& options,
                                             std::pmr::memory_resource* upstream) noexcept
    : threads_(*this),
      largest_pooled_bytes_(pooled_bytes_of(options)),
      max_idle_bytes_(options.max_idle_bytes),
      account_(upstream != nullptr ? upstream : default_upstream(), options.limit_bytes),
      checked_(checks_enabled(options.check)),
      process_(::getpid()),
      name_(options.name) {
  if (!checked_) small_limit_ = std::min(largest_pooled_bytes_, size_classes::largest_small_bytes);
}

thread_local_resource::thread_local_resource(std::pmr::pool_options const& options,
                                             std::pmr::memory_resource* upstream) noexcept
    : thread_local_resource(of_pool_options(options), upstream) {}

thread_local_resource::~thread_local_resource() {
  local_heap const* const own = known_heap();
  threads_.close();  // from here on no thread's end reaches this
  bool const has_threads = process_ == ::getpid();
  for (local_heap* heap = all_; heap != nullptr; heap = heap->next_of_all) {
    if (has_threads && heap != own && heap->engine().depth() != 0) {
      report({.kind = misuse_kind::outlived, .opened = heap->engine().record(1).where},
             __builtin_return_address(0));
    }
  }
  detail::forget_value(threads_);
  reset_all(nullptr);
  while (local_heap* const heap = all_) {
    all_ = heap->next_of_all;
    destroy(*heap);
  }
}

// Threads come and go.

local_heap* thread_local_resource::known_heap() const noexcept {
  return static_cast<local_heap*>(detail::find_value(threads_));
}

local_heap& thread_local_resource::heap() {
  local_heap* const own = known_heap();
  return own != nullptr ? *own : make_heap();
}

[[gnu::cold]] local_heap& thread_local_resource::make_heap() {
  local_heap* given = nullptr;
  {
    std::lock_guard const lock{threads_.mutex()};
    given = orphans_;
    if (given != nullptr) orphans_ = given->next_orphan;
  }
  if (given == nullptr) {
    void* const memory = account_.ask(sizeof(local_heap), alignof(local_heap));
    if (memory == nullptr) refuse(sizeof(local_heap));
    // Upstream may have used this pool on this thread.
    if (local_heap* const own = known_heap()) {
      account_.give_back(memory, sizeof(local_heap), alignof(local_heap));
      return *own;
    }
    given = ::new (memory) local_heap(*this, account_, checked_);
    std::lock_guard const lock{threads_.mutex()};
    given->next_of_all = all_;
    all_ = given;
  }
  try {
    detail::set_value(threads_, given);
  } catch (...) {
    std::lock_guard const lock{threads_.mutex()};
    given->next_orphan = orphans_;
    given->searched.fill(false);
    orphans_ = given;
    throw;
  }
  return *given;
}

void thread_local_resource::unmake_heap(local_heap& heap) noexcept {
  // Upstream may have used it; one that was an ended thread's may have blocks.
  bool const used = heap.blocks.chunk_count() != 0 || heap.engine().origin() != 0;
  if (used || heap.has_remote()) return;
  detail::forget_value(threads_);
  {
    std::lock_guard const lock{threads_.mutex()};
    local_heap** link = &all_;
    while (*link != &heap) link = &(*link)->next_of_all;
    *link = heap.next_of_all;
  }
  destroy(heap);
}

void thread_local_resource::destroy(local_heap& heap) noexcept {
  heap.blocks.release();
  heap.blocks.release_bookkeeping();
  detail::destroy_checks(heap.ledger);
  heap.~local_heap();
  account_.give_back(&heap, sizeof(local_heap), alignof(local_heap));
}

void thread_local_resource::end_of_thread(detail::slot_owner& owner, void* heap) noexcept {
  thread_local_resource& pool = static_cast<threads&>(owner).pool;
  auto* const left = static_cast<local_heap*>(heap);
  // Blocks of its checkpoints live on, until they are freed.
  if (pool.checked_) thread_checks::before_keeping(pool, *left, 1);
  left->engine().abandon_marks();
  std::lock_guard const lock{pool.threads_.mutex()};
  left->next_orphan = pool.orphans_;
  left->searched.fill(false);
  pool.orphans_ = left;
}

detail::slab_group* thread_local_resource::donate(void* pool_asked, std::size_t which) noexcept {
  auto& pool = *static_cast<thread_local_resource*>(pool_asked);
  std::lock_guard const lock{pool.threads_.mutex()};
  for (local_heap* orphan = pool.orphans_; orphan != nullptr; orphan = orphan->next_orphan) {
    if (orphan->has_remote()) {
      orphan->drain();
      orphan->searched.fill(false);
    }
    if (orphan->searched[which]) continue;
    if (detail::slab_group* const given = orphan->blocks.donate(which)) return given;
    orphan->searched[which] = true;
  }
  return nullptr;
}

// Memory as a whole.

void thread_local_resource::return_excess(local_heap& heap) noexcept {
  std::size_t const used = heap.bytes_in_use();
  std::size_t const reserved = heap.blocks.chunk_bytes();
  if (reserved > used && reserved - used > max_idle_bytes_) heap.blocks.trim();
}

void thread_local_resource::reset_all(void const* caller) noexcept {
  for (local_heap* heap = all_; heap != nullptr; heap = heap->next_of_all) {
    heap->drain();
    if (checked_ && !thread_checks::before_closing(*this, *heap, 0, {}, caller)) continue;
    heap->engine().reset();
    heap->searched.fill(false);
    if (checked_) thread_checks::after_closing(*this, *heap, 0);
  }
}

void thread_local_resource::reset() noexcept { reset_all(__builtin_return_address(0)); }

void thread_local_resource::release() noexcept {
  reset_all(__builtin_return_address(0));
  for (local_heap* heap = all_; heap != nullptr; heap = heap->next_of_all) heap->blocks.release();
}

std::size_t thread_local_resource::trim() noexcept {
  local_heap* const own = known_heap();
  {
    std::lock_guard const lock{threads_.mutex()};
    for (local_heap* heap = all_; heap != nullptr; heap = heap->next_of_all) {
      if (heap != own) heap->wants_trim.store(true, std::memory_order_relaxed);
    }
  }
  std::size_t given = 0;
  if (own != nullptr) {
    own->drain();
    given = own->blocks.trim();
  }
  return given + trim_orphans();
}

std::size_t thread_local_resource::trim_orphans() noexcept {
  // They are this thread's meanwhile: upstream is not called under the lock.
  local_heap* taken;
  {
    std::lock_guard const lock{threads_.mutex()};
    taken = std::exchange(orphans_, nullptr);
  }
  std::size_t given = 0;
  local_heap* last = nullptr;
  for (local_heap* orphan = taken; orphan != nullptr; orphan = orphan->next_orphan) {
    orphan->drain();
    given += orphan->blocks.trim();
    orphan->searched.fill(true);
    orphan->wants_trim.store(false, std::memory_order_relaxed);
    last = orphan;
  }
  if (last != nullptr) {
    std::lock_guard const lock{threads_.mutex()};
    last->next_orphan = orphans_;
    orphans_ = taken;
  }
  return given;
}

resource_stats thread_local_resource::stats() const noexcept {
  resource_stats result{.name = name_,
                        .bytes_reserved = account_.reserved_bytes(),
                        .upstream_calls = account_.calls(),
                        .depth = depth()};
  std::lock_guard const lock{threads_.mutex()};
  for (local_heap const* heap = all_; heap != nullptr; heap = heap->next_of_all) {
    result.bytes_in_use += heap->bytes_in_use();
    result.bytes_peak += heap->blocks.engine.bytes_peak();
    result.chunk_count += heap->blocks.chunk_count();
    result.late_frees += heap->late_frees.get();
    result.closed_from_below += heap->blocks.engine.closed_from_below();
  }
  return result;
}

}  // namespace tidemark
