// SPDX-License-Identifier: BSL-1.0
#include <new>
#include <tidemark/adaptors/failing_resource.hpp>

namespace tidemark {

bool failing_resource::must_fail() noexcept {
  auto left = countdown_.load(std::memory_order_relaxed);
  while (left != 0) {
    if (countdown_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) {
      return left == 1;
    }
  }
  return false;
}

void* failing_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  calls_.fetch_add(1, std::memory_order_relaxed);
  if (must_fail()) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    throw std::bad_alloc{};
  }
  return upstream_->allocate(bytes, alignment);
}

void failing_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  upstream_->deallocate(block, bytes, alignment);
}

bool failing_resource::do_is_equal(std::pmr::memory_resource const& other) const noexcept {
  return this == &other;
}

}  // namespace tidemark
