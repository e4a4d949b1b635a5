// SPDX-License-Identifier: BSL-1.0
#include "thread_checks.hpp"

#include <mutex>
#include <new>
#include <tidemark/detail/poison.hpp>

#include "pool_visit.hpp"
#include "thread_local_resource_heap.hpp"

namespace tidemark::detail {

namespace {

void prepare(local_heap& heap, std::uint32_t depth) {
  block_ledger* const ledger = made_checks(heap.ledger, heap.engine());
  if (ledger == nullptr) throw std::bad_alloc();
  ledger->prepare(depth);
}

}  // namespace

void* thread_checks::allocate(thread_local_resource& pool, local_heap& heap, std::uint32_t depth,
                              std::size_t bytes, std::size_t alignment, void const* caller) {
  {
    std::lock_guard const lock{pool.threads_.mutex()};
    prepare(heap, depth);
  }
  void* const block = pool.take_at(heap, depth, bytes, alignment, caller);
  try {
    std::lock_guard const lock{pool.threads_.mutex()};
    prepare(heap, depth);  // upstream may have called back, and used what was prepared
    heap.ledger->hand_out(block, bytes, alignment, depth);
  } catch (...) {
    pool.free_at(block, bytes, alignment);
    throw;
  }
  return block;
}

void thread_checks::free(thread_local_resource& pool, void* block, std::size_t bytes,
                         std::size_t alignment, void const* caller) noexcept {
  block_ledger::answer answer{.granted = false,
                              .bug = misuse{.kind = misuse_kind::foreign_block, .address = block}};
  bool elsewhere = false;
  local_heap const* const own = pool.known_heap();
  {
    std::lock_guard const lock{pool.threads_.mutex()};
    for (local_heap* heap = pool.all_; heap != nullptr && !answer.granted;
         heap = heap->next_of_all) {
      if (heap->ledger == nullptr) continue;
      block_ledger::answer const found = heap->ledger->take_back(block, bytes, alignment);
      // A slab may have passed from heap to heap: what only one knows of a block is true.
      bool const more = found.bug && found.bug->kind != misuse_kind::foreign_block;
      if (found.granted || more) answer = found;
      elsewhere = heap != own;
    }
  }
  if (answer.granted) {
    // Nobody may touch it from here on, though its own thread takes it back later.
    if (elsewhere) make_dead(block, block_ledger::least_bytes(bytes));
    pool.free_at(block, bytes, alignment);
  }
  if (answer.bug) pool.report(*answer.bug, caller);
}

local_heap const* thread_checks::holder_of(thread_local_resource const& pool,
                                           void const* block) noexcept {
  std::lock_guard const lock{pool.threads_.mutex()};
  local_heap const* heap = pool.all_;
  while (heap != nullptr && (heap->ledger == nullptr || !heap->ledger->is_live(block))) {
    heap = heap->next_of_all;
  }
  return heap;
}

bool thread_checks::expand(thread_local_resource& pool, void* block, std::size_t old_bytes,
                           std::size_t new_bytes, void const* caller) noexcept {
  bool done = false;
  block_ledger::answer answer;
  {
    std::lock_guard const lock{pool.threads_.mutex()};
    for (local_heap* heap = pool.all_; heap != nullptr && !answer.granted;
         heap = heap->next_of_all) {
      if (heap->ledger == nullptr) continue;
      answer = heap->ledger->may_resize(block, old_bytes);
      done = answer.granted && pool.resize(block, old_bytes, new_bytes);
      if (done) heap->ledger->resize(block, new_bytes);
    }
  }
  if (answer.bug) pool.report(*answer.bug, caller);
  return done;
}

void thread_checks::before_opening(thread_local_resource& pool, local_heap& heap) {
  std::lock_guard const lock{pool.threads_.mutex()};
  prepare(heap, heap.engine().depth() + 1);
}

bool thread_checks::before_closing(thread_local_resource& pool, local_heap& heap,
                                   std::uint32_t depth, source_location where,
                                   void const* caller) noexcept {
  if (heap.ledger == nullptr) return true;
  std::uint64_t const serial = heap.engine().record(depth).serial;
  code_trace const by = where ? code_trace{} : code_trace::from(caller);
  std::unique_lock lock{pool.threads_.mutex()};
  heap.ledger->before_closing(depth, where, by);
  while (auto const bug = heap.ledger->next_overrun(depth)) {
    lock.unlock();
    pool.report(*bug, caller);
    if (!heap.engine().is_open(serial, depth)) return false;
    lock.lock();
  }
  return true;
}

void thread_checks::after_closing(thread_local_resource& pool, local_heap& heap,
                                  std::uint32_t depth) noexcept {
  if (heap.ledger == nullptr) return;
  std::lock_guard const lock{pool.threads_.mutex()};
  heap.ledger->after_closing(depth);
}

void thread_checks::before_keeping(thread_local_resource& pool, local_heap& heap,
                                   std::uint32_t depth) noexcept {
  if (heap.ledger == nullptr) return;
  std::lock_guard const lock{pool.threads_.mutex()};
  heap.ledger->before_keeping(depth);
}

void thread_checks::tell_of(thread_local_resource& pool, local_heap& heap, std::uint64_t serial,
                            misuse& bug) noexcept {
  if (heap.ledger == nullptr) return;
  std::lock_guard const lock{pool.threads_.mutex()};
  heap.ledger->tell_of(serial, bug);
}

}  // namespace tidemark::detail
