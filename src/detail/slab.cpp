// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstring>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/slab.hpp>

namespace tidemark::detail {

slab_layout layout_of(std::size_t block_bytes, std::size_t stride_bytes, std::size_t alignment,
                      std::size_t slab_bytes) noexcept {
  slab_layout result{
      .block_bytes = block_bytes, .stride_bytes = stride_bytes, .slab_bytes = slab_bytes};
  if (slab_bytes <= sizeof(slab) || stride_bytes >= slab_bytes) return result;
  // A cache line at least, so that a block of a line's size never shares one with the stamps.
  std::size_t const begin = std::max<std::size_t>(alignment, 64);
  std::size_t count = (slab_bytes - sizeof(slab)) / (stride_bytes + sizeof(block_stamp));
  // The reciprocal tells blocks apart in slabs of less than 4 GiB.
  if (slab_bytes > UINT32_MAX) count = std::min<std::size_t>(count, 1);
  auto const first_of = [&](std::size_t blocks) {
    return round_up(sizeof(slab) + blocks * sizeof(block_stamp), begin);
  };
  while (count != 0 && count * stride_bytes > slab_bytes - std::min(slab_bytes, first_of(count))) {
    --count;
  }
  if (count == 0) return result;
  result.block_count = static_cast<std::uint32_t>(count);
  result.first_offset = static_cast<std::uint32_t>(first_of(count));
  if (count > 1) {
    constexpr std::uint64_t scale = std::uint64_t{1} << 32U;
    result.reciprocal = static_cast<std::uint32_t>((scale + stride_bytes - 1) / stride_bytes);
  }
  return result;
}

void format(slab& formatted, slab_layout const& layout, std::uint32_t class_index,
            void* owner) noexcept {
  auto* const begin = reinterpret_cast<std::byte*>(&formatted);
  formatted.owner = owner;
  formatted.first = formatted.fresh = begin + layout.first_offset;
  formatted.end = formatted.first + layout.block_count * layout.stride_bytes;
  formatted.reciprocal = layout.reciprocal;
  formatted.class_index = class_index;
  formatted.stride_bytes = layout.stride_bytes;
  formatted.free_count = 0;
  std::memset(formatted.stamps(), 0, layout.block_count * sizeof(block_stamp));
}

}  // namespace tidemark::detail
