// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the service asks of the memory that it works in, and three answers without tidemark's pools.
//
// Thread rule: an object belongs to one thread; what the threads share is its `shared_part`.

#include <boost/json.hpp>
#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <vector>

namespace request_service {

/// Budgets of ours, for each thread; other memories have none.
struct memory_limits {
  std::size_t parse_bytes = 1024 * 1024;       // of requests, parsed
  std::size_t cache_bytes = 16 * 1024 * 1024;  // of the entries that are kept
  std::size_t answer_bytes = 4 * 1024 * 1024;  // of answers in the making
};

/// open_parse(), open_answer(): objects, the second within the first; the destructor of each may
/// give back what its part of the memory handed out since. end_request(): there are none any more.
/// frees_one_by_one: neither gives anything back, so that documents are destroyed. What the cache
/// has from its memory is freed one by one by all.
template <class M>
concept service_memory = requires(M& memory) {
  { memory.open_parse() };
  { memory.open_answer() };
  { memory.end_request() } noexcept;
  { memory.parse_storage() } -> std::same_as<boost::json::storage_ptr>;
  { memory.answer_storage() } -> std::same_as<boost::json::storage_ptr>;
  { memory.cache_storage() } -> std::same_as<boost::json::storage_ptr>;
  { memory.answer_memory() } -> std::convertible_to<std::pmr::memory_resource*>;
  { memory.cache_memory() } -> std::convertible_to<std::pmr::memory_resource*>;
  { M::frees_one_by_one } -> std::convertible_to<bool>;
};

/// The scope of a memory that has none.
struct no_scope {};

/// Nothing but a heap is shared, and there is nothing to report.
struct shared_heap {
  shared_heap(std::pmr::memory_resource* from, memory_limits const&, std::size_t /*threads*/)
      : heap(from) {}
  std::pmr::memory_resource* heap;
};

/// A general heap, used as it is.
class heap_memory {
 public:
  using shared_part = shared_heap;
  static constexpr bool frees_one_by_one = true;

  explicit heap_memory(shared_part& shared) : heap_(shared.heap), bridge_(heap_) {}
  no_scope open_parse() noexcept { return {}; }
  no_scope open_answer() noexcept { return {}; }
  void end_request() noexcept {}
  boost::json::storage_ptr parse_storage() noexcept { return storage(); }
  boost::json::storage_ptr answer_storage() noexcept { return storage(); }
  boost::json::storage_ptr cache_storage() noexcept { return storage(); }
  std::pmr::memory_resource* answer_memory() noexcept { return heap_; }
  std::pmr::memory_resource* cache_memory() noexcept { return heap_; }

 private:
  // Boost.JSON asks new without a bridge.
  boost::json::storage_ptr storage() noexcept {
    if (heap_ == std::pmr::new_delete_resource()) return {};
    return &bridge_;
  }

  std::pmr::memory_resource* heap_;
  tidemark::boost_bridge<std::pmr::memory_resource> bridge_;
};

class pool_memory {
 public:
  using shared_part = shared_heap;
  static constexpr bool frees_one_by_one = true;

  explicit pool_memory(shared_part& shared) : scratch_(shared.heap), cache_(shared.heap) {}
  no_scope open_parse() noexcept { return {}; }
  no_scope open_answer() noexcept { return {}; }
  void end_request() noexcept {}
  boost::json::storage_ptr parse_storage() noexcept { return &scratch_bridge_; }
  boost::json::storage_ptr answer_storage() noexcept { return &scratch_bridge_; }
  boost::json::storage_ptr cache_storage() noexcept { return &cache_bridge_; }
  std::pmr::memory_resource* answer_memory() noexcept { return &scratch_; }
  std::pmr::memory_resource* cache_memory() noexcept { return &cache_; }

 private:
  std::pmr::unsynchronized_pool_resource scratch_;
  std::pmr::unsynchronized_pool_resource cache_;
  tidemark::boost_bridge<std::pmr::unsynchronized_pool_resource> scratch_bridge_{&scratch_};
  tidemark::boost_bridge<std::pmr::unsynchronized_pool_resource> cache_bridge_{&cache_};
};

/// A buffer for what dies with a request. Nothing of std's frees a cache's entries faster than the
/// heap, so they are the heap's.
class monotonic_memory {
 public:
  using shared_part = shared_heap;
  static constexpr bool frees_one_by_one = false;

  explicit monotonic_memory(shared_part& shared)
      : buffer_(64 * 1024, shared.heap),
        scratch_(buffer_.data(), buffer_.size(), shared.heap),
        cache_(shared) {}
  no_scope open_parse() noexcept { return {}; }
  no_scope open_answer() noexcept { return {}; }
  void end_request() noexcept { scratch_.release(); }
  boost::json::storage_ptr parse_storage() noexcept { return &bridge_; }
  boost::json::storage_ptr answer_storage() noexcept { return &bridge_; }
  boost::json::storage_ptr cache_storage() noexcept { return cache_.cache_storage(); }
  std::pmr::memory_resource* answer_memory() noexcept { return &scratch_; }
  std::pmr::memory_resource* cache_memory() noexcept { return cache_.cache_memory(); }

 private:
  std::pmr::vector<std::byte> buffer_;
  std::pmr::monotonic_buffer_resource scratch_;
  tidemark::boost_bridge<std::pmr::monotonic_buffer_resource> bridge_{&scratch_};
  heap_memory cache_;
};

}  // namespace request_service
