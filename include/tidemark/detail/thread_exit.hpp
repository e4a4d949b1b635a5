// SPDX-License-Identifier: BSL-1.0
#pragma once

// Code that runs when a thread ends, after the destructors of its `thread_local` objects.
//
//   process   one pthread key, made by the first hook
//   thread    list -> newest -> ... -> oldest        each hook in its owner's memory
//
// Use it for what those destructors may still need: a pool of the thread. Do not use it for what
// must happen in every case:
//  * A process that returns from `main` or calls `exit` runs no hooks of the main thread, which
//    runs them only if it calls `pthread_exit`, and waits for none of threads that still run. Their
//    memory goes with the process. A hook may run while `exit` destroys static objects.
//  * Destructors of other keys may add hooks too, which run in the next round of destructors. There
//    are PTHREAD_DESTRUCTOR_ITERATIONS rounds (4 in glibc); what is added after ours in the last
//    one does not run.
//
// Thread rule: any thread, each on a list of its own that no other thread reads or writes. After
// `fork` the child's only thread has the list of the thread that forked.
//
// Invariants:
//  1. A hook is unlinked before it runs: it may end its own memory, add hooks, itself included,
//     and take others back.
//  2. A list with hooks on it will be run: the thread's value of the key was set before the first
//     came, and is set again if the list was empty, as it is after the key's destructor.
//  3. The key is never deleted: a deletion would not stop a destructor that runs already, and every
//     thread that ever had a hook may still enter it. So the code that it calls must stay: the
//     shared library is linked with `-z nodelete`, and so must be a plug-in that links the static
//     one and is unloaded.
//
// Source: glibc's `start_thread`, which calls the destructors of `thread_local` objects first and
// those of keys after them.

namespace tidemark::detail {

/// Its owner embeds it and keeps it where it is until it runs or is taken back.
struct exit_hook {
  exit_hook* next = nullptr;                   // on the list; written by the functions below
  void (*run)(exit_hook*) noexcept = nullptr;  // called once with the hook, on its thread
};

/// Adds a hook: the calling thread runs it when it ends, newest first. Hooks that a hook adds run
/// before the older ones.
/// Preconditions:  `hook` is on no list; `hook.run` is not null. What it calls is not the first on
///                 its thread to use a `thread_local` that has a destructor, which would not run.
/// Returns:        False, and nothing is changed, if the process has no key left or no memory for
///                 the thread's value of it. A later call may succeed. Never inside a hook.
/// Complexity:     O(1). The thread's first call may allocate.
/// Thread safety:  Any thread.
[[nodiscard]] bool at_thread_exit(exit_hook& hook) noexcept;

/// Takes back a hook that the calling thread added.
/// Returns:        False, and nothing is changed, if it is not on the thread's list: it ran or
///                 runs, was taken back or never added, or is another thread's.
/// Complexity:     O(hooks of the thread that are newer).
/// Thread safety:  Any thread.
bool forget_at_thread_exit(exit_hook& hook) noexcept;

}  // namespace tidemark::detail
