// SPDX-License-Identifier: BSL-1.0
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/detail/thread_heap.hpp>

namespace tidemark::detail {
namespace {

using layouts = std::array<slab_layout, size_classes::count>;

layouts make_layouts(std::size_t zone_bytes) noexcept {
  layouts made;
  for (std::uint32_t c = 0; c < made.size(); ++c) {
    std::size_t const bytes = size_classes::bytes(c);
    std::size_t const alignment = size_classes::alignment(c);
    bool const wide = bytes > thread_heap::largest_in_slab_bytes;
    made[c] = layout_of(bytes, round_up(bytes + zone_bytes, alignment), alignment,
                        wide ? thread_heap::wide_slab_bytes : thread_heap::slab_bytes);
  }
  return made;
}

layouts const& layouts_of(bool checked) noexcept {
  static layouts const plain = make_layouts(0);
  static layouts const zoned = make_layouts(red_zone_bytes);
  return checked ? zoned : plain;
}

/// What other threads write into a block that they free.
struct remote_block {
  std::uintptr_t next;  // with the tag of that
};

}  // namespace

thread_heap::thread_heap(upstream_account& account, bool checked) noexcept
    : blocks(account, checked) {
  layouts const& known = layouts_of(checked);
  blocks.groups[0].configure(slab_bytes, slab_bytes, max_group_bytes);
  blocks.groups[1].configure(wide_slab_bytes, wide_slab_bytes, max_group_bytes);
  for (std::uint32_t c = 0; c < size_classes::count; ++c) {
    infos_[c].layout = known[c];
    infos_[c].groups = &blocks.groups[known[c].slab_bytes == slab_bytes ? 0 : 1];
  }
  blocks.engine.use_classes(classes.data(), infos_.data(), size_classes::count, this);
  blocks.engine.use_slab_sizes(slab_bytes, wide_slab_bytes);
}

void thread_heap::push_remote(void* block, tagged tag, std::size_t bytes) noexcept {
  bool const checked = blocks.engine.is_checked();
  if (checked) make_accessible(block, sizeof(remote_block));
  pending_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  auto* const freed = ::new (block) remote_block{remote_.load(std::memory_order_relaxed)};
  tagged const pushed = reinterpret_cast<tagged>(block) | tag;
  // Release: what this thread wrote to the block comes before its next user, who acquires.
  while (!remote_.compare_exchange_weak(freed->next, pushed, std::memory_order_release,
                                        std::memory_order_relaxed)) {
  }
}

void thread_heap::drain() noexcept {
  if (!has_remote()) return;
  std::size_t freed_bytes = 0;
  for (tagged next = remote_.exchange(0, std::memory_order_acquire); next != 0;) {
    auto* const block = reinterpret_cast<remote_block*>(next & ~(wide_tag | large_tag));
    tagged const tag = next & (wide_tag | large_tag);
    next = block->next;
    if (tag == large_tag) {
      large_block& large = large_block_of(block);
      freed_bytes += large.capacity_bytes;
      blocks.engine.free_large_to_idle(large);
    } else {
      std::uint32_t const index =
          slab_of(block, tag == wide_tag ? wide_slab_bytes : slab_bytes)->class_index;
      freed_bytes += size_classes::bytes(index);
      blocks.engine.put(block, index);
    }
  }
  pending_bytes_.fetch_sub(freed_bytes, std::memory_order_relaxed);
}

}  // namespace tidemark::detail
