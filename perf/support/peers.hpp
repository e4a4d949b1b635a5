// SPDX-License-Identifier: BSL-1.0
#pragma once

// The peers: what else a program could plug into its containers.
//
// Each peer is given its best case: the monotonic ones a warm buffer that holds a whole round, so
// that `reset` keeps it; heaps and pools are warm, and free block by block.
//
// Thread rule: one thread.

#include <boost/container/pmr/memory_resource.hpp>
#include <boost/container/pmr/monotonic_buffer_resource.hpp>
#include <boost/container/pmr/synchronized_pool_resource.hpp>
#include <boost/container/pmr/unsynchronized_pool_resource.hpp>
#include <boost/pool/pool.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <utility>
#include <vector>

#include "floor.hpp"

namespace perf {

/// The std interface over one of Boost's resources: Boost.Container has a base class of its own.
/// The resource is held by value, so the inner call is direct: one virtual call as for the others.
template <class Resource>
class from_boost final : public std::pmr::memory_resource {
 public:
  template <class... Args>
  explicit from_boost(Args&&... args) : resource_(std::forward<Args>(args)...) {}
  Resource& boost_resource() noexcept { return resource_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return resource_.allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    resource_.deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  Resource resource_;
};

using boost_pool = from_boost<boost::container::pmr::unsynchronized_pool_resource>;
using boost_synchronized = from_boost<boost::container::pmr::synchronized_pool_resource>;
using boost_monotonic = from_boost<boost::container::pmr::monotonic_buffer_resource>;

/// Boost.Pool: blocks of one size.
class boost_blocks final : public std::pmr::memory_resource {
 public:
  explicit boost_blocks(std::size_t bytes) : pool_(bytes) {}

 private:
  void* do_allocate(std::size_t, std::size_t) override {
    if (void* const block = pool_.malloc()) return block;
    throw std::bad_alloc();
  }
  void do_deallocate(void* block, std::size_t, std::size_t) override { pool_.free(block); }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  boost::pool<> pool_;
};

/// What `new` and `delete` do for a type of ordinary alignment. `new_delete_resource` of libstdc++
/// 12 asks for aligned memory whatever the alignment, and glibc takes several times as long then.
class plain_new_delete final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t) override { return ::operator new(bytes); }
  void do_deallocate(void* block, std::size_t, std::size_t) override { ::operator delete(block); }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
};

/// Memory for one peer, touched before the clock starts.
struct warm_buffer {
  explicit warm_buffer(std::size_t count = arena_bytes) : bytes(count) {}
  std::vector<std::byte> bytes;
};

/// Counts what a resource holds of its upstream.
class counting_upstream final : public std::pmr::memory_resource {
 public:
  std::size_t bytes_held() const noexcept { return bytes_held_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    bytes_held_ += bytes;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
    bytes_held_ -= bytes;
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  std::size_t bytes_held_ = 0;
};

/// Ends the program with a message unless new/delete is glibc's and mimalloc is mimalloc: a row
/// named after one of them would lie otherwise.
void require_real_heaps();

}  // namespace perf
