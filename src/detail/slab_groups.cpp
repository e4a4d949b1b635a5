// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <new>
#include <tidemark/detail/poison.hpp>
#include <tidemark/detail/slab_groups.hpp>
#include <utility>

namespace tidemark::detail {

slab* slab_groups::take() noexcept {
  slab* const taken = idle_.pop();
  if (taken != nullptr) --taken->group->idle_count;
  return taken;
}

void slab_groups::put_idle(slab& idle) noexcept {
  idle_.push(idle);
  ++idle.group->idle_count;
}

std::size_t slab_groups::wanted_bytes(std::size_t available) const noexcept {
  std::size_t const fitting = available / slab_bytes_ + (available % slab_bytes_ != 0 ? 1 : 0);
  std::size_t count = std::max<std::size_t>(1, std::min(next_slab_count_, fitting));
  if (count > 1 && count * slab_bytes_ - unused_bytes_ > available) --count;
  return count * slab_bytes_ - unused_bytes_;
}

void slab_groups::give(void* memory, std::size_t bytes) noexcept {
  std::size_t const count = (bytes + unused_bytes_) / slab_bytes_;
  auto* const begin = static_cast<std::byte*>(memory);
  slab& first = *::new (begin) slab;
  for (std::size_t i = count; --i > 0;) {  // from behind: the first one is taken first
    slab& made = *::new (begin + i * slab_bytes_) slab;
    made.group = &first.own_group;
    idle_.push(made);
  }
  first.group = &first.own_group;
  idle_.push(first);
  first.own_group = {.first = &first,
                     .next = nullptr,
                     .previous = nullptr,
                     .bytes = bytes,
                     .slab_count = count,
                     .idle_count = count};
  link(first.own_group);
  next_slab_count_ = std::min(2 * next_slab_count_, max_slab_count_);
}

void slab_groups::adopt(slab_group& group) noexcept {
  auto* const begin = reinterpret_cast<std::byte*>(group.first);
  for (std::size_t i = group.slab_count; i-- > 0;) {
    idle_.push(*reinterpret_cast<slab*>(begin + i * slab_bytes_));
  }
  link(group);
}

void slab_groups::link(slab_group& group) noexcept {
  group.next = groups_;
  group.previous = nullptr;
  if (groups_ != nullptr) groups_->previous = &group;
  groups_ = &group;
}

void slab_groups::unlink(slab_group& group) noexcept {
  (group.previous != nullptr ? group.previous->next : groups_) = group.next;
  if (group.next != nullptr) group.next->previous = group.previous;
}

slab_group* slab_groups::take_idle_groups() noexcept {
  slab_group* taken = nullptr;
  for (slab_group* group = groups_; group != nullptr;) {
    slab_group* const next = group->next;
    if (group->idle_count == group->slab_count) {
      auto* const begin = reinterpret_cast<std::byte*>(group->first);
      for (std::size_t i = 0; i < group->slab_count; ++i) {
        idle_.remove(*reinterpret_cast<slab*>(begin + i * slab_bytes_));
      }
      unlink(*group);
      make_accessible(group->first, group->bytes);
      group->next = taken;
      taken = group;
    }
    group = next;
  }
  return taken;
}

slab_group* slab_groups::take_all_groups() noexcept {
  idle_ = {};
  next_slab_count_ = 1;
  for (slab_group* group = groups_; group != nullptr; group = group->next) {
    make_accessible(group->first, group->bytes);
  }
  return std::exchange(groups_, nullptr);
}

}  // namespace tidemark::detail
