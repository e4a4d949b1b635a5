// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <tidemark/detail/block_engine.hpp>
#include <tidemark/detail/poison.hpp>
#include <utility>

namespace tidemark::detail {

namespace {

// Set in a stamp while the log is compacted: this block has its entry. Depths are smaller.
constexpr block_stamp listed = 0x8000;
static_assert(mark_stack<block_record>::max_depth < listed);

free_block* as_free(void* block) noexcept { return static_cast<free_block*>(block); }

// Within `collect_idle_slabs`.
bool is_idle(slab const& counted) noexcept { return counted.free_count == counted.carved_count(); }

}  // namespace

block_engine::block_engine(bool checked) noexcept : mark_stack(checked), checked_(checked) {
  begin(inline_records_);
}

// The links of a checked engine lie in poisoned memory.

free_block* block_engine::next_of(free_block* block) const noexcept {
  if (!checked_) return block->next;
  make_accessible(block, sizeof(free_block));
  free_block* const next = block->next;
  make_inaccessible(block, sizeof(free_block));
  return next;
}

void block_engine::set_next(free_block* block, free_block* next) const noexcept {
  if (checked_) make_accessible(block, sizeof(free_block));
  block->next = next;
  if (checked_) make_inaccessible(block, sizeof(free_block));
}

void* block_engine::take(std::uint32_t index) noexcept {
  block_class& known = classes_[index];
  block_class_info& rest = infos_[index];
  free_block*& list = list_of(index);
  if (free_block* const block = list) {
    list = next_of(block);
    known.live.add(1);
    return block;
  }
  if (rest.carving == nullptr || rest.carving->is_used_up()) {
    slab* const fresh = rest.groups->take();
    if (fresh == nullptr) return nullptr;
    // Where stamps go, dead blocks of another class may have been.
    if (checked_) make_accessible(fresh, rest.layout.first_offset);
    format(*fresh, rest.layout, index, owner_);
    if (checked_) {
      make_dead(fresh->first, static_cast<std::size_t>(fresh->end - fresh->first));
    }
    rest.slabs.push(*fresh);
    rest.carving = fresh;
  }
  known.live.add(1);
  rest.peak.raise_to(known.live.get());
  return rest.carving->carve();
}

void block_engine::put_unheld(void* block, std::uint32_t index) noexcept {
  if (checked_) make_dead(block, infos_[index].layout.stride_bytes);
  free_block*& list = list_of(index);
  set_next(as_free(block), list);
  list = as_free(block);
  classes_[index].live.subtract(1);
}

// Marks.

void block_engine::hold(void* block, std::uint32_t depth, std::uint32_t index) noexcept {
  std::size_t const slab_bytes = infos_[index].layout.slab_bytes;
  slab_of(block, slab_bytes)->stamp_of(block) = static_cast<block_stamp>(depth);
  log.push(reinterpret_cast<block_log::entry>(block) | (slab_bytes == slab_bytes_[0] ? 0 : wide));
}

void block_engine::compact_log() noexcept {
  std::size_t kept = 0;
  std::size_t read = depth() == 0 ? log.size() : record(1).log_base;
  for (std::uint32_t d = 1; d <= depth(); ++d) {
    std::size_t const end = d < depth() ? record(d + 1).log_base : log.size();
    record(d).log_base = kept;
    for (; read < end; ++read) {
      block_stamp& stamp = slab_of_entry(log[read]).stamp_of(block_of(log[read]));
      // An entry from before its checkpoint began is stale: the block was freed, and taken again.
      if (stamp == 0 || stamp > d) continue;  // among them those that are listed
      stamp |= listed;
      log[kept++] = log[read];
    }
  }
  log.cut(kept);
  for (std::size_t i = 0; i < kept; ++i) {
    block_stamp& stamp = slab_of_entry(log[i]).stamp_of(block_of(log[i]));
    stamp = static_cast<block_stamp>(stamp & ~listed);
  }
}

void block_engine::free_held(std::uint32_t depth) noexcept {
  if (checked_) {
    free_held_as<true>(depth);
  } else {
    free_held_as<false>(depth);
  }
}

// Frees what the checkpoints from `depth` on hold. The newest goes first, as it is the warmest, and
// so that the next checkpoint gets the blocks in the order in which this one did. Runs of one class
// are linked without touching its list. What the loop reads again and again is read once: it is all
// that a rewind costs.
template <bool Checked>
void block_engine::free_held_as(std::uint32_t depth) noexcept {
  block_log::entry* const entries = log.data();
  std::size_t const first = record(depth).log_base;
  std::size_t const end = log.size();
  std::size_t kept = end;  // entries from here on are those of outer checkpoints
  std::uintptr_t const masks[2] = {~(slab_bytes_[0] - 1), ~(slab_bytes_[1] - 1)};
  std::uint32_t index = class_count_;
  free_block* head = nullptr;
  std::size_t count = 0;
  auto const flush = [&] {
    if (index == class_count_) return;
    list_of(index) = head;
    classes_[index].live.subtract(count);
  };
  for (std::size_t i = end; i > first; --i) {
    block_log::entry const entry = entries[i - 1];
    slab& holding = *reinterpret_cast<slab*>(entry & masks[entry & wide]);
    auto* const freed = as_free(block_of(entry));
    block_stamp& stamp = holding.stamp_of(freed);
    if (stamp < depth) [[unlikely]] {
      if (stamp != 0) entries[--kept] = entry;
      continue;
    }
    stamp = 0;
    if (holding.class_index != index) [[unlikely]] {
      flush();
      index = holding.class_index;
      head = list_of(index);
      count = 0;
    }
    if constexpr (Checked) {
      make_dead(freed, holding.stride_bytes);
      set_next(freed, head);
    } else {
      freed->next = head;
    }
    head = freed;
    ++count;
  }
  flush();
  std::copy(entries + kept, entries + end, entries + first);
  log.cut(first + (end - kept));
}

void block_engine::make_idle(large_list& list) noexcept {
  while (large_block* const freed = list.first) {
    list.remove(*freed);
    large_bytes_.subtract(freed->capacity_bytes);
    if (checked_) make_dead(freed->block(), freed->capacity_bytes);
    idle_large_.push(*freed);
  }
}

void block_engine::close_top() noexcept {
  make_idle(top().large);
  retire(top().kept);
  step_down();
}

void block_engine::rewind_to(std::uint32_t depth) noexcept {
  count_closed_from_below(this->depth() - depth);
  free_held(depth);
  while (this->depth() >= depth) close_top();
}

void block_engine::keep_to(std::uint32_t depth) noexcept {
  count_closed_from_below(this->depth() - depth);
  std::size_t kept = record(depth).log_base;
  for (std::size_t i = kept, end = log.size(); i < end; ++i) {
    block_stamp& stamp = slab_of_entry(log[i]).stamp_of(block_of(log[i]));
    if (stamp >= depth) stamp = static_cast<block_stamp>(depth - 1);
    if (stamp != 0) log[kept++] = log[i];
  }
  log.cut(kept);
  large_list& outer = record(depth - 1).large;
  while (this->depth() >= depth) {
    while (large_block* const held = top().large.first) {
      top().large.remove(*held);
      held->depth = depth - 1;
      outer.push(*held);
    }
    pass_bindings();
    step_down();
  }
}

void block_engine::empty(std::uint32_t depth) noexcept {
  count_closed_from_below(this->depth() - depth);
  free_held(depth);
  while (this->depth() > depth) close_top();
  ++top().emptied_count;
  make_idle(top().large);
  retire(top().kept);
  settle_top();
}

void block_engine::abandon_marks() noexcept {
  if (depth() != 0) keep_to(1);
}

void block_engine::reset() noexcept {
  count_closed_from_below(depth());
  while (depth() > 0) close_top();
  ++top().emptied_count;
  make_idle(top().large);
  retire(top().kept);
  settle_top();
  log.cut(0);
  for (std::uint32_t c = 0; c < class_count_; ++c) {
    while (slab* const emptied = infos_[c].slabs.pop()) {
      if (checked_) {
        make_dead(emptied->first, static_cast<std::size_t>(emptied->fresh - emptied->first));
      }
      make_idle(*emptied, c);
    }
    list_of(c) = nullptr;
    classes_[c].live.set(0);
  }
}

// Large blocks.

large_block* block_engine::take_idle_large(std::size_t upstream_bytes,
                                           std::size_t alignment) noexcept {
  constexpr int looked_at = 64;
  large_block* idle = idle_large_.first;
  for (int i = 0; idle != nullptr && i < looked_at; ++i, idle = idle->next) {
    if (idle->upstream_bytes() != upstream_bytes || idle->alignment != alignment) continue;
    idle_large_.remove(*idle);
    return idle;
  }
  return nullptr;
}

void block_engine::hold_large(large_block& held, std::uint32_t depth) noexcept {
  held.depth = depth;
  record(depth).large.push(held);
  record(depth).eventful = true;
  large_bytes_.add(held.capacity_bytes);
  large_peak_.raise_to(large_bytes_.get());
}

void block_engine::free_large(large_block& freed) noexcept {
  record(freed.depth).large.remove(freed);
  large_bytes_.subtract(freed.capacity_bytes);
  if (checked_) make_accessible(freed.block(), freed.capacity_bytes);
}

large_block* block_engine::take_all_idle_large() noexcept {
  for (large_block* idle = idle_large_.first; checked_ && idle != nullptr; idle = idle->next) {
    make_accessible(idle->block(), idle->capacity_bytes);
  }
  return std::exchange(idle_large_.first, nullptr);
}

// Slabs as a whole.

void block_engine::make_idle(slab& idle, std::uint32_t index) noexcept {
  block_class_info& rest = infos_[index];
  if (rest.carving == &idle) rest.carving = nullptr;
  rest.groups->put_idle(idle);
}

void block_engine::collect_idle_slabs() noexcept {
  compact_log();
  for (std::uint32_t c = 0; c < class_count_; ++c) {
    block_class_info& rest = infos_[c];
    if (rest.slabs.first == nullptr) continue;
    for (slab* s = rest.slabs.first; s != nullptr; s = s->next) s->free_count = 0;
    for (free_block* b = list_of(c); b != nullptr; b = next_of(b)) {
      ++slab_holding(b, c).free_count;
    }
    free_block* last = nullptr;
    free_block* const free = std::exchange(list_of(c), nullptr);
    for (free_block *block = free, *next; block != nullptr; block = next) {
      next = next_of(block);
      if (is_idle(slab_holding(block, c))) continue;
      last == nullptr ? void(list_of(c) = block) : set_next(last, block);
      last = block;
    }
    if (last != nullptr) set_next(last, nullptr);
    for (slab* s = rest.slabs.first; s != nullptr;) {
      slab* const next = s->next;
      if (is_idle(*s)) {
        rest.slabs.remove(*s);
        make_idle(*s, c);
      }
      s = next;
    }
  }
}

std::size_t block_engine::bytes_in_use() const noexcept {
  std::size_t bytes = large_bytes_.get();
  for (std::uint32_t c = 0; c < class_count_; ++c) {
    bytes += classes_[c].live.get() * infos_[c].layout.block_bytes;
  }
  return bytes;
}

std::size_t block_engine::bytes_peak() const noexcept {
  std::size_t bytes = large_peak_.get();
  for (std::uint32_t c = 0; c < class_count_; ++c) {
    bytes += infos_[c].peak.get() * infos_[c].layout.block_bytes;
  }
  return bytes;
}

}  // namespace tidemark::detail
