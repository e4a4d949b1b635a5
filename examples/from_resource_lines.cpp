// SPDX-License-Identifier: BSL-1.0

// A coroutine for each request, its frame in the request's own memory.

#include <algorithm>
#include <coroutine>
#include <cstdlib>
#include <exception>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

struct lines {
  struct promise_type : from_resource {
    lines get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(std::string_view line) noexcept {
      current = line;
      return {};
    }
    void return_void() noexcept {}
    void unhandled_exception() { throw; }
    std::string_view current;
  };
  std::coroutine_handle<promise_type> handle;
  ~lines() { handle.destroy(); }
  bool next() {
    handle.resume();
    return !handle.done();
  }
};

static lines split(std::allocator_arg_t, std::pmr::memory_resource*, std::string_view text) {
  for (std::size_t end; !text.empty(); text.remove_prefix(end)) {
    end = std::min(text.find('\n'), text.size() - 1) + 1;
    co_yield text.substr(0, end);
  }
}

int main() {
  frame_resource frame;
  std::size_t count = 0;
  for (int request = 0; request < 100; ++request) {
    memory_scope scope{frame};
    auto all = split(std::allocator_arg, scope, "one\ntwo\nthree\n");
    while (all.next()) count += all.handle.promise().current.size() > 3 ? 1U : 0U;
  }
  // At most one: a compiler may place the coroutine where it was called.
  return count == 300 && frame.stats().upstream_calls <= 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
