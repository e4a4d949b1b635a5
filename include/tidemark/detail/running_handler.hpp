// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which handlers this thread is inside just now.
//
//   thread -> | handler of b | -> | handler of a |       each on the stack of its call
//
// Use it to keep a handler from being called for what it does itself. Do not use it across a point
// where a function may go on in another thread.
//
// Thread rule: a thread sees its own alone. An object begins and ends on one thread, and before the
// one that was there when it began.
//
// Invariant: the thread's list holds the objects that are alive, newest first.

namespace tidemark::detail {

class running_handler {
 public:
  /// `owner`: what the handler belongs to; known by its address.
  explicit running_handler(void const* owner) noexcept;
  running_handler(running_handler const&) = delete;
  running_handler& operator=(running_handler const&) = delete;
  ~running_handler();

  /// Complexity:    O(handlers that run on this thread).
  static bool is_inside(void const* owner) noexcept;

 private:
  void const* owner_;
  running_handler* outer_;  // the one that was running before it
};

}  // namespace tidemark::detail
