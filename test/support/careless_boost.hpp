// SPDX-License-Identifier: BSL-1.0
#pragma once

// A Boost resource with what Boost 1.81's own do, and its contract allows: alignments over
// `max_align` are ignored, zero bytes are null, exhaustion is Boost's exception.
//
// Thread rule: that of its upstream.

#include <algorithm>
#include <boost/container/pmr/memory_resource.hpp>
#include <boost/container/throw_exception.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>

namespace tidemark::test {

class careless_boost final : public boost::container::pmr::memory_resource {
 public:
  explicit careless_boost(std::pmr::memory_resource* upstream) noexcept : upstream_(upstream) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes == 0) return nullptr;
    try {
      return upstream_->allocate(bytes, std::min(alignment, max_align));
    } catch (std::bad_alloc const&) {
      boost::container::throw_bad_alloc();
    }
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    if (bytes != 0) upstream_->deallocate(block, bytes, std::min(alignment, max_align));
  }
  bool do_is_equal(memory_resource const& other) const noexcept override {
    auto const* const careless = dynamic_cast<careless_boost const*>(&other);
    return careless != nullptr && *upstream_ == *careless->upstream_;
  }

  std::pmr::memory_resource* upstream_;
};

}  // namespace tidemark::test
