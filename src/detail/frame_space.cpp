// SPDX-License-Identifier: BSL-1.0
#include <bit>
#include <climits>
#include <tidemark/detail/frame_space.hpp>
#include <tidemark/detail/poison.hpp>
#include <utility>

namespace tidemark::detail {
namespace {

constexpr std::size_t first_side_chunk_bytes = 4096;
constexpr int chunks_looked_at = 64;

// Where a block of the scope lies in the chain, if it does.
bool lies_in_chain(scope_record const& r, scope_extent extent, std::byte const* block,
                   std::size_t bytes) noexcept {
  chunk const* c = extent.last;
  std::byte const* end = extent.high;
  for (int looked_at = 0; c != nullptr && looked_at < chunks_looked_at; ++looked_at) {
    std::byte const* const begin = c == r.at ? r.cursor : c->begin;
    if (chunk::within(block, bytes, begin, end)) return true;
    if (c == r.at) return false;
    c = c->previous;
    if (c != nullptr) end = c->cursor;
  }
  return false;
}

chunk* find(chunk_list const& list, std::byte const* block, std::size_t bytes,
            std::byte const* first_cursor, int most = chunks_looked_at) noexcept {
  chunk* c = list.front();
  std::byte const* end = first_cursor;
  for (int looked_at = 0; c != nullptr && looked_at < most; ++looked_at) {
    if (chunk::within(block, bytes, c->begin, end != nullptr ? end : c->cursor)) return c;
    end = nullptr;
    c = c->next;
  }
  return nullptr;
}

}  // namespace

frame_space::frame_space(frame_sizes sizes) noexcept
    : quiet_free_bytes(sizes.checked ? 0 : large_block_bytes - 1),
      sizes_(sizes),
      next_chunk_bytes_(0),
      own_chunk_bytes_(0) {
  sizes_.max_chunk_bytes = std::clamp(sizes_.max_chunk_bytes, 4 * least_chunk_bytes, SIZE_MAX / 8);
  sizes_.max_chunk_bytes = std::bit_floor(sizes_.max_chunk_bytes);
  // As many as the chunk will have: `take` compares blocks with it.
  sizes_.initial_bytes =
      round_up(std::min(sizes_.initial_bytes, SIZE_MAX / 4), sizes_.header_bytes);
  own_chunk_bytes_ = sizes_.max_chunk_bytes / 4;
  // Links inside dead arrays would be writes to poisoned memory, and reuse would hide late readers.
  if (sizes_.checked) sizes_.recycle_outgrown = false;
}

void frame_space::adopt_buffer(chunk& header, std::byte* buffer, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  header = {.next = nullptr,
            .previous = nullptr,
            .begin = buffer,
            .cursor = buffer,
            .end = buffer + bytes,
            .upstream_bytes = 0,
            .class_bytes = 0,
            .preceding_bytes = 0};
  retire(buffer, buffer + bytes);
  head_ = tail_ = current_ = &header;
  main = {buffer, buffer + bytes, buffer};
  high = buffer;
}

void* frame_space::take(scope_record& r, bool on_top, std::size_t bytes, std::size_t alignment,
                        chunk_request& wanted) noexcept {
  std::size_t const least = bytes == 0 ? 1 : bytes;
  if (least >= large_block_bytes && r.outgrown != nullptr) {
    if (void* const block = r.outgrown->take(least, alignment)) return block;
  }
  if (void* const block = on_top ? main.take(least, alignment) : take_side(r, least, alignment)) {
    return block;
  }
  wanted = {.payload_bytes = payload_for(bytes, alignment), .wanted_bytes = 0, .for_chain = false};
  if (wanted.payload_bytes == 0) return nullptr;
  // The first chunk may be larger than blocks of the chain get: it must serve the first frame as it
  // serves later ones, or the second of two equal frames would ask upstream for another chunk.
  bool const first_serves = on_top && current_ == nullptr && !keeps_apart() &&
                            wanted.payload_bytes <= sizes_.initial_bytes;
  if (wanted.payload_bytes > own_chunk_bytes_ && !first_serves) {
    return take_own_chunk(r, least, alignment, wanted);
  }
  if (on_top) return take_from_chain(r, least, alignment, wanted);
  return take_side_chunk(r, least, alignment, wanted);
}

void* frame_space::take_from_chain(scope_record& r, std::size_t bytes, std::size_t alignment,
                                   chunk_request& wanted) noexcept {
  for (chunk* c = current_ != nullptr ? current_->next : head_; c != nullptr; c = c->next) {
    if (c->capacity() >= wanted.payload_bytes) {
      enter(*c, r);
      return main.take(bytes, alignment);
    }
  }
  std::size_t const least =
      round_up(wanted.payload_bytes + sizes_.header_bytes, sizes_.header_bytes);
  wanted.for_chain = true;
  if (next_chunk_bytes_ == 0) {  // the first one: exactly what the options say
    wanted.wanted_bytes =
        std::max(least, round_up(sizes_.initial_bytes + sizes_.header_bytes, sizes_.header_bytes));
  } else {
    wanted.wanted_bytes = std::max(next_chunk_bytes_, std::bit_ceil(least));
  }
  return nullptr;
}

void* frame_space::take_own_chunk(scope_record& r, std::size_t bytes, std::size_t alignment,
                                  chunk_request& wanted) noexcept {
  std::size_t const least = wanted.payload_bytes + sizes_.header_bytes;
  // Apart, a block ends where upstream's does: whoever looks at that sees what runs over it.
  wanted.wanted_bytes = keeps_apart() ? least : round_up(size_class(least), sizes_.header_bytes);
  chunk* const c = idle_.take(wanted.wanted_bytes, wanted.payload_bytes);
  if (c == nullptr) return nullptr;
  std::byte* const block = c->begin + padding_to(c->begin, alignment);
  c->cursor = block + bytes;
  note_beside(c->used());
  r.own_chunks.push_front(*c);
  r.eventful = true;
  return block;
}

void* frame_space::take_side(scope_record& r, std::size_t bytes, std::size_t alignment) noexcept {
  std::byte* const before = r.side.cursor;
  void* const block = r.side.take(bytes, alignment);
  if (block != nullptr) note_beside(static_cast<std::size_t>(r.side.cursor - before));
  return block;
}

void* frame_space::take_side_chunk(scope_record& r, std::size_t bytes, std::size_t alignment,
                                   chunk_request& wanted) noexcept {
  chunk* const last = r.side_chunks.front();
  std::size_t const grown = last != nullptr
                                ? std::min(2 * last->class_bytes, sizes_.max_chunk_bytes)
                                : std::min(first_side_chunk_bytes, sizes_.max_chunk_bytes);
  wanted.wanted_bytes = std::max(grown, std::bit_ceil(wanted.payload_bytes + sizes_.header_bytes));
  chunk* const c = idle_.take(wanted.wanted_bytes, wanted.payload_bytes);
  if (c == nullptr) return nullptr;
  if (last != nullptr) last->cursor = r.side.cursor;
  r.side_chunks.push_front(*c);
  r.side = {c->begin, c->end, c->begin};
  r.eventful = true;
  return take_side(r, bytes, alignment);
}

void frame_space::enter(chunk& next, scope_record& r) noexcept {
  next.preceding_bytes = 0;
  if (current_ != nullptr) {
    note_peak();
    current_->cursor = main.cursor;
    next.preceding_bytes = current_->preceding_bytes + current_->used();
    for (chunk* skipped = current_->next; skipped != &next; skipped = skipped->next) {
      skipped->cursor = skipped->begin;
    }
    r.eventful = true;
  } else {
    for (chunk* skipped = head_; skipped != &next; skipped = skipped->next) {
      skipped->cursor = skipped->begin;
    }
  }
  current_ = &next;
  main = {next.begin, next.end, next.begin};
  high = next.begin;
}

bool frame_space::lies_beside(scope_record const& r, std::byte const* block) noexcept {
  return find(r.own_chunks, block, 1, nullptr, INT_MAX) != nullptr ||
         find(r.side_chunks, block, 1, r.side.cursor, INT_MAX) != nullptr;
}

bool frame_space::free(scope_record& r, scope_extent extent, std::byte* block,
                       std::size_t bytes) noexcept {
  if (r.side.is_top(block, bytes)) {
    note_peak();
    beside_bytes_ -= bytes;
    r.side.cursor = block;
    retire(block, block + bytes);
    return true;
  }
  if (bytes < large_block_bytes && !sizes_.checked && !keeps_apart()) return false;
  int const most = keeps_apart() ? INT_MAX : chunks_looked_at;
  if (chunk* const own = find(r.own_chunks, block, bytes, nullptr, most)) {
    note_peak();
    beside_bytes_ -= own->used();
    r.own_chunks.unlink(*own);
    drop_chunk(*own);
    return true;
  }
  if (!lies_in_chain(r, extent, block, bytes) &&
      find(r.side_chunks, block, bytes, r.side.cursor) == nullptr) {
    return false;
  }
  retire(block, block + bytes);
  if (sizes_.recycle_outgrown) {
    array_recycler::give(r.outgrown, block, bytes);
    r.eventful = true;
  }
  return true;
}

bool frame_space::resize(scope_record& r, bool on_top, std::byte* block, std::size_t old_bytes,
                         std::size_t new_bytes) noexcept {
  if (old_bytes == 0) old_bytes = 1;  // zero sizes occupy a byte
  if (new_bytes == 0) new_bytes = 1;
  if (on_top && main.is_top(block, old_bytes)) {
    if (new_bytes < old_bytes && main.cursor > high) high = main.cursor;
    return main.resize_top(block, new_bytes);
  }
  if (r.side.is_top(block, old_bytes)) {
    note_peak();
    if (!r.side.resize_top(block, new_bytes)) return false;
    beside_bytes_ += new_bytes - old_bytes;  // modulo 2^n: also right when it shrinks
    return true;
  }
  if (new_bytes <= old_bytes) return true;
  chunk* const own = find(r.own_chunks, block, old_bytes, nullptr);
  if (own == nullptr || new_bytes > static_cast<std::size_t>(own->end - block)) return false;
  std::byte* const end = block + new_bytes;
  if (end > own->cursor) {  // after it shrank, the chunk counts as much as the block once had
    note_beside(static_cast<std::size_t>(end - own->cursor));
    own->cursor = end;
  }
  return true;
}

void frame_space::make_idle(chunk_list& list) noexcept {
  while (chunk* const c = list.pop_front()) {
    beside_bytes_ -= c->used();
    drop_chunk(*c);
  }
}

void frame_space::drop_chunk(chunk& unused) noexcept {
  retire(unused.begin, unused.cursor);
  if (sizes_.quarantined) {
    retired_.push_front(unused);
  } else {
    idle_.put(unused);
  }
}

void frame_space::retire(std::byte* begin, std::byte* end) const noexcept {
  if (sizes_.checked) make_dead(begin, static_cast<std::size_t>(end - begin));
}

void frame_space::drop(scope_record& r) noexcept {
  note_peak();
  if (!r.side_chunks.empty()) {
    r.side_chunks.front()->cursor = r.side.cursor;
    r.side = {};
    make_idle(r.side_chunks);
  }
  make_idle(r.own_chunks);
  r.outgrown = nullptr;
  if (r.at != nullptr) {
    if (sizes_.checked) {
      std::byte* end = main.cursor;
      for (chunk* c = current_; c != r.at; c = c->previous, end = c->cursor) retire(c->begin, end);
      retire(r.cursor, end);
    }
    current_ = r.at;
    main.cursor = high = r.cursor;
    main.end = r.at == fence_ ? r.cursor : r.at->end;
  }
}

void frame_space::merge(scope_record& inner, scope_record& outer) noexcept {
  if (!inner.side_chunks.empty()) {
    if (outer.side_chunks.empty()) {
      std::swap(outer.side_chunks, inner.side_chunks);
      std::swap(outer.side, inner.side);
    } else {
      inner.side_chunks.front()->cursor = inner.side.cursor;
      inner.side = {};
      outer.side_chunks.take_over(inner.side_chunks);
    }
  }
  outer.own_chunks.take_over(inner.own_chunks);
  if (inner.outgrown != nullptr) {
    if (outer.outgrown == nullptr) {
      outer.outgrown = inner.outgrown;
    } else {
      outer.outgrown->merge(*inner.outgrown);
    }
    inner.outgrown = nullptr;
  }
}

std::size_t frame_space::used_bytes(std::byte const* main_cursor) const noexcept {
  if (current_ == nullptr) return beside_bytes_;
  return current_->preceding_bytes + static_cast<std::size_t>(main_cursor - current_->begin) +
         beside_bytes_;
}

std::size_t frame_space::peak_bytes(std::byte const* main_cursor) const noexcept {
  return std::max(peak_bytes_, used_bytes(std::max<std::byte const*>(high, main_cursor)));
}

void frame_space::note_peak() noexcept {
  peak_bytes_ = std::max(peak_bytes_, used_bytes(std::max<std::byte const*>(high, main.cursor)));
  high = main.cursor;
}

}  // namespace tidemark::detail
