// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a fixed_block_resource is told when it is made.
//
// Thread rule: a value.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/check_level.hpp>

namespace tidemark {

struct fixed_block_options {
  std::string_view name = {};   // copied, up to 31 bytes
  std::size_t block_bytes = 0;  // 0: the first request says it, and its alignment
  std::size_t block_alignment = alignof(std::max_align_t);  // a power of two
  std::size_t max_slab_bytes = 1024 * 1024;  // cap of one request to upstream, but for one block
  std::size_t limit_bytes = SIZE_MAX;        // of all that upstream gave
  bool refuse_larger = false;  // blocks that do not fit are refused instead of asked of upstream
  check_level check = check_level::automatic;
};

/// Blocks that hold one T each.
template <class T>
inline constexpr fixed_block_options blocks_for{.block_bytes = sizeof(T),
                                                .block_alignment = alignof(T)};

}  // namespace tidemark
