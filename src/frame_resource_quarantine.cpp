// SPDX-License-Identifier: BSL-1.0
#include "frame_resource_quarantine.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <tidemark/detail/poison.hpp>

namespace tidemark::detail {
namespace {

// In the page of a chunk's header, behind it: the page stays readable.
std::size_t& fault_slot_of(chunk& c) noexcept {
  return *reinterpret_cast<std::size_t*>(reinterpret_cast<std::byte*>(&c) + sizeof(chunk));
}

void protect(page_resource& pages, chunk& c, fault_place const& place) noexcept {
  ::new (&fault_slot_of(c)) std::size_t{remember_fault_range(c.begin, c.capacity(), place)};
  static_cast<void>(pages.try_protect(c.begin, c.capacity()));
}

void unprotect(page_resource& pages, chunk& c) noexcept {
  forget_fault_range(fault_slot_of(c));
  static_cast<void>(pages.try_unprotect(c.begin, c.capacity()));
}

}  // namespace

std::uint32_t frame_quarantine::count_of(std::size_t asked) noexcept {
  return static_cast<std::uint32_t>(std::min<std::size_t>(asked, capacity));
}

void frame_quarantine::destroy(frame_quarantine* quarantine) noexcept { std::free(quarantine); }

frame_quarantine* frame_quarantine::made(frame_resource& frame) noexcept {
  if (frame.quarantine_ == nullptr) {
    if (void* const memory = std::malloc(sizeof(frame_quarantine))) {
      frame.quarantine_ = ::new (memory) frame_quarantine;
    }
  }
  return frame.quarantine_;
}

void frame_quarantine::before_outermost(frame_resource& frame) {
  if (made(frame) == nullptr) throw std::bad_alloc();
  // Something must lie before the fence, if only a byte: then the records begin there.
  if (frame.engine_.space.current() == nullptr) static_cast<void>(frame.take_at(0, 1, 1));
}

frame_quarantine::retirement::retirement(frame_resource& frame, std::uint32_t depth,
                                         source_location where, void const* caller) noexcept {
  if (frame.quarantine_count_ == 0 || depth > 1 || made(frame) == nullptr) return;
  frame_ = &frame;
  depth_ = depth;
  last_ = frame.engine_.space.current();
  if (frame.engine_.depth() != 0) opened_ = frame.engine_.record(1).where;
  closed_ = where;
  caller_ = caller;
}

frame_quarantine::retirement::~retirement() {
  if (frame_ == nullptr) return;
  frame_space& space = frame_->engine_.space;
  bool const stays_open = frame_->engine_.depth() == 1;  // it was only emptied
  space.lift_fence();
  chunk* const barrier = depth_ == 0 ? nullptr : space.current();
  chunk* const chain = space.detach(barrier, last_);
  if (depth_ == 0) frame_->engine_.rebase();
  if (stays_open) space.fence();
  chunk_list const beside = space.take_retired();
  if (chain == nullptr && beside.empty()) return;

  fault_place place{.opened = opened_, .closed = closed_};
  std::memcpy(place.name, frame_->name().data(), frame_->name().size());
  if (!closed_) code_trace::from(caller_).describe(place.closed_by);
  frame_->quarantine_->put(*frame_, {.chain = chain, .beside = beside.front()}, place);
}

void frame_quarantine::put(frame_resource& frame, retired_frame retired,
                           fault_place const& place) noexcept {
  if (count_ == frame.quarantine_count_) release_oldest(frame);
  for (chunk* c = retired.chain; c != nullptr; c = c->next) protect(*frame.pages_, *c, place);
  for (chunk* c = retired.beside; c != nullptr; c = c->next) protect(*frame.pages_, *c, place);
  ring_[(oldest_ + count_++) % capacity] = retired;
}

bool frame_quarantine::release_oldest(frame_resource& frame) noexcept {
  frame_quarantine* const self = frame.quarantine_;
  if (self == nullptr || self->count_ == 0) return false;
  retired_frame const oldest = self->ring_[self->oldest_];
  self->oldest_ = (self->oldest_ + 1) % capacity;
  --self->count_;
  for (chunk* c = oldest.chain; c != nullptr; c = c->next) unprotect(*frame.pages_, *c);
  frame.engine_.space.attach(oldest.chain);
  for (chunk* c = oldest.beside; c != nullptr;) {
    chunk* const next = c->next;
    unprotect(*frame.pages_, *c);
    frame.engine_.space.put_idle(*c);
    c = next;
  }
  return true;
}

}  // namespace tidemark::detail
