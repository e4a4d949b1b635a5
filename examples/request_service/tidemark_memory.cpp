// SPDX-License-Identifier: BSL-1.0
#include <tidemark_memory.hpp>

namespace request_service {
namespace {

// Small steps, so that little of a budget is lost to a chunk that would be too large for it.
constexpr std::size_t first_chunk_bytes = 8 * 1024;
constexpr std::size_t largest_chunk_bytes = 64 * 1024;
constexpr std::size_t largest_kept_bytes = 256 * 1024;  // of a frame between requests

void give_back_excess(tidemark::frame_resource& frame) noexcept {
  if (frame.stats().bytes_reserved > largest_kept_bytes) frame.release();
}

}  // namespace

tidemark_memory::shared_part::shared_part(std::pmr::memory_resource* heap,
                                          memory_limits const& limits, std::size_t threads)
    : parse_("parse", limits.parse_bytes * threads, tags_, budgets_, heap),
      cache_("cache", limits.cache_bytes * threads, tags_, budgets_, heap),
      answer_("answer", limits.answer_bytes * threads, tags_, budgets_, heap),
      cache_pool_({.name = "cache"}, cache_.memory()) {}

tidemark_memory::tidemark_memory(shared_part& shared)
    : parse_({.name = "parse",
              .initial_bytes = first_chunk_bytes,
              .max_chunk_bytes = largest_chunk_bytes},
             shared.parse().memory()),
      answer_({.name = "answer",
               .initial_bytes = first_chunk_bytes,
               .max_chunk_bytes = largest_chunk_bytes},
              shared.answer().memory()),
      cache_bridge_(&shared.cache_pool()) {}

// A request of unusual size gives its chunks back; kept, they would be missing in the budget.
void tidemark_memory::end_request() noexcept {
  give_back_excess(parse_);
  give_back_excess(answer_);
}

}  // namespace request_service
