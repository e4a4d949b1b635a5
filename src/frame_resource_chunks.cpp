// SPDX-License-Identifier: BSL-1.0

// What a frame asks of upstream, and what it gives back.

#include <algorithm>
#include <new>
#include <tidemark/frame_resource.hpp>

#include "frame_resource_checks.hpp"
#include "frame_resource_quarantine.hpp"

namespace tidemark {

using detail::chunk;
using detail::chunk_alignment;
using detail::chunk_request;
using detail::frame_checks;
using detail::frame_engine;
using detail::frame_quarantine;
using window = detail::frame_engine::window;

void frame_resource::obtain_chunk(chunk_request const& wanted, std::size_t bytes) {
  if (wanted.payload_bytes == 0) throw resource_exhausted(name_, bytes, available_bytes());
  if (wanted.for_chain && grow_in_place(wanted)) return;
  engine_.space.give(*obtain_fitting(wanted, bytes), wanted);
}

chunk* frame_resource::obtain_fitting(chunk_request const& wanted, std::size_t bytes) {
  std::size_t const line = engine_.space.keeps_apart() ? 1 : chunk_alignment;
  std::size_t const header = engine_.space.header_bytes();
  std::size_t const least = detail::round_up(wanted.payload_bytes + header, line);
  std::size_t const whole_lines = ~(line - 1);
  while (least > (available_bytes() & whole_lines)) {
    trim();
    if (!frame_quarantine::release_oldest(*this)) break;
  }
  // Near the limit a chunk shrinks to what is left.
  std::size_t const size = std::min(wanted.wanted_bytes, available_bytes() & whole_lines);
  if (size < least) throw resource_exhausted(name_, bytes, available_bytes());
  return obtain_chunk(size, wanted.wanted_bytes);
}

chunk* frame_resource::obtain_chunk(std::size_t bytes, std::size_t class_bytes) {
  void* const memory = ask_upstream(bytes, chunk_alignment);
  ++chunk_count_;
  if (engine_.is_checked()) frame_checks::before_chunk(*this, memory);
  return detail::make_chunk(memory, bytes, class_bytes, engine_.space.header_bytes());
}

void* frame_resource::ask_upstream(std::size_t bytes, std::size_t alignment) {
  frame_engine::intermission const theirs{engine_};
  ++upstream_calls_;
  void* const memory = upstream_->allocate(bytes, alignment);
  reserved_bytes_ += bytes;
  return memory;
}

bool frame_resource::grow_in_place(chunk_request const& wanted) noexcept {
  chunk* const last = pages_ != nullptr ? engine_.space.last_in_use() : nullptr;
  if (last == nullptr) return false;
  std::size_t const old_bytes = last->upstream_bytes;
  std::size_t const whole_lines = ~(chunk_alignment - 1);
  std::size_t const room =
      std::min(pages_->capacity_of(old_bytes) - old_bytes, available_bytes()) & whole_lines;
  std::size_t const grown = std::min(detail::round_up(wanted.wanted_bytes, chunk_alignment), room);
  // Behind the cursor, which may lie anywhere, as much is needed as in a chunk with its header.
  if (grown < wanted.payload_bytes + chunk_alignment) return false;
  ++upstream_calls_;
  if (!pages_->try_expand(last, old_bytes, old_bytes + grown)) return false;
  reserved_bytes_ += grown;
  engine_.space.set_end(*last, last->end + grown, wanted.wanted_bytes);
  return true;
}

void frame_resource::shrink_in_place() noexcept {
  chunk* const last = pages_ != nullptr ? engine_.space.last_in_use() : nullptr;
  if (last == nullptr) return;
  auto* const first = reinterpret_cast<std::byte*>(last);
  std::size_t const old_bytes = last->upstream_bytes;
  auto const used = static_cast<std::size_t>(engine_.space.main.cursor - first);
  std::size_t const kept = detail::round_up(used, page_resource::page_bytes());
  if (kept >= old_bytes) return;
  engine_.space.set_end(*last, first + kept, 0);
  if (pages_->try_expand(last, old_bytes, kept)) {
    reserved_bytes_ -= old_bytes - kept;
  } else {  // the system refuses to take pages back: they stay the frame's
    engine_.space.set_end(*last, first + old_bytes, 1);
  }
}

void frame_resource::give_back(chunk* chunk) noexcept {
  std::size_t const bytes = chunk->upstream_bytes;
  reserved_bytes_ -= bytes;
  --chunk_count_;
  if (engine_.is_checked()) frame_checks::after_chunk(*this, chunk);
  frame_engine::intermission const theirs{engine_};
  upstream_->deallocate(chunk, bytes, chunk_alignment);
}

void frame_resource::give_back_all(chunk* first) noexcept {
  while (chunk* const c = first) {
    first = c->next;
    give_back(c);
  }
}

void frame_resource::release_chunks() noexcept {
  while (frame_quarantine::release_oldest(*this)) {
  }
  give_back_all(engine_.space.take_chain());
  engine_.rebase();
  give_back_idle();
  if (engine_.lanes() != nullptr) give_back_all(engine_.lanes()->take_all());
}

void frame_resource::give_back_idle() noexcept {
  // All are taken before the first goes: upstream may use the frame, and make its chunk idle again.
  chunk* first = nullptr;
  chunk** end = &first;
  while (chunk* const c = engine_.space.take_idle()) end = &(*end = c)->next;
  *end = nullptr;
  give_back_all(first);
}

std::size_t frame_resource::trim() noexcept {
  frame_checks::visit const visit{*this, __builtin_return_address(0)};
  if (visit.is_refused()) return 0;
  std::size_t const before = reserved_bytes_;
  window const open{engine_};
  give_back_idle();
  if (engine_.lanes() != nullptr) give_back_all(engine_.lanes()->take_idle());
  shrink_in_place();
  return before - reserved_bytes_;
}

void frame_resource::give_back_apart() noexcept {
  if (engine_.space.keeps_apart()) give_back_idle();
}

void frame_resource::trim_to_recent() noexcept {
  window const open{engine_};
  give_back_all(engine_.space.take_idle_since_last());
}

void frame_resource::coalesce() {
  frame_checks::visit const visit{*this, __builtin_return_address(0)};
  if (visit.is_refused()) return;
  window const open{engine_};
  detail::frame_space& space = engine_.space;
  detail::frame_space::chain_size const chain = space.chain();
  bool const empty = engine_.depth() == 0 && space.used_bytes(space.main.cursor) == 0;
  if (!empty || chain.chunk_count < 2) return;
  std::size_t const size = chain.upstream_bytes;
  if (size > available_bytes()) throw resource_exhausted(name_, size, available_bytes());
  chunk* const fresh = obtain_chunk(size, size);
  give_back_all(space.take_chain());
  engine_.rebase();
  space.give(*fresh, {.payload_bytes = fresh->capacity(), .wanted_bytes = size, .for_chain = true});
}

}  // namespace tidemark
