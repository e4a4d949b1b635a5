// SPDX-License-Identifier: BSL-1.0
#include <tidemark/detail/lane.hpp>
#include <utility>

namespace tidemark::detail {
namespace {

constinit std::atomic<std::uint32_t> next_number{built_in_lanes};

}  // namespace

std::uint32_t number_of(lane_type& type) noexcept {
  // Relaxed: the number is all there is to see. Of two threads that come first at once one loses
  // its number, which leaves a hole.
  std::uint32_t known = type.number.load(std::memory_order_relaxed);
  if (known != lane_type::unnumbered) return known;
  std::uint32_t const fresh = next_number.fetch_add(1, std::memory_order_relaxed);
  return type.number.compare_exchange_strong(known, fresh, std::memory_order_relaxed) ? fresh
                                                                                      : known;
}

void lane::note_peak() noexcept {
  recent_chain_bytes = std::max(recent_chain_bytes, up_to(std::max(high, cursor)));
  peak_chain_bytes = chain_peak();
  peak_bytes = peak();
  high = cursor;
}

std::size_t lane::reserved_bytes() const noexcept {
  std::size_t sum = 0;
  for (chunk const* c = head; c != nullptr; c = c->next) sum += c->upstream_bytes;
  return sum;
}

std::size_t lane::chunk_count() const noexcept {
  std::size_t count = 0;
  for (chunk const* c = head; c != nullptr; c = c->next) ++count;
  return count;
}

std::byte* lane::take(std::size_t bytes) noexcept {
  if (bytes > static_cast<std::size_t>(end - cursor)) {
    chunk* c = at != nullptr ? at->next : nullptr;
    while (c != nullptr && c->capacity() < bytes) c = c->next;
    if (c == nullptr) return nullptr;
    enter(*c);
  }
  return std::exchange(cursor, cursor + bytes);
}

void lane::enter(chunk& next_chunk) noexcept {
  note_peak();
  at->cursor = cursor;
  next_chunk.preceding_bytes = at->preceding_bytes + at->used();
  at = &next_chunk;
  cursor = high = next_chunk.begin;
  end = next_chunk.end;
}

void lane::give(chunk& fresh) noexcept {
  fresh.next = nullptr;
  fresh.previous = tail;
  (tail != nullptr ? tail->next : head) = &fresh;
  tail = &fresh;
  if (at == nullptr) rewind_to_start();
}

void lane::rewind_to_start() noexcept {
  at = head;
  if (at != nullptr) at->preceding_bytes = 0;
  cursor = high = at != nullptr ? at->begin : nullptr;
  end = at != nullptr ? at->end : nullptr;
}

chunk* lane::take_behind(chunk* kept) noexcept {
  chunk* const first = kept != nullptr ? kept->next : head;
  if (first == nullptr) return nullptr;
  tail = kept;
  (tail != nullptr ? tail->next : head) = nullptr;
  if (tail == nullptr) {
    note_peak();
    rewind_to_start();
  }
  return first;
}

chunk* lane::take_idle_since_last() noexcept {
  note_peak();
  // The first chunk is begun with, not entered: whether it served is known by what the chain held.
  bool const served = std::exchange(recent_chain_bytes, chain_bytes()) != 0;
  chunk* kept = last_in_use();
  if (kept == nullptr && served) kept = head;
  for (chunk* c = kept != nullptr ? kept->next : nullptr; c != nullptr; c = c->next) {
    if (std::exchange(c->preceding_bytes, chunk::not_entered) != chunk::not_entered) kept = c;
  }
  return take_behind(kept);
}

}  // namespace tidemark::detail
