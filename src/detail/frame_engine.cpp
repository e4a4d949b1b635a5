// SPDX-License-Identifier: BSL-1.0
#include <tidemark/detail/frame_engine.hpp>
#include <utility>

namespace tidemark::detail {

frame_engine::frame_engine(frame_sizes sizes) noexcept
    : mark_stack(sizes.checked), space(sizes), checked_(sizes.checked) {
  begin(inline_records_);
}

void frame_engine::park() noexcept {
  parked_ = space.main;
  space.main.cursor = space.main.end = space.main.floor = nullptr;
}

void frame_engine::run_finalizers(std::uint32_t depth) noexcept {
  // A finalizer may open checkpoints: records may move, and what it leaves open is closed here.
  std::uint32_t const outer = std::exchange(finalizing_, depth + 1);
  while (finalizer* const node = record(depth).finalizers.pop()) {
    {
      intermission const others{*this};
      node->run(node);
    }
    while (this->depth() > depth) close_top();
  }
  finalizing_ = outer;
}

void frame_engine::close_top() noexcept {
  run_finalizers(depth());
  if (lanes_ != nullptr) lanes_->unwind(depth());
  space.drop(top());
  space.main.floor = top().outer_floor;
  retire(top().kept);
  step_down();
}

void frame_engine::rewind_to(std::uint32_t depth) noexcept {
  count_closed_from_below(this->depth() - depth);
  while (this->depth() >= depth) close_top();
}

void frame_engine::keep_top() noexcept {
  scope_record& inner = top();
  scope_record& outer = record(depth() - 1);
  outer.finalizers.append_newer(inner.finalizers);
  space.merge(inner, outer);
  if (lanes_ != nullptr) lanes_->keep(depth(), outer.serial);
  if (space.current() == inner.at) space.main.floor = inner.outer_floor;
  pass_bindings();
  step_down();
}

void frame_engine::keep_to(std::uint32_t depth) noexcept {
  count_closed_from_below(this->depth() - depth);
  while (this->depth() >= depth) keep_top();
}

void frame_engine::empty(std::uint32_t depth) noexcept {
  if (this->depth() > depth) {
    count_closed_from_below(1);  // rewind_to counts its own depth as closed by its owner
    rewind_to(depth + 1);
  }
  ++record(depth).emptied_count;
  run_finalizers(depth);
  if (lanes_ != nullptr && depth != 0) lanes_->unwind(depth);
  if (lanes_ != nullptr && depth == 0) lanes_->reset();
  space.drop(top());
  space.main.floor = top().cursor;
  retire(top().kept);
  settle_top();
}

std::optional<std::uint32_t> frame_engine::depth_of(std::byte const* block) const noexcept {
  // The chain, newest chunk first: a record begins where the ones above it do, or before.
  std::uint32_t d = depth();
  std::byte const* end = main_region().cursor;
  for (chunk const* c = space.current(); c != nullptr; c = c->previous, end = c ? c->cursor : end) {
    bool const here = chunk::within(block, 1, c->begin, end);
    while (d > 0 && record(d).at == c && (!here || block < record(d).cursor)) --d;
    if (here) return d;
  }
  for (d = depth() + 1; d-- > 0;) {
    if (space.lies_beside(record(d), block)) return d;
  }
  return std::nullopt;
}

void frame_engine::rebase() noexcept {
  scope_record& base = record(0);
  chunk* const first = space.current();  // null: the next chunk in use will be the first
  base.at = first;
  base.cursor = base.outer_floor = first != nullptr ? first->begin : nullptr;
}

void* frame_engine::take(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                         chunk_request& wanted) noexcept {
  bool const had_chain = space.current() != nullptr;
  void* const block = space.take(record(depth), depth == this->depth(), bytes, alignment, wanted);
  if (!had_chain && space.current() != nullptr) {
    for (std::uint32_t d = 0; d <= this->depth(); ++d) {  // they all began before the first chunk
      record(d).at = space.current();
      record(d).cursor = record(d).outer_floor = space.current()->begin;
    }
  }
  return block;
}

bool frame_engine::free(std::uint32_t depth, std::byte* block, std::size_t bytes) noexcept {
  scope_record& r = record(depth);
  if (bytes == 0) bytes = 1;  // zero sizes occupy a byte
  if (depth != this->depth()) {
    scope_record const& above = record(depth + 1);
    return space.free(r, {above.at, above.cursor}, block, bytes);
  }
  if (space.main.is_top(block, bytes)) {
    space.pop_main(block);
    space.retire(block, block + bytes);
    return true;
  }
  return space.free(r, {space.current(), space.main.cursor}, block, bytes);
}

bool frame_engine::resize(std::uint32_t depth, std::byte* block, std::size_t old_bytes,
                          std::size_t new_bytes) noexcept {
  return space.resize(record(depth), depth == this->depth(), block, old_bytes, new_bytes);
}

void frame_engine::link(std::uint32_t depth, finalizer& node) noexcept {
  record(depth).finalizers.push(node);
  record(depth).eventful = true;
}

}  // namespace tidemark::detail
