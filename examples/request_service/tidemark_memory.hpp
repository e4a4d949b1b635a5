// SPDX-License-Identifier: BSL-1.0
#pragma once

// tidemark's answer: what dies with a request in frames, what is kept in a pool that all threads
// share.
//
//   parse    bridge -> frame of the thread  ----> budget -> tag -.
//   answer   bridge -> frame of the thread  ----> budget -> tag ---> heap
//   cache    bridge -> thread_local_resource ---> budget -> tag -'
//
// Tags and budgets stand below the pools, where chunks are asked for: there they see all that a
// subsystem takes from the heap, and a request that fits into what its frame has pays nothing for
// them. A request that does not gets no further chunk, and is refused.
//
// Thread rule: an object belongs to one thread; what the threads share is its `shared_part`.

#include <boost/json.hpp>
#include <cstddef>
#include <memory_resource>
#include <service_memory.hpp>
#include <string_view>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/tag.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>

namespace request_service {

/// What a part of the service takes from the heap, counted and bounded.
class subsystem {
 public:
  subsystem(std::string_view name, std::size_t hard_bytes, tidemark::shared_tag& all_tags,
            tidemark::budget& all_budgets, std::pmr::memory_resource* heap)
      : tag_(name, &all_tags),
        budget_(name, {.hard_bytes = hard_bytes}, &all_budgets),
        tagged_(heap, tag_),
        bounded_(&tagged_, budget_) {}
  std::pmr::memory_resource* memory() noexcept { return &bounded_; }

 private:
  using tagged = tidemark::tag_resource<std::pmr::memory_resource, tidemark::shared_tag>;

  tidemark::shared_tag tag_;
  tidemark::budget budget_;
  tagged tagged_;
  tidemark::budget_resource<tagged> bounded_;
};

class tidemark_memory {
 public:
  class shared_part {
   public:
    shared_part(std::pmr::memory_resource* heap, memory_limits const& limits, std::size_t threads);

    subsystem& parse() noexcept { return parse_; }
    subsystem& answer() noexcept { return answer_; }
    tidemark::thread_local_resource& cache_pool() noexcept { return cache_pool_; }
    tidemark::shared_tag const& tags() const noexcept { return tags_; }
    tidemark::budget const& budgets() const noexcept { return budgets_; }

   private:
    tidemark::shared_tag tags_{"service"};
    tidemark::budget budgets_{"service"};
    subsystem parse_;
    subsystem cache_;
    subsystem answer_;
    tidemark::thread_local_resource cache_pool_;
  };
  static constexpr bool frees_one_by_one = false;

  explicit tidemark_memory(shared_part& shared);
  tidemark_memory(tidemark_memory const&) = delete;
  tidemark_memory& operator=(tidemark_memory const&) = delete;

  tidemark::frame_scope open_parse() { return tidemark::frame_scope{parse_}; }
  tidemark::frame_scope open_answer() { return tidemark::frame_scope{answer_}; }
  void end_request() noexcept;
  boost::json::storage_ptr parse_storage() noexcept { return &parse_bridge_; }
  boost::json::storage_ptr answer_storage() noexcept { return &answer_bridge_; }
  boost::json::storage_ptr cache_storage() noexcept { return &cache_bridge_; }
  std::pmr::memory_resource* answer_memory() noexcept { return &answer_; }
  std::pmr::memory_resource* cache_memory() noexcept { return cache_bridge_.upstream_resource(); }

  tidemark::frame_resource const& parse() const noexcept { return parse_; }
  tidemark::frame_resource const& answer() const noexcept { return answer_; }

 private:
  tidemark::frame_resource parse_;
  tidemark::frame_resource answer_;
  tidemark::boost_bridge<tidemark::frame_resource> parse_bridge_{&parse_};
  tidemark::boost_bridge<tidemark::frame_resource> answer_bridge_{&answer_};
  tidemark::boost_bridge<tidemark::thread_local_resource> cache_bridge_;
};

}  // namespace request_service
