// SPDX-License-Identifier: BSL-1.0
#pragma once

// A function with a stack of its own, which goes on in whichever thread resumes it: what
// `tbb::task::suspend` does to a function that calls it, at places that the test chooses.
//
// A compiler may keep the address of a `thread_local` across such a suspension, as clang 19 at -O2
// does: it does not know that the thread is another then.
//
// Thread rule: one thread at a time. Sanitizers are not told of the change of stacks.

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace tidemark::test {

class wanderer {
 public:
  /// `f` ends before this object does.
  explicit wanderer(std::function<void(wanderer&)> f) : f_(std::move(f)), stack_(1U << 18U) {
    ::getcontext(&inside_);
    inside_.uc_stack.ss_sp = stack_.data();
    inside_.uc_stack.ss_size = stack_.size();
    inside_.uc_link = &outside_;
    ::makecontext(&inside_, &start, 0);
  }
  wanderer(wanderer const&) = delete;
  wanderer& operator=(wanderer const&) = delete;

  /// Runs `f` on the calling thread until it suspends or ends.
  void resume() {
    current_ = this;
    ::swapcontext(&outside_, &inside_);
  }
  /// Returns to who resumed `f`, which alone may call it.
  void suspend() { ::swapcontext(&inside_, &outside_); }

 private:
  static void start() { current_->f_(*current_); }

  inline static wanderer* current_ = nullptr;
  std::function<void(wanderer&)> f_;
  std::vector<std::byte> stack_;
  ucontext_t inside_{};
  ucontext_t outside_{};
};

}  // namespace tidemark::test
