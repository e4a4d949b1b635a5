// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <new>
#include <tidemark/detail/frame_engine.hpp>
#include <utility>

namespace tidemark::detail {

frame_engine::frame_engine(frame_sizes sizes) noexcept : space(sizes), checked_(sizes.checked) {
  records_[0].serial = scope_binding::base;
  records_[0].eventful = checked_;
}

void frame_engine::bind(std::uint32_t depth, scope_binding& binding) noexcept {
  binding.depth = depth;
  if (depth == 0) {
    binding.serial = scope_binding::base;
    binding.handed_out = true;
  }
  records_[depth].binding = &binding;
  update_ready();
}

void frame_engine::park() noexcept {
  parked_ = space.main;
  space.main.cursor = space.main.end = space.main.floor = nullptr;
}

void frame_engine::use_records(void* memory, std::uint32_t count) noexcept {
  auto* const fresh = static_cast<scope_record*>(memory);
  for (std::uint32_t i = 0; i < count; ++i) {
    ::new (fresh + i) scope_record(i < record_count_ ? records_[i] : scope_record{});
  }
  records_ = fresh;
  record_count_ = count;
  top_ = &records_[depth_];
}

void frame_engine::make_ready() noexcept {
  scope_record& next = records_[depth_ + 1];
  if (next.binding == nullptr) {
    next.binding = spare_.pop();
    next.binding->next = nullptr;
    next.binding->forward = nullptr;
    next.binding->handed_out = false;
    next.binding->depth = depth_ + 1;
  }
  update_ready();
}

bool frame_engine::spare_deeper_bindings() noexcept {
  for (std::uint32_t d = depth_ + 2; d < record_count_; ++d) {
    if (records_[d].binding != nullptr) spare_.push(*std::exchange(records_[d].binding, nullptr));
  }
  ready_depth_ = std::min(ready_depth_, depth_ + 1);
  return spare_.first != nullptr;
}

void frame_engine::hold_all(bool held) noexcept {
  held_ = held;
  for (std::uint32_t d = 0; held && d <= depth_; ++d) records_[d].eventful = true;
  update_ready();
}

void frame_engine::update_ready() noexcept {
  if (checked_) return;
  ready_depth_ = held_ ? 0 : depth_;
  if (held_) return;
  if (outermost_is_slow_ && depth_ == 0) return;
  while (ready_depth_ + 1 < record_count_ && ready_depth_ < max_depth &&
         records_[ready_depth_ + 1].binding != nullptr) {
    ++ready_depth_;
  }
}

frame_engine::obstacle frame_engine::blocker(std::uint32_t depth) const noexcept {
  if (finalizing_ > depth) return {.in_finalizer = true, .scope = nullptr};
  for (std::uint32_t d = depth_; d > depth; --d) {
    if (records_[d].scoped) return {.in_finalizer = false, .scope = &records_[d]};
  }
  return {};
}

void frame_engine::step_down() noexcept {
  scope_record& r = *top_;
  if (r.ended != scope_end::none) {
    r.ended = scope_end::none;
    --ended_count_;
  }
  r.scoped = false;
  r.serial = 0;
  if (outermost_is_slow_ && depth_ == 1) ready_depth_ = 0;
  top_ = &records_[--depth_];
  top_serial_ = top_->serial;
}

void frame_engine::run_finalizers(std::uint32_t depth) noexcept {
  // A finalizer may open checkpoints: records may move, and what it leaves open is closed here.
  std::uint32_t const outer = std::exchange(finalizing_, depth + 1);
  while (finalizer* const node = records_[depth].finalizers.pop()) {
    {
      intermission const others{*this};
      node->run(node);
    }
    while (depth_ > depth) close_top();
  }
  finalizing_ = outer;
}

void frame_engine::retire(binding_list& kept) noexcept {
  for (scope_binding* b = kept.first; b != nullptr; b = b->next) {
    b->serial = scope_binding::closed;
    b->forward = nullptr;
  }
  spare_.splice(kept);
}

void frame_engine::close_top() noexcept {
  run_finalizers(depth_);
  if (lanes_ != nullptr) lanes_->unwind(depth_);
  space.drop(*top_);
  space.main.floor = top_->outer_floor;
  retire(top_->kept);
  step_down();
}

void frame_engine::rewind_to(std::uint32_t depth) noexcept {
  closed_from_below_ += depth_ - depth;
  while (depth_ >= depth) close_top();
}

void frame_engine::keep_top() noexcept {
  scope_record& inner = *top_;
  scope_record& outer = records_[depth_ - 1];
  outer.finalizers.append_newer(inner.finalizers);
  space.merge(inner, outer);
  if (lanes_ != nullptr) lanes_->keep(depth_, outer.serial);
  if (space.current() == inner.at) space.main.floor = inner.outer_floor;
  outer.eventful = outer.eventful || inner.eventful || inner.binding->handed_out;
  outer.kept.splice(inner.kept);
  if (inner.binding->handed_out) {
    scope_binding& handed = *std::exchange(inner.binding, nullptr);
    handed.serial = outer.serial;
    handed.depth = depth_ - 1;
    handed.forward = outer.binding;
    outer.binding->handed_out = true;
    outer.kept.push(handed);
    ready_depth_ = std::min(ready_depth_, depth_ - 1);
  }
  step_down();
}

void frame_engine::keep_to(std::uint32_t depth) noexcept {
  closed_from_below_ += depth_ - depth;
  while (depth_ >= depth) keep_top();
}

void frame_engine::empty(std::uint32_t depth) noexcept {
  if (depth_ > depth) {
    ++closed_from_below_;  // rewind_to counts its own depth as closed by its owner
    rewind_to(depth + 1);
  }
  ++records_[depth].emptied_count;
  run_finalizers(depth);
  if (lanes_ != nullptr) lanes_->unwind(depth);
  space.drop(*top_);
  space.main.floor = top_->cursor;
  retire(top_->kept);
  top_->eventful = holds_all() || ended_count_ != 0 || (outermost_is_slow_ && depth == 1);
}

void frame_engine::end_later(std::uint32_t depth, scope_end how) noexcept {
  records_[depth].ended = how;
  ++ended_count_;
  for (std::uint32_t d = depth; d <= depth_; ++d) records_[d].eventful = true;
}

frame_engine::ended_scope frame_engine::next_ended() const noexcept {
  if (ended_count_ == 0) return {};
  std::uint32_t d = depth_;
  while (d > 0 && !records_[d].scoped) --d;
  if (d == 0 || records_[d].ended == scope_end::none || finalizing_ > d) return {};
  return {.depth = d, .how = records_[d].ended};
}

void frame_engine::reset() noexcept {
  if (depth_ != 0) {
    ++closed_from_below_;
    rewind_to(1);
  }
  ++records_[0].emptied_count;
  run_finalizers(0);
  if (lanes_ != nullptr) lanes_->reset();
  space.drop(*top_);
  space.main.floor = top_->cursor;
  retire(top_->kept);
  top_->eventful = holds_all() || outermost_is_slow_;
}

void frame_engine::rebase() noexcept {
  scope_record& base = records_[0];
  chunk* const first = space.current();  // null: the next chunk in use will be the first
  base.at = first;
  base.cursor = base.outer_floor = first != nullptr ? first->begin : nullptr;
}

void* frame_engine::take(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                         chunk_request& wanted) noexcept {
  bool const had_chain = space.current() != nullptr;
  void* const block = space.take(records_[depth], depth == depth_, bytes, alignment, wanted);
  if (!had_chain && space.current() != nullptr) {
    for (std::uint32_t d = 0; d <= depth_; ++d) {  // they all began before the first chunk
      records_[d].at = space.current();
      records_[d].cursor = records_[d].outer_floor = space.current()->begin;
    }
  }
  return block;
}

bool frame_engine::free(std::uint32_t depth, std::byte* block, std::size_t bytes) noexcept {
  scope_record& r = records_[depth];
  if (bytes == 0) bytes = 1;  // zero sizes occupy a byte
  if (depth != depth_) {
    scope_record const& above = records_[depth + 1];
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
  return space.resize(records_[depth], depth == depth_, block, old_bytes, new_bytes);
}

void frame_engine::link(std::uint32_t depth, finalizer& node) noexcept {
  records_[depth].finalizers.push(node);
  records_[depth].eventful = true;
}

void frame_engine::resolve(scope_binding& binding) const noexcept {
  // A binding follows only one that was itself kept since; path compression keeps chains short.
  while (binding.forward != nullptr && binding.forward->forward != nullptr) {
    binding.serial = binding.forward->serial;
    binding.depth = binding.forward->depth;
    binding.forward = binding.forward->forward;
  }
}

}  // namespace tidemark::detail
