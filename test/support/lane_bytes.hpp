// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a typed stack says of one lane.
//
// Thread rule: that of the stack.

#include <cstddef>
#include <string_view>
#include <tidemark/detail/lane.hpp>
#include <tidemark/typed_stack_resource.hpp>

namespace tidemark::test {

inline lane_stats lane_called(typed_stack_resource const& stack, std::string_view element) {
  for (lane_stats const& l : stack.stats_by_lane().lanes) {
    if (l.element == element) return l;
  }
  return {};
}

/// Bytes that an array takes where it lies in a lane.
constexpr std::size_t in_whole_16(std::size_t bytes) noexcept { return (bytes + 15) / 16 * 16; }

/// Bytes in use in the lane of T; `detail::bit_words` is that of bits.
template <class T>
std::size_t lane_bytes(typed_stack_resource const& stack) {
  return lane_called(stack, detail::type_of<T>.name).bytes_in_use;
}

}  // namespace tidemark::test
