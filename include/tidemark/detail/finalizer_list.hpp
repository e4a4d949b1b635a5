// SPDX-License-Identifier: BSL-1.0
#pragma once

// Destructors that run when memory falls back.
//
//   list -> newest -> ... -> oldest        one node in front of each object, in the pool's memory
//
// Use it for objects whose destructor is not trivial; memory alone needs none.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. A node is linked after its object's constructor returned, so objects that a constructor makes
//     are destroyed after the object that made them.
//  2. A node is unlinked before its destructor runs: a destructor may add to the list it is on.
//
// Source: the finalizer header of Filament's ArenaScope; protobuf's cleanup list.

#include <utility>

namespace tidemark::detail {

struct finalizer {
  finalizer* next;
  void (*run)(finalizer*) noexcept;
};

class finalizer_list {
 public:
  bool empty() const noexcept { return newest_ == nullptr; }

  void push(finalizer& node) noexcept {
    node.next = newest_;
    newest_ = &node;
    if (oldest_ == nullptr) oldest_ = &node;
  }

  /// Returns:    The newest, no longer linked; null if there is none.
  finalizer* pop() noexcept {
    finalizer* const node = newest_;
    if (node != nullptr) newest_ = node->next;
    if (newest_ == nullptr) oldest_ = nullptr;
    return node;
  }

  /// Takes over what is on `newer`: it runs before all that is on this list. (So an enclosing
  /// scope's object that was made while the kept scope was open runs after that scope's: inner
  /// scopes first.) Complexity: O(1).
  void append_newer(finalizer_list& newer) noexcept {
    if (newer.empty()) return;
    newer.oldest_->next = newest_;
    newest_ = newer.newest_;
    if (oldest_ == nullptr) oldest_ = newer.oldest_;
    newer = {};
  }

 private:
  finalizer* newest_ = nullptr;
  finalizer* oldest_ = nullptr;
};

}  // namespace tidemark::detail
