// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <tidemark/detail/serial_source.hpp>

namespace tidemark::detail {
namespace {

constexpr unsigned block_bits = 20;

// Index of the next block. Block 0 is left out, so that an origin is never 0. Relaxed is enough:
// only the uniqueness of the value matters, and nothing is published through it.
constinit std::atomic<std::uint64_t> next_block{1};

}  // namespace

void serial_source::refill_slow() noexcept {
  const auto block = next_block.fetch_add(1, std::memory_order_relaxed);
  next_ = block << block_bits;
  end_ = (block + 1) << block_bits;
  if (origin_ == 0) {
    origin_ = static_cast<std::uint32_t>(block);
    if (origin_ == 0) origin_ = 1;  // after 2^32 blocks
  }
}

}  // namespace tidemark::detail
