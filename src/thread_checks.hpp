// SPDX-License-Identifier: BSL-1.0
#pragma once

// Level 1 of a thread-local pool: each heap has a ledger, which any thread may ask.
//
// Thread rule: any thread; ledgers are looked at with the pool's mutex locked, and handlers are
// asked with it free.
//
// Invariant: what is freed is looked for in the ledgers before anything in front of it is read, so
// that a foreign block is told and not followed.

#include <tidemark/thread_local_resource.hpp>

#include "block_ledger.hpp"

namespace tidemark::detail {

class thread_checks {
 public:
  // What the pool does at level 1 instead.
  static void* allocate(thread_local_resource& pool, local_heap& heap, std::uint32_t depth,
                        std::size_t bytes, std::size_t alignment, void const* caller);
  static void free(thread_local_resource& pool, void* block, std::size_t bytes,
                   std::size_t alignment, void const* caller) noexcept;
  static bool expand(thread_local_resource& pool, void* block, std::size_t old_bytes,
                     std::size_t new_bytes, void const* caller) noexcept;

  /// Returns: The heap of which a block in use begins there; null if none has such a block.
  static local_heap const* holder_of(thread_local_resource const& pool, void const* block) noexcept;

  // What it tells the ledger of a heap.
  static void before_opening(thread_local_resource& pool, local_heap& heap);
  /// Returns: False if a misuse handler has closed `depth` itself.
  static bool before_closing(thread_local_resource& pool, local_heap& heap, std::uint32_t depth,
                             source_location where, void const* caller) noexcept;
  static void after_closing(thread_local_resource& pool, local_heap& heap,
                            std::uint32_t depth) noexcept;
  static void before_keeping(thread_local_resource& pool, local_heap& heap,
                             std::uint32_t depth) noexcept;

  /// Adds to a report what is known of the checkpoint `serial` of that heap, if it is closed.
  static void tell_of(thread_local_resource& pool, local_heap& heap, std::uint64_t serial,
                      misuse& bug) noexcept;
};

}  // namespace tidemark::detail
