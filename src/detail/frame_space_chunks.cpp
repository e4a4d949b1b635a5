// SPDX-License-Identifier: BSL-1.0

// How chunks come into a space and leave it.

#include <algorithm>
#include <bit>
#include <tidemark/detail/frame_space.hpp>
#include <tidemark/detail/poison.hpp>
#include <utility>

namespace tidemark::detail {

void frame_space::give(chunk& fresh, chunk_request const& wanted) noexcept {
  retire(fresh.begin, fresh.end);
  if (!wanted.for_chain) {
    idle_.put(fresh);
    return;
  }
  fresh.next = nullptr;
  fresh.previous = tail_;
  (tail_ != nullptr ? tail_->next : head_) = &fresh;
  tail_ = &fresh;
  note_growth(wanted.wanted_bytes);
}

void frame_space::note_growth(std::size_t wanted_bytes) noexcept {
  std::size_t const next = std::max(2 * std::bit_floor(wanted_bytes), least_chunk_bytes);
  next_chunk_bytes_ = std::min(next, sizes_.max_chunk_bytes);
}

chunk* frame_space::last_in_use() const noexcept {
  bool const is_last = current_ != nullptr && current_ != fence_ && current_ == tail_ &&
                       current_->upstream_bytes != 0;
  return is_last ? current_ : nullptr;
}

void frame_space::set_end(chunk& last, std::byte* end, std::size_t wanted_bytes) noexcept {
  if (wanted_bytes != 0) {
    retire(last.end, end);
    note_growth(wanted_bytes);
  } else if (sizes_.checked) {
    make_accessible(end, static_cast<std::size_t>(last.end - end));
  }
  last.end = end;
  last.upstream_bytes = address_of(end) - address_of(&last);
  main.end = end;
}

frame_space::chain_size frame_space::chain() const noexcept {
  chain_size size;
  for (chunk const* c = head_; c != nullptr; c = c->next) {
    if (c->upstream_bytes == 0) continue;
    ++size.chunk_count;
    size.upstream_bytes += c->upstream_bytes;
  }
  return size;
}

void frame_space::lift_fence() noexcept {
  if (fence_ != nullptr && current_ == fence_) main.end = current_->end;
  fence_ = nullptr;
}

chunk* frame_space::detach(chunk* barrier, chunk* last) noexcept {
  if (barrier == nullptr && head_ != nullptr && head_->upstream_bytes == 0) barrier = head_;
  if (last == nullptr || last == barrier) return nullptr;
  chunk* const first = barrier != nullptr ? barrier->next : head_;
  chunk* const rest = last->next;
  (barrier != nullptr ? barrier->next : head_) = rest;
  (rest != nullptr ? rest->previous : tail_) = barrier;
  last->next = nullptr;
  if (barrier == nullptr) {  // nothing is in use any more: as before the first chunk
    note_peak();
    current_ = nullptr;
    main = {};
    high = nullptr;
  }
  return first;
}

chunk_list frame_space::take_retired() noexcept { return std::exchange(retired_, {}); }

void frame_space::attach(chunk* first) noexcept {
  while (chunk* const c = first) {
    first = c->next;
    c->next = nullptr;
    c->previous = tail_;
    c->cursor = c->begin;
    (tail_ != nullptr ? tail_->next : head_) = c;
    tail_ = c;
  }
}

chunk* frame_space::take_idle() noexcept {
  if (chunk* const c = idle_.pop()) {
    if (sizes_.checked) make_accessible(c->begin, c->capacity());
    return c;
  }
  chunk* const last = tail_;
  if (last == nullptr || last == current_ || last->upstream_bytes == 0) return nullptr;
  tail_ = last->previous;
  (tail_ != nullptr ? tail_->next : head_) = nullptr;
  if (sizes_.checked) make_accessible(last->begin, last->capacity());
  return last;
}

chunk* frame_space::take_idle_since_last() noexcept {
  chunk* kept = current_;
  for (chunk* c = kept != nullptr ? kept->next : head_; c != nullptr; c = c->next) {
    if (std::exchange(c->preceding_bytes, chunk::not_entered) != chunk::not_entered) kept = c;
  }
  chunk* taken = idle_.take_since_last();
  while (tail_ != nullptr && tail_ != kept) {
    chunk* const last = std::exchange(tail_, tail_->previous);
    (tail_ != nullptr ? tail_->next : head_) = nullptr;
    last->next = std::exchange(taken, last);
  }
  for (chunk* c = sizes_.checked ? taken : nullptr; c != nullptr; c = c->next) {
    make_accessible(c->begin, c->capacity());
  }
  return taken;
}

chunk* frame_space::take_chain() noexcept {
  note_peak();  // pops may have left it to `high`
  chunk* first = head_;
  if (first != nullptr && first->upstream_bytes == 0) {  // the caller's buffer stays
    first = head_->next;
    head_->next = nullptr;
    tail_ = current_ = head_;
    main = {head_->begin, head_->end, head_->begin};
    high = head_->begin;
  } else {
    head_ = tail_ = current_ = nullptr;
    main = {};
    high = nullptr;
  }
  next_chunk_bytes_ = 0;
  for (chunk* c = sizes_.checked ? first : nullptr; c != nullptr; c = c->next) {
    make_accessible(c->begin, c->capacity());
  }
  return first;
}

}  // namespace tidemark::detail
