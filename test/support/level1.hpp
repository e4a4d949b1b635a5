// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of level 1 share.

#include <cstddef>
#include <functional>
#include <memory_resource>
#include <string_view>
#include <thread>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <utility>

namespace level1 {

inline tidemark::frame_options checked(tidemark::frame_owner owner = tidemark::frame_owner::thread,
                                       std::string_view name = "tides") {
  return {.name = name, .owner = owner, .check = tidemark::check_level::on};
}

/// Runs `f` on another thread and waits for its end.
template <class F>
void elsewhere(F f) {
  std::thread{std::move(f)}.join();
}

/// `new_delete_resource`, and in the middle of the next call whatever a test wants.
class inviting_upstream final : public std::pmr::memory_resource {
 public:
  std::function<void()> during;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (auto const called = std::exchange(during, nullptr)) called();
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    if (auto const called = std::exchange(during, nullptr)) called();
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
};

/// Writes `value` to `count` bytes, unseen by AddressSanitizer.
[[gnu::noinline, gnu::no_sanitize_address]] inline void scribble(void* begin, std::size_t count,
                                                                 unsigned char value = 'x') {
  for (std::size_t i = 0; i < count; ++i) static_cast<unsigned char volatile*>(begin)[i] = value;
}

}  // namespace level1
