// SPDX-License-Identifier: BSL-1.0
#pragma once

// The typed stack of the thread that asks.
//
//   double step(std::size_t n) {
//     stack_scope s;                       opens this_thread_stack()
//     auto a = s.zeros<double>(n);         falls back at the brace
//     return solve(a);                     which may open a scope of its own
//   }
//
// Use it where a stack would have to be passed through every function. What is called with no scope
// open takes memory that only `reset` gives back: let every entry open a scope, or make that a rule
// with `require_scope` in `set_thread_stack_options`. Where a function is called from contexts
// without a scope pass the stack, or a `std::pmr::memory_resource*`, as an argument.
//
// Thread rule: any thread, each its own stack. A function that another thread runs, as a task of a
// pool may be, finds the stack of that thread.
//
// Invariants:
//  1. A thread's stack is made when it first asks, and ends after the thread's `thread_local`
//     objects; asked for later still, it is made anew.
//  2. The stack of the thread that runs `main` ends with the process.

#include <tidemark/typed_stack_options.hpp>
#include <tidemark/typed_stack_resource.hpp>

namespace tidemark {

/// Returns:        The stack of the calling thread, over `default_upstream()`.
/// Throws:         `std::bad_alloc` if it cannot be made, or nobody could end it with the thread.
/// Complexity:     One load of a thread_local behind a call that is never inlined: a coroutine that
///                 goes on in another thread must not keep the address of the former one's.
[[nodiscard, gnu::noinline]] typed_stack_resource& this_thread_stack();

/// Sets how stacks of threads are made from now on; those that exist stay as they are.
/// Thread safety:  Any thread.
void set_thread_stack_options(typed_stack_options const& options);

/// Calls `request_trim` on the stack of every thread.
/// Thread safety:  Any thread.
void request_trim_of_thread_stacks() noexcept;

}  // namespace tidemark
