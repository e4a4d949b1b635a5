// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/lane_set.hpp>

namespace tidemark::detail {
namespace {

constexpr std::size_t least_chunk_bytes = 512;

// Puts the list `more` in front of `list`.
chunk* join(chunk* more, chunk* list) noexcept {
  if (more == nullptr) return list;
  chunk* last = more;
  while (last->next != nullptr) last = last->next;
  last->next = list;
  return more;
}

}  // namespace

lane_set::lane_set(std::size_t initial_bytes, std::size_t max_chunk_bytes) noexcept
    : last_(inline_journal_),
      journal_(inline_journal_),
      journal_end_(inline_journal_ + inline_saves),
      // As many as the chunk will have: `take` compares arrays with it.
      initial_bytes_(round_up(std::min(initial_bytes, SIZE_MAX / 4), chunk_alignment)),
      max_chunk_bytes_(
          std::bit_floor(std::clamp(max_chunk_bytes, 4 * least_chunk_bytes, SIZE_MAX / 8))) {
  *last_ = {};
}

bool lane_set::needs_table(std::uint32_t number) const noexcept {
  return number - built_in_lanes >= table_size_;
}

std::size_t lane_set::table_size_for(std::uint32_t number) noexcept {
  return std::bit_ceil(std::max<std::size_t>(number - built_in_lanes + 1, 16));
}

void lane_set::use_table(void* memory, std::size_t size) noexcept {
  auto* const fresh = static_cast<lane**>(memory);
  std::copy_n(table_, table_size_, fresh);
  std::fill(fresh + table_size_, fresh + size, &none_);
  table_ = fresh;
  table_size_ = size;
}

void lane_set::add(void* memory, std::uint32_t number) noexcept {
  auto* const added = ::new (memory) lane;
  table_[number - built_in_lanes] = added;
  (last_added_ != nullptr ? last_added_->next : first_) = added;
  last_added_ = added;
}

std::size_t lane_set::journal_size_for(std::size_t more) const noexcept {
  return std::bit_ceil(static_cast<std::size_t>(last_ - journal_) + 1 + more) * 2;
}

void lane_set::use_journal(void* memory, std::size_t size) noexcept {
  auto* const fresh = static_cast<lane_save*>(memory);
  std::ptrdiff_t const last = last_ - journal_;
  std::uninitialized_copy(journal_, last_ + 1, fresh);
  journal_ = fresh;
  last_ = fresh + last;
  journal_end_ = fresh + size;
}

void lane_set::restore_slow(lane& l, lane_save const& from) noexcept {
  l.note_peak();
  l.beside_bytes = from.beside_bytes;
  if (from.at == nullptr) return l.rewind_to_start();  // it found the lane without a chunk
  l.at = from.at;
  l.end = from.at->end;
  l.cursor = l.high = from.cursor;
}

void lane_set::keep(std::uint32_t depth, std::uint64_t outer) noexcept {
  lane_save* first = last_;
  while (first->depth == depth) --first;
  lane_save* kept = first;
  for (lane_save* s = first + 1; s <= last_; ++s) {
    lane& l = *s->touched;
    // What the encloser has saved itself, and before, is what it falls back to.
    bool const known = depth == 1 || s->former == outer;
    if (!known) {
      *++kept = *s;
      kept->depth = depth - 1;
    }
    l.saved = depth == 1 ? 0 : outer;
    l.ready = l.saved & ready_mask_;
  }
  last_ = kept;
}

void lane_set::reset() noexcept {
  for_each([](lane& l) {
    l.note_peak();
    l.beside_bytes = 0;
    l.unscoped_arrays = 0;
    l.rewind_to_start();
  });
}

std::byte* lane_set::take(lane& l, std::size_t bytes, chunk_request& wanted) const noexcept {
  wanted = {};
  bool const first = l.head == nullptr;
  // Only where it fits the chunk in use does a large array lie in the lane: were it to enter a
  // later one, that would depend on what the frame before had needed, and the second of two equal
  // frames would ask upstream again.
  bool const large = bytes > max_chunk_bytes_ / 4 && (!first || bytes > initial_bytes_);
  if (large && bytes > static_cast<std::size_t>(l.end - l.cursor)) return nullptr;
  bytes = array_bytes(bytes, 1);
  if (std::byte* const array = l.take(bytes)) return array;
  wanted.payload_bytes = bytes;
  wanted.for_chain = true;
  wanted.wanted_bytes =
      first ? round_up(std::max(bytes, initial_bytes_), chunk_alignment) + chunk_alignment
            : std::max(l.next_chunk_bytes, std::bit_ceil(bytes + chunk_alignment));
  return nullptr;
}

void lane_set::give(lane& l, chunk& fresh, chunk_request const& wanted) noexcept {
  l.give(fresh);
  l.next_chunk_bytes =
      std::clamp(2 * std::bit_floor(wanted.wanted_bytes), least_chunk_bytes, max_chunk_bytes_);
}

void lane_set::hold(bool held) noexcept {
  ready_mask_ = held ? 0 : UINT64_MAX;
  for_each([this](lane& l) { l.ready = l.saved & ready_mask_; });
}

chunk* lane_set::take_idle() noexcept {
  chunk* taken = nullptr;
  for_each([&](lane& l) { taken = join(l.take_idle(), taken); });
  return taken;
}

chunk* lane_set::take_idle_since_last() noexcept {
  chunk* taken = nullptr;
  for_each([&](lane& l) { taken = join(l.take_idle_since_last(), taken); });
  return taken;
}

chunk* lane_set::take_all() noexcept {
  chunk* const taken = take_idle();
  for_each([](lane& l) { l.next_chunk_bytes = 0; });
  return taken;
}

}  // namespace tidemark::detail
