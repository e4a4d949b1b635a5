// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <tidemark/rewindable_resource.hpp>

namespace tidemark {
namespace {

// The upper half of all serials: pools with a serial_source of their own stay below it.
constinit std::atomic<std::uint64_t> next_serial{std::uint64_t{1} << 63};

}  // namespace

marker rewindable_resource::new_marker(std::uint32_t depth) noexcept {
  // Relaxed: only uniqueness matters.
  return detail::marker_access::make(next_serial.fetch_add(1, std::memory_order_relaxed), depth, 0);
}

std::uint32_t rewindable_resource::do_depth_of(void const*, std::size_t,
                                               std::size_t) const noexcept {
  return unknown_depth;
}

}  // namespace tidemark
