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

chunk* lane::take_idle(std::size_t kept_bytes) noexcept {
  std::size_t capacity = 0;
  chunk const* const last_used = chain_bytes() == 0 && saved == 0 ? nullptr : at;
  bool idle = last_used == nullptr;
  chunk* c = head;
  for (; c != nullptr && (!idle || capacity < kept_bytes); c = c->next) {
    capacity += c->capacity();
    idle = idle || c == last_used;
  }
  if (c == nullptr) return nullptr;
  tail = c->previous;
  (tail != nullptr ? tail->next : head) = nullptr;
  if (tail == nullptr) {
    note_peak();
    rewind_to_start();
  }
  return c;
}

std::size_t lane::take_recent_peak() noexcept {
  note_peak();
  return std::exchange(recent_chain_bytes, chain_bytes());
}

}  // namespace tidemark::detail
