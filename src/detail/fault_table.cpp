// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/fault_table.hpp>

namespace tidemark::detail {
namespace {

constexpr std::uintptr_t free_slot = 0;
constexpr std::uintptr_t busy = 1;

struct slot {
  std::atomic<std::uintptr_t> begin{free_slot};
  std::atomic<std::uintptr_t> end{0};
  fault_place place{};
};

constinit std::array<slot, 1024> slots{};

}  // namespace

std::size_t remember_fault_range(void const* begin, std::size_t bytes,
                                 fault_place const& place) noexcept {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::uintptr_t expected = free_slot;
    if (!slots[i].begin.compare_exchange_strong(expected, busy, std::memory_order_acquire))
      continue;
    slots[i].place = place;
    slots[i].end.store(address_of(begin) + bytes, std::memory_order_relaxed);
    slots[i].begin.store(address_of(begin), std::memory_order_release);
    return i;
  }
  return SIZE_MAX;
}

void forget_fault_range(std::size_t slot) noexcept {
  if (slot < slots.size()) slots[slot].begin.store(free_slot, std::memory_order_release);
}

bool find_fault_range(void const* address, fault_place& place) noexcept {
  std::uintptr_t const wanted = address_of(address);
  for (slot const& s : slots) {
    std::uintptr_t const begin = s.begin.load(std::memory_order_acquire);
    if (begin <= busy || wanted < begin) continue;
    if (wanted >= s.end.load(std::memory_order_relaxed)) continue;
    place = s.place;
    return true;
  }
  return false;
}

}  // namespace tidemark::detail
