// SPDX-License-Identifier: BSL-1.0
#include <tidemark/detail/running_handler.hpp>

namespace tidemark::detail {
namespace {

constinit thread_local running_handler* innermost_handler = nullptr;

// Not inlined: a caller that goes on in another thread must not keep the address.
[[gnu::noinline]] running_handler*& handlers_of_this_thread() noexcept { return innermost_handler; }

}  // namespace

running_handler::running_handler(void const* owner) noexcept
    : owner_(owner), outer_(handlers_of_this_thread()) {
  handlers_of_this_thread() = this;
}

running_handler::~running_handler() { handlers_of_this_thread() = outer_; }

bool running_handler::is_inside(void const* owner) noexcept {
  running_handler const* running = handlers_of_this_thread();
  while (running != nullptr && running->owner_ != owner) running = running->outer_;
  return running != nullptr;
}

}  // namespace tidemark::detail
