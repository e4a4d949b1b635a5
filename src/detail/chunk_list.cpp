// SPDX-License-Identifier: BSL-1.0
#include <bit>
#include <cstdint>
#include <new>
#include <tidemark/detail/chunk_list.hpp>
#include <utility>

namespace tidemark::detail {

chunk* make_chunk(void* memory, std::size_t upstream_bytes, std::size_t class_bytes,
                  std::size_t header_bytes) noexcept {
  auto* const first = static_cast<std::byte*>(memory);
  std::byte* const begin = first + header_bytes;
  return ::new (memory) chunk{.next = nullptr,
                              .previous = nullptr,
                              .begin = begin,
                              .cursor = begin,
                              .end = first + upstream_bytes,
                              .upstream_bytes = upstream_bytes,
                              .class_bytes = class_bytes,
                              .preceding_bytes = 0};
}

void chunk_list::push_front(chunk& added) noexcept {
  added.previous = nullptr;
  added.next = front_;
  (front_ != nullptr ? front_->previous : back_) = &added;
  front_ = &added;
}

void chunk_list::unlink(chunk& removed) noexcept {
  (removed.previous != nullptr ? removed.previous->next : front_) = removed.next;
  (removed.next != nullptr ? removed.next->previous : back_) = removed.previous;
  removed.next = removed.previous = nullptr;
}

void chunk_list::take_over(chunk_list& other) noexcept {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
  } else {
    chunk* const second = front_->next;
    other.back_->next = second;
    (second != nullptr ? second->previous : back_) = other.back_;
    front_->next = other.front_;
    other.front_->previous = front_;
  }
  other = {};
}

chunk* chunk_list::pop_front() noexcept {
  chunk* const first = front_;
  if (first != nullptr) unlink(*first);
  return first;
}

chunk_list& idle_chunks::list_of(std::size_t class_bytes) noexcept {
  // Eight classes per power of two: the bits below the top one tell neighbours apart.
  auto const width = static_cast<std::size_t>(std::bit_width(class_bytes));
  std::size_t const step = width > 4 ? class_bytes >> (width - 4) : class_bytes;
  return lists_[(step + 8 * (width & 1U)) & 15U];
}

void idle_chunks::put(chunk& idle) noexcept {
  idle.cursor = idle.begin;
  idle.preceding_bytes = 0;
  list_of(idle.class_bytes).push_front(idle);
}

chunk* idle_chunks::take(std::size_t class_bytes, std::size_t payload) noexcept {
  chunk_list& list = list_of(class_bytes);
  for (chunk* c = list.front(); c != nullptr; c = c->next) {
    if (c->class_bytes == class_bytes && c->capacity() >= payload) {
      list.unlink(*c);
      return c;
    }
  }
  return nullptr;
}

chunk* idle_chunks::pop() noexcept {
  for (chunk_list& list : lists_) {
    if (chunk* const c = list.pop_front()) return c;
  }
  return nullptr;
}

chunk* idle_chunks::take_since_last() noexcept {
  chunk* taken = nullptr;
  for (chunk_list& list : lists_) {
    for (chunk* next = list.front(); chunk* const c = next;) {
      next = c->next;
      if (std::exchange(c->preceding_bytes, chunk::not_entered) != chunk::not_entered) continue;
      list.unlink(*c);
      c->next = std::exchange(taken, c);
    }
  }
  return taken;
}

}  // namespace tidemark::detail
