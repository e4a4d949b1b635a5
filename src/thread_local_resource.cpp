// SPDX-License-Identifier: BSL-1.0

// Allocation: by which heap, and whose a block is.

#include <algorithm>
#include <new>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/poison.hpp>

#include "thread_checks.hpp"
#include "thread_local_resource_heap.hpp"

namespace tidemark {

using detail::block_class;
using detail::free_block;
using detail::large_block;
using detail::local_heap;
using detail::marker_access;
using detail::size_classes;
using detail::slab;
using detail::thread_checks;
using detail::thread_heap;
using detail::thread_scope_resource;

// Each of these holds the whole inline half: the table of the thread's slots is looked at here and
// nowhere else.

[[gnu::noinline]] void* thread_local_resource::do_allocate(std::size_t bytes,
                                                           std::size_t alignment) {
  std::size_t const last = detail::round_up(bytes, alignment) - 1;  // wraps, and is no small size
  if (last < small_limit_) [[likely]] {
    if (auto* const own = static_cast<local_heap*>(detail::cached_value(threads_))) [[likely]] {
      block_class& from = own->classes[size_classes::small_of(last)];
      if (free_block* const head = from.head) [[likely]] {
        from.head = head->next;
        from.live.add(1);
        return head;
      }
    }
  }
  return allocate_slow(bytes, alignment);
}

[[gnu::noinline]] void thread_local_resource::do_deallocate(void* block, std::size_t bytes,
                                                            std::size_t alignment) {
  std::size_t const last = detail::round_up(bytes, alignment) - 1;
  if (last < small_limit_) [[likely]] {
    slab& holding = *detail::slab_of(block, thread_heap::slab_bytes);
    auto* const own = static_cast<local_heap*>(detail::cached_value(threads_));
    if (own != nullptr && holding.owner == own) [[likely]] {
      if (own->blocks.engine.depth() != 0) holding.stamp_of(block) = 0;
      block_class& to = own->classes[size_classes::small_of(last)];
      to.head = ::new (block) free_block{to.head};
      to.live.subtract(1);
      return;
    }
  }
  deallocate_slow(block, bytes, alignment);
}

[[gnu::noinline]] void* thread_local_resource::allocate_for(marker mark, std::size_t bytes,
                                                            std::size_t alignment) {
  std::size_t const last = detail::round_up(bytes, alignment) - 1;
  auto* const own = static_cast<local_heap*>(detail::cached_value(threads_));
  std::uint32_t const depth = marker_access::depth(mark);
  if (last < small_limit_ && own != nullptr &&
      own->blocks.engine.is_open(marker_access::serial(mark), depth)) [[likely]] {
    block_class& from = own->classes[size_classes::small_of(last)];
    void* block;
    if (own->blocks.engine.take_free_for(depth, from, thread_heap::slab_bytes, 0, block)) {
      return block;
    }
  }
  return allocate_for_slow(mark, bytes, alignment, __builtin_return_address(0));
}

void* detail::thread_scope_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  return local_heap::allocate_for(*this, bytes, alignment, __builtin_return_address(0));
}

void detail::thread_scope_resource::do_deallocate(void* block, std::size_t bytes,
                                                  std::size_t alignment) {
  if (local_heap::is_over(*this)) [[unlikely]] {
    // The rewind freed it, or somebody has it again.
    heap_.late_frees.add(1);
    return;
  }
  pool_.deallocate(block, bytes, alignment);
}

[[gnu::noinline]] bool local_heap::is_over(thread_scope_resource& scope) noexcept {
  block_engine const& engine = scope.heap_.engine();
  if (cached_value(scope.pool_.threads_) != &scope.heap_ || engine.is_checked()) return false;
  if (engine.is_open(scope)) [[likely]]
    return false;
  engine.resolve(scope);
  return !engine.is_open(scope);
}

[[gnu::noinline]] void* local_heap::allocate_for(thread_scope_resource& scope, std::size_t bytes,
                                                 std::size_t alignment, void const* caller) {
  thread_local_resource& pool = scope.pool_;
  std::size_t const last = round_up(bytes, alignment) - 1;
  auto* const own = static_cast<local_heap*>(cached_value(pool.threads_));
  local_heap& heap = scope.heap_;
  block_engine& engine = heap.blocks.engine;
  if (last < pool.small_limit_ && own == &heap && scope.depth != 0 && engine.is_open(scope))
      [[likely]] {
    void* block;
    block_class& from = heap.classes[size_classes::small_of(last)];
    if (engine.take_free_for(scope.depth, from, slab_bytes, 0, block)) return block;
  }
  if (find_value(pool.threads_) != &heap) {
    pool.report({.kind = misuse_kind::wrong_thread}, caller);
    throw std::bad_alloc();
  }
  if (!engine.is_open(scope)) engine.resolve(scope);
  if (engine.is_open(scope)) return pool.allocate_at(heap, scope.depth, bytes, alignment, caller);
  refuse_closed(pool, heap, scope.serial, scope.depth, caller);
}

// The slow halves.

void* thread_local_resource::allocate_slow(std::size_t bytes, std::size_t alignment) {
  void const* const caller = __builtin_return_address(0);
  if (local_heap* const own = known_heap()) {
    return allocate_at(*own, 0, bytes, alignment, caller);
  }
  local_heap& fresh = make_heap();
  try {
    return allocate_at(fresh, 0, bytes, alignment, caller);
  } catch (...) {
    unmake_heap(fresh);
    throw;
  }
}

void* thread_local_resource::allocate_for_slow(marker mark, std::size_t bytes,
                                               std::size_t alignment, void const* caller) {
  local_heap* const own = known_heap();
  std::uint32_t const depth = marker_access::depth(mark);
  if (own != nullptr && own->blocks.engine.is_open(marker_access::serial(mark), depth)) {
    return allocate_at(*own, depth, bytes, alignment, caller);
  }
  if (is_elsewhere(mark)) {
    report({.kind = misuse_kind::wrong_thread}, caller);
    throw std::bad_alloc();
  }
  local_heap::refuse_closed(*this, heap(), marker_access::serial(mark), depth, caller);
}

void* thread_local_resource::allocate_at(local_heap& heap, std::uint32_t depth, std::size_t bytes,
                                         std::size_t alignment, void const* caller) {
  if (checked_) return thread_checks::allocate(*this, heap, depth, bytes, alignment, caller);
  return take_at(heap, depth, bytes, alignment, caller);
}

void* thread_local_resource::take_at(local_heap& heap, std::uint32_t depth, std::size_t bytes,
                                     std::size_t alignment, void const* caller) {
  std::size_t const whole = detail::round_up(std::max<std::size_t>(bytes, 1), alignment);
  if (whole < bytes) refuse(bytes);  // it wrapped
  detail::block_engine const& engine = heap.engine();
  std::uint64_t const serial = engine.record(depth).serial;
  heap.drain();
  if (heap.wants_trim.load(std::memory_order_relaxed)) [[unlikely]] {
    heap.wants_trim.store(false, std::memory_order_relaxed);
    heap.blocks.trim();
  }
  // Whatever gives memory back may find that upstream calls back, and closes the checkpoint.
  auto const take = [&]() -> void* {
    if (is_pooled(whole - 1, alignment)) {
      std::uint32_t const index = size_classes::of(whole - 1);
      if (max_idle_bytes_ != SIZE_MAX && engine.needs_slab(index)) return_excess(heap);
      return engine.is_open(serial, depth) ? heap.blocks.take(index, depth) : nullptr;
    }
    if (!engine.is_open(serial, depth)) return nullptr;
    // All that the alignment rounds up to, so that `try_expand` need not know it.
    std::size_t const zone = checked_ ? detail::red_zone_bytes : 0;
    if (zone > SIZE_MAX - whole) refuse(bytes);
    return heap.blocks.take_large(whole + zone, alignment, depth, &heap);
  };
  void* block = take();
  // The limit is that of all: what lies idle in heaps of ended threads may be enough.
  if (block == nullptr && trim_orphans() != 0) block = take();
  if (block != nullptr) return block;
  if (!engine.is_open(serial, depth)) {
    local_heap::refuse_closed(*this, heap, serial, depth, caller);
  }
  refuse(bytes);
}

void thread_local_resource::deallocate_slow(void* block, std::size_t bytes,
                                            std::size_t alignment) noexcept {
  if (checked_) {
    return thread_checks::free(*this, block, bytes, alignment, __builtin_return_address(0));
  }
  free_at(block, bytes, alignment);
}

void thread_local_resource::free_at(void* block, std::size_t bytes,
                                    std::size_t alignment) noexcept {
  std::size_t const last = detail::round_up(std::max<std::size_t>(bytes, 1), alignment) - 1;
  local_heap const* const own = known_heap();
  if (is_pooled(last, alignment)) {
    std::uint32_t const index = size_classes::of(last);
    auto* const owner = static_cast<local_heap*>(thread_heap::slab_holding(block, index).owner);
    if (owner == own) return owner->blocks.engine.put(block, index);
    return owner->push_remote(block, index);
  }
  large_block& freed = detail::large_block_of(block);
  auto* const owner = static_cast<local_heap*>(freed.owner);
  if (owner == own) return owner->blocks.free_large(freed);
  owner->push_remote(freed);
}

// Stamps and depths are their own thread's: of another one's block nothing is known.
std::uint32_t thread_local_resource::do_depth_of(void const* block, std::size_t bytes,
                                                 std::size_t alignment) const noexcept {
  local_heap const* const own = known_heap();
  if (own == nullptr) return unknown_depth;
  if (checked_) {
    local_heap const* const holder = thread_checks::holder_of(*this, block);
    if (holder != own) return holder == nullptr ? freed_depth : unknown_depth;
  }
  std::size_t const last = detail::round_up(std::max<std::size_t>(bytes, 1), alignment) - 1;
  if (is_pooled(last, alignment)) {
    slab& holding = thread_heap::slab_holding(block, size_classes::of(last));
    return holding.owner == own ? holding.stamp_of(block) : unknown_depth;
  }
  large_block const& large = detail::large_block_of(block);
  return large.owner == own ? large.depth : unknown_depth;
}

void* thread_local_resource::try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  try {
    return allocate(bytes, alignment);
  } catch (...) {  // whatever upstream throws: there is no memory
    return nullptr;
  }
}

void* thread_local_resource::try_allocate_for(marker mark, std::size_t bytes,
                                              std::size_t alignment) noexcept {
  try {
    return allocate_for(mark, bytes, alignment);
  } catch (...) {
    return nullptr;
  }
}

bool thread_local_resource::try_expand(void* block, std::size_t old_bytes,
                                       std::size_t new_bytes) noexcept {
  if (checked_) {
    return thread_checks::expand(*this, block, old_bytes, new_bytes, __builtin_return_address(0));
  }
  return resize(block, old_bytes, new_bytes);
}

bool thread_local_resource::resize(void* block, std::size_t old_bytes,
                                   std::size_t new_bytes) noexcept {
  // Alignment plays no part: what it rounds up lies between two classes, where no multiple is.
  std::size_t const old_last = std::max<std::size_t>(old_bytes, 1) - 1;
  std::size_t const new_last = std::max<std::size_t>(new_bytes, 1) - 1;
  bool const pooled = old_last < largest_pooled_bytes_;
  if (pooled != (new_last < largest_pooled_bytes_)) return false;
  if (pooled) return size_classes::of(old_last) == size_classes::of(new_last);
  std::size_t const zone = checked_ ? detail::red_zone_bytes : 0;
  return new_bytes <= detail::large_block_of(block).capacity_bytes - zone;
}

}  // namespace tidemark
