// SPDX-License-Identifier: BSL-1.0
#include <mutex>
#include <tidemark/detail/thread_instances.hpp>

namespace tidemark::detail {

void thread_instances::add(thread_instance& made) noexcept {
  std::lock_guard const lock{mutex()};
  made.next = newest_;
  newest_ = &made;
  ++count_;
}

thread_instance* thread_instances::adopt() noexcept {
  std::lock_guard const lock{mutex()};
  if (idle_ == nullptr || visit_count_ != 0) return nullptr;
  thread_instance* const adopted = idle_;
  idle_ = adopted->next_idle;
  adopted->state = instance_state::used;
  return adopted;
}

void thread_instances::give_up(thread_instance& adopted) noexcept {
  std::lock_guard const lock{mutex()};
  make_idle(adopted);
}

void thread_instances::leave(thread_instance& left) noexcept {
  std::lock_guard const lock{mutex()};
  if (visit_count_ == 0 && closed_(left)) {
    make_idle(left);
  } else {
    left.state = instance_state::open;  // `closed_` may not look while somebody visits it
  }
}

thread_instance* thread_instances::begin_visit() noexcept {
  std::lock_guard const lock{mutex()};
  ++visit_count_;
  return newest_;
}

void thread_instances::end_visit() noexcept {
  std::lock_guard const lock{mutex()};
  if (--visit_count_ != 0) return;
  for (thread_instance* each = newest_; each != nullptr; each = each->next) {
    if (each->state == instance_state::open && closed_(*each)) make_idle(*each);
  }
}

std::size_t thread_instances::count() const noexcept {
  std::lock_guard const lock{mutex()};
  return count_;
}

void thread_instances::make_idle(thread_instance& instance) noexcept {
  instance.state = instance_state::idle;
  instance.next_idle = idle_;
  idle_ = &instance;
}

}  // namespace tidemark::detail
