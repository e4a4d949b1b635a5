// SPDX-License-Identifier: BSL-1.0
#include "churn.hpp"

#include <cstring>

namespace perf {
namespace {

constexpr std::uint64_t sum_of_nothing = 14695981039346656037U;  // FNV-1a

// Word by word, the last one overlapping: a block has 8 bytes at least.
std::uint64_t sum_with(std::uint64_t sum, void const* address, std::size_t bytes) {
  auto const* const begin = static_cast<unsigned char const*>(address);
  std::uint64_t word = 0;
  auto const add = [&](std::size_t at) {
    std::memcpy(&word, begin + at, sizeof word);
    sum = (sum ^ word) * 1099511628211U;
  };
  for (std::size_t at = 0; at + sizeof word <= bytes; at += sizeof word) add(at);
  add(bytes - sizeof word);
  return sum;
}

bool is_aligned(void const* address) {
  return reinterpret_cast<std::uintptr_t>(address) % rows::churn_alignment == 0;
}

}  // namespace

churn::churn(rows::churn_plan const& plan, std::pmr::memory_resource& from)
    : plan_(plan), from_(&from) {
  live_.reserve(plan.first_bytes.size());
  for (std::uint32_t const bytes : plan.first_bytes) {
    live_.push_back({from_->allocate(bytes, rows::churn_alignment), bytes});
  }
}

churn::~churn() {
  for (auto const& each : live_) {
    from_->deallocate(each.address, each.bytes, rows::churn_alignment);
  }
}

inline void churn::replace(std::pmr::memory_resource* from, block& replaced, std::uint32_t bytes) {
  from->deallocate(replaced.address, replaced.bytes, rows::churn_alignment);
  replaced.bytes = bytes;
  replaced.address = from->allocate(bytes, rows::churn_alignment);
  *static_cast<char*>(replaced.address) = 1;
  escape(replaced.address);
}

void churn::round() {
  std::pmr::memory_resource* const any = launder(from_);
  for (auto const [index, bytes] : plan_.steps) replace(any, live_[index], bytes);
}

void round_in_turn(churn& one, churn& other) {
  std::pmr::memory_resource* const ones = launder(one.from_);
  std::pmr::memory_resource* const others = launder(other.from_);
  for (std::size_t i = 0; i < one.plan_.steps.size(); ++i) {
    auto const first = one.plan_.steps[i];
    churn::replace(ones, one.live_[first.block_index], first.bytes);
    auto const second = other.plan_.steps[i];
    churn::replace(others, other.live_[second.block_index], second.bytes);
  }
}

void churn::fill(std::size_t index) {
  std::memset(live_[index].address, static_cast<int>(index % 251), live_[index].bytes);
}

std::uint64_t churn::check() {
  std::uint64_t sum = sum_of_nothing;
  bool aligned = true;
  for (std::size_t i = 0; i < live_.size(); ++i) fill(i);
  for (auto const [index, bytes] : plan_.steps) {
    sum = sum_with(sum, live_[index].address, live_[index].bytes);
    replace(from_, live_[index], bytes);
    aligned = aligned && is_aligned(live_[index].address);
    fill(index);
  }
  for (auto const& each : live_) sum = sum_with(sum, each.address, each.bytes);
  return aligned ? sum : 0;
}

}  // namespace perf
