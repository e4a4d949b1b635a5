// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>

#include <algorithm>
#include <boost/intrusive/set.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <new>
#include <tidemark/detail/block_book.hpp>
#include <tidemark/detail/thread_exit.hpp>
#include <tidemark/detail/thread_slots.hpp>
#include <utility>

namespace tidemark::detail {

// Never destroyed: threads may outlive static objects.
struct slot_registry {
  struct id_of {
    using type = std::uint64_t;
    type operator()(slot_owner const& owner) const noexcept { return owner.id_; }
  };
  using owner_set = boost::intrusive::set<slot_owner, boost::intrusive::key_of_value<id_of>,
                                          boost::intrusive::compare<std::greater<>>>;

  static slot_registry& get() noexcept;

  void add(slot_owner& owner) noexcept {
    std::lock_guard const lock{mutex};
    owner.id_ = ++last_id;
    owners.push_front(owner);
  }
  void remove(slot_owner& owner) noexcept {
    std::lock_guard const lock{mutex};
    if (owner.is_linked()) owners.erase(owners.iterator_to(owner));
  }
  /// Preconditions: locked.
  void end(std::uint64_t id, void* value) noexcept {
    auto const owner = owners.find(id);
    if (owner != owners.end()) owner->end_(*owner, value);
  }

  // Around `fork`: a child must not find a mutex locked by a thread that it does not have.
  void lock_all() noexcept {
    mutex.lock();
    for (slot_owner& owner : owners) owner.mutex_.lock();
  }
  void unlock_all() noexcept {
    for (slot_owner& owner : owners) owner.mutex_.unlock();
    mutex.unlock();
  }

  std::mutex mutex;  // guards all that follows
  owner_set owners;  // the youngest first, in which order their mutexes are taken
  std::uint64_t last_id = 0;
};

slot_registry& slot_registry::get() noexcept {
  alignas(slot_registry) static std::byte place[sizeof(slot_registry)];
  static auto* const made = [] {
    auto* const fresh = ::new (static_cast<void*>(place)) slot_registry;
    pthread_atfork([] { get().lock_all(); }, [] { get().unlock_all(); },
                   [] { get().unlock_all(); });
    return fresh;
  }();
  return *made;
}

constinit thread_local std::array<thread_slot, 8> thread_slots [[gnu::tls_model("initial-exec")]]{};

namespace {

using value_map =
    boost::unordered_flat_map<std::uint64_t, void*, boost::hash<std::uint64_t>, std::equal_to<>,
                              malloc_allocator<std::pair<std::uint64_t const, void*>>>;

// Of one thread, which alone reads and writes it.
struct thread_values : exit_hook {
  static constexpr std::size_t first_purge = 32;

  value_map all;
  std::size_t purge_at = first_purge;  // count of values
};

constinit thread_local thread_values* values [[gnu::tls_model("initial-exec")]] = nullptr;
constinit thread_local bool ending [[gnu::tls_model("initial-exec")]] = false;

thread_slot& slot_of(slot_owner const& owner) noexcept {
  return thread_slots[owner.id() % thread_slots.size()];
}

void destroy(thread_values* ended) noexcept {
  ended->~thread_values();
  std::free(ended);
}

// The thread's hook.
void end_values(exit_hook* hook) noexcept {
  auto* const ended = static_cast<thread_values*>(hook);
  ending = true;
  values = nullptr;
  thread_slots.fill({});
  {
    slot_registry& registry = slot_registry::get();
    std::lock_guard const lock{registry.mutex};
    for (auto const& [id, value] : ended->all) registry.end(id, value);
  }
  destroy(ended);
}

thread_values& values_of_thread() {
  if (values != nullptr) return *values;
  void* const memory = std::malloc(sizeof(thread_values));
  if (memory == nullptr) throw std::bad_alloc();
  auto* const made = ::new (memory) thread_values;
  made->run = &end_values;
  if (!at_thread_exit(*made)) {
    destroy(made);
    throw std::bad_alloc();
  }
  values = made;
  return *made;
}

// Drops what is left of owners that are gone, once for each doubling. Not if the registry is
// locked: the caller may hold the mutex of an owner, for which a thread that ends waits with the
// registry locked.
void purge(thread_values& mine) noexcept {
  slot_registry& registry = slot_registry::get();
  std::unique_lock const lock{registry.mutex, std::try_to_lock};
  if (!lock.owns_lock()) return;
  boost::unordered::erase_if(
      mine.all, [&](auto const& entry) { return registry.owners.count(entry.first) == 0; });
  mine.purge_at = std::max(thread_values::first_purge, 2 * mine.all.size());
}

}  // namespace

slot_owner::slot_owner(end_function end) noexcept : end_(end) { slot_registry::get().add(*this); }

void slot_owner::close() noexcept { slot_registry::get().remove(*this); }

void* find_value(slot_owner const& owner) noexcept {
  if (void* const known = cached_value(owner)) return known;
  if (values == nullptr) return nullptr;
  auto const found = values->all.find(owner.id());
  if (found == values->all.end()) return nullptr;
  slot_of(owner) = {owner.id(), found->second};
  return found->second;
}

void set_value(slot_owner const& owner, void* value) {
  thread_values& mine = values_of_thread();
  if (mine.all.size() >= mine.purge_at) purge(mine);
  mine.all.emplace(owner.id(), value);
  slot_of(owner) = {owner.id(), value};
}

void forget_value(slot_owner const& owner) noexcept {
  thread_slot& slot = slot_of(owner);
  if (slot.id == owner.id()) slot = {};
  if (values != nullptr) values->all.erase(owner.id());
}

bool thread_is_ending() noexcept { return ending; }

}  // namespace tidemark::detail
