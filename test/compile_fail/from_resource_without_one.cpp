// SPDX-License-Identifier: BSL-1.0
#include <coroutine>
#include <memory>
#include <tidemark/objects/from_resource.hpp>

struct task {
  struct promise_type : tidemark::from_resource {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

#ifdef TIDEMARK_CONTROL
using place = std::pmr::memory_resource*;
#else
using place = int;  // else the default resource would be asked, silently
#endif

task run(std::allocator_arg_t, place) { co_return; }

int main() { (void)run(std::allocator_arg, {}); }
