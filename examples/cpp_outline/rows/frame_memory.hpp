// SPDX-License-Identifier: BSL-1.0
#pragma once

// tidemark's answer: trees on a frame that is marked before each trial.
//
// Thread rule: an object belongs to one thread.

#include <cstddef>
#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>

namespace cpp_outline {

class frame_memory {
 public:
  static constexpr bool frees_one_by_one = false;
  explicit frame_memory(std::pmr::memory_resource* heap)
      : scratch_({.name = "syntax trees", .initial_bytes = 512 * 1024}, heap),
        table_({.name = "outline"}, heap) {}

  tidemark::frame_resource* scratch() noexcept { return &scratch_; }
  std::pmr::memory_resource* table() noexcept { return &table_; }
  std::pmr::memory_resource* heap() noexcept { return scratch_.upstream_resource(); }
  tidemark::frame_scope mark() { return tidemark::frame_scope{scratch_}; }
  // A file of unusual size gives its chunks back; kept, they would add to what others need.
  void end_file() noexcept {
    scratch_.reset();
    if (scratch_.stats().bytes_reserved > largest_kept_bytes) scratch_.release();
  }

 private:
  static constexpr std::size_t largest_kept_bytes = 16 * 1024 * 1024;

  tidemark::frame_resource scratch_;
  tidemark::frame_resource table_;
};

}  // namespace cpp_outline
