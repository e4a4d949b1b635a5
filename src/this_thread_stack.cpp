// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>

#include <boost/intrusive/list.hpp>
#include <mutex>
#include <new>
#include <tidemark/detail/thread_exit.hpp>
#include <tidemark/this_thread_stack.hpp>

namespace tidemark {
namespace {

using list_hook = boost::intrusive::list_base_hook<>;

struct thread_stack : list_hook, detail::exit_hook {
  thread_stack(typed_stack_options const& options, std::pmr::memory_resource* memory) noexcept
      : stack(options, memory), upstream(memory) {}

  typed_stack_resource stack;
  std::pmr::memory_resource* upstream;  // of this object, too
};

// Never destroyed: threads may outlive static objects.
struct thread_stacks {
  std::mutex mutex;  // guards all that follows
  boost::intrusive::list<thread_stack, boost::intrusive::constant_time_size<false>> all;
  typed_stack_options options{.name = "this thread's stack"};
  resource_name name{"this thread's stack"};  // what options.name refers to
};

thread_stacks& stacks() {
  alignas(thread_stacks) static std::byte place[sizeof(thread_stacks)];
  static auto* const made = [] {
    auto* const fresh = ::new (static_cast<void*>(place)) thread_stacks;
    // A child must not find the mutex locked by a thread that it does not have.
    pthread_atfork([] { stacks().mutex.lock(); }, [] { stacks().mutex.unlock(); },
                   [] { stacks().mutex.unlock(); });
    return fresh;
  }();
  return *made;
}

constinit thread_local thread_stack* current [[gnu::tls_model("initial-exec")]] = nullptr;

void end(detail::exit_hook* hook) noexcept {
  auto* const ended = static_cast<thread_stack*>(hook);
  {
    std::lock_guard const lock{stacks().mutex};
    stacks().all.erase(stacks().all.iterator_to(*ended));
  }
  std::pmr::memory_resource* const upstream = ended->upstream;
  ended->~thread_stack();  // runs destructors, which may use the stack
  current = nullptr;
  upstream->deallocate(ended, sizeof(thread_stack), alignof(thread_stack));
}

[[gnu::cold, gnu::noinline]] typed_stack_resource& make_stack() {
  std::pmr::memory_resource* const upstream = default_upstream();
  void* const memory = upstream->allocate(sizeof(thread_stack), alignof(thread_stack));
  thread_stack* made;
  {
    std::lock_guard const lock{stacks().mutex};
    typed_stack_options options = stacks().options;
    options.name = stacks().name;
    made = ::new (memory) thread_stack(options, upstream);
    made->run = &end;
    if (detail::at_thread_exit(*made)) {
      stacks().all.push_back(*made);
      current = made;
      return made->stack;
    }
  }
  made->~thread_stack();
  upstream->deallocate(memory, sizeof(thread_stack), alignof(thread_stack));
  throw std::bad_alloc();
}

}  // namespace

typed_stack_resource& this_thread_stack() {
  thread_stack* const known = current;
  return known != nullptr ? known->stack : make_stack();
}

void set_thread_stack_options(typed_stack_options const& options) {
  std::lock_guard const lock{stacks().mutex};
  stacks().options = options;
  stacks().name = options.name;
}

void request_trim_of_thread_stacks() noexcept {
  std::lock_guard const lock{stacks().mutex};
  for (thread_stack& each : stacks().all) each.stack.request_trim();
}

}  // namespace tidemark
