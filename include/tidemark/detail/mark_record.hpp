// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every pool remembers of one open checkpoint.
//
//   record[0]  the pool itself: what `unscoped()` holds
//   record[1]  outermost checkpoint
//   record[2]  innermost checkpoint      each with a binding: what its resource object knows
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. `eventful` is false only while the scope has done nothing but what closing it plainly undoes.
//  2. A binding is not part of the record: after `keep` it means the enclosing scope, and the
//     record gets another one.

#include <cstdint>
#include <tidemark/config.hpp>

namespace tidemark::detail {

/// Which checkpoint a resource object serves.
struct scope_binding {
  // Serials are never this large, and never 0: a null marker names neither.
  static constexpr std::uint64_t closed = UINT64_MAX;
  static constexpr std::uint64_t base = UINT64_MAX - 1;  // the pool itself, at depth 0

  std::uint64_t serial = closed;
  scope_binding* forward = nullptr;  // of a kept one: the binding of what enclosed it
  scope_binding* next = nullptr;     // in the list of kept or of spare ones
  std::uint32_t depth = 0;
  bool handed_out = false;  // somebody may hold the resource, so `keep` must not take it back
};

struct binding_list {
  scope_binding* first = nullptr;
  scope_binding* last = nullptr;

  void push(scope_binding& added) noexcept {
    added.next = first;
    first = &added;
    if (last == nullptr) last = &added;
  }
  scope_binding* pop() noexcept {
    scope_binding* const taken = first;
    if (taken != nullptr) first = taken->next;
    if (first == nullptr) last = nullptr;
    return taken;
  }
  void splice(binding_list& other) noexcept {
    if (other.first == nullptr) return;
    other.last->next = first;
    if (last == nullptr) last = other.last;
    first = other.first;
    other = {};
  }
};

enum class scope_end : std::uint8_t { none, rewind, keep };

struct mark_record {
  std::uint64_t serial = 0;
  source_location where{};  // kept after the end: reports name the place
  bool scoped = false;      // a memory_scope holds it
  bool eventful = false;
  scope_end ended = scope_end::none;  // its scope object is gone, another one is open above it
  std::uint32_t emptied_count = 0;    // how often its blocks fell back and it stayed open

  scope_binding* binding = nullptr;
  binding_list kept;  // resources of checkpoints that were kept into this one
};

}  // namespace tidemark::detail
