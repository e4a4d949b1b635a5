// SPDX-License-Identifier: BSL-1.0
#pragma once

// Keeps the misuse that a test provokes, instead of aborting.
//
// Use it on the stack of a test: while it lives it is the misuse handler of the whole process.
//
// Thread rule: pools of any thread may report to it. Read `seen` when they are done. Recorders end
// in the reverse order of their begin.

#include <cstddef>
#include <mutex>
#include <tidemark/error.hpp>
#include <vector>

namespace tidemark::testing {

class misuse_recorder {
 public:
  misuse_recorder() noexcept : former_(set_misuse_handler(&record, this)) {}
  /// Effects:       Restores the former handler.
  ~misuse_recorder() { set_misuse_handler(former_.handler, former_.context); }
  misuse_recorder(misuse_recorder const&) = delete;
  misuse_recorder& operator=(misuse_recorder const&) = delete;

  /// Returns:       How many of one kind were seen.
  std::size_t count(misuse_kind kind) const noexcept {
    std::size_t result = 0;
    for (misuse const& bug : seen) result += bug.kind == kind ? 1U : 0U;
    return result;
  }

  std::vector<misuse> seen;  // oldest first

 private:
  static void record(misuse const& bug, void* self) noexcept {
    auto& recorder = *static_cast<misuse_recorder*>(self);
    const std::lock_guard lock{recorder.mutex_};
    recorder.seen.push_back(bug);
  }

  std::mutex mutex_;  // held while `seen` grows
  misuse_hook former_;
};

}  // namespace tidemark::testing
