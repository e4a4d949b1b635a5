// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <tidemark/detail/thread_exit.hpp>

namespace tidemark::detail {
namespace {

// The thread's list. A plain pointer: it is there before and after every `thread_local` object that
// has a destructor. Initial-exec: reached without a call, which could allocate.
[[gnu::tls_model("initial-exec")]] constinit thread_local exit_hook* newest = nullptr;

// The key plus 1; 0 while there is none. Written once, never back. Release and acquire: who uses
// the key finds it made.
constinit std::atomic<std::uint64_t> key_plus_1{0};

// The key's destructor. `list` is `newest` of the thread, which need not be found again so late.
void run_hooks(void* list) {
  auto& first = *static_cast<exit_hook**>(list);
  while (first != nullptr) {
    exit_hook& hook = *first;
    first = hook.next;
    hook.run(&hook);
  }
}

// The process's key plus 1; 0 if there is none left. No lock, as a child of fork would inherit it
// held. Of two threads that make the first key at once the second gives its own back; where that
// is the last key of the process, the second may find neither.
std::uint64_t common_key_plus_1() noexcept {
  auto known = key_plus_1.load(std::memory_order_acquire);
  if (known != 0) return known;
  pthread_key_t made{};
  if (pthread_key_create(&made, &run_hooks) != 0) return key_plus_1.load(std::memory_order_acquire);
  std::uint64_t const wanted = std::uint64_t{made} + 1;
  if (key_plus_1.compare_exchange_strong(known, wanted, std::memory_order_acq_rel)) return wanted;
  pthread_key_delete(made);
  return known;
}

// Makes the thread run its list when it ends.
bool arm() noexcept {
  auto const key = common_key_plus_1();
  return key != 0 && pthread_setspecific(static_cast<pthread_key_t>(key - 1), &newest) == 0;
}

}  // namespace

// Not inline, even at link time: a coroutine could keep the address of `newest` across a suspension
// that it leaves on another thread.
[[gnu::noinline]] bool at_thread_exit(exit_hook& hook) noexcept {
  if (newest == nullptr && !arm()) return false;
  hook.next = newest;
  newest = &hook;
  return true;
}

[[gnu::noinline]] bool forget_at_thread_exit(exit_hook& hook) noexcept {
  for (exit_hook** link = &newest; *link != nullptr; link = &(*link)->next) {
    if (*link != &hook) continue;
    *link = hook.next;
    return true;
  }
  return false;
}

}  // namespace tidemark::detail
