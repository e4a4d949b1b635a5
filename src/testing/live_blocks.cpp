// SPDX-License-Identifier: BSL-1.0
#include "live_blocks.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

namespace tidemark::testing {
namespace {

// `memory_resource::allocate` tells the compiler that its answer is aligned and not null: a check
// of the answer could be dropped. So the private function behind it is called, which promises
// nothing; an explicit instantiation may name it.
void* call_do_allocate(std::pmr::memory_resource& resource, std::size_t bytes,
                       std::size_t alignment);

template <void* (std::pmr::memory_resource::*Function)(std::size_t, std::size_t)>
struct door {
  friend void* call_do_allocate(std::pmr::memory_resource& resource, std::size_t bytes,
                                std::size_t alignment) {
    return (resource.*Function)(bytes, alignment);
  }
};
template struct door<&std::pmr::memory_resource::do_allocate>;

std::string text_of(std::size_t bytes, std::size_t alignment) {
  return std::to_string(bytes) + " bytes aligned to " + std::to_string(alignment);
}

}  // namespace

live_blocks::~live_blocks() {
  for (auto const& [number, held] : blocks_) {
    resource_->deallocate(held.begin, held.bytes, held.alignment);
  }
}

std::size_t live_blocks::allocate(std::size_t bytes, std::size_t alignment) {
  auto* const begin = static_cast<std::byte*>(call_do_allocate(*resource_, bytes, alignment));
  if (begin == nullptr) throw violation{text_of(bytes, alignment) + ": null was returned"};
  const block fresh{begin, bytes, alignment};
  if (reinterpret_cast<std::uintptr_t>(begin) % alignment != 0) {
    resource_->deallocate(begin, bytes, alignment);
    throw violation{text_of(bytes, alignment) + ": the block is misaligned"};
  }
  refuse_overlap(fresh);
  const auto number = next_++;
  blocks_.emplace(number, fresh);
  number_by_begin_.emplace(begin, number);
  for (std::size_t i = 0; i < bytes; ++i) begin[i] = content(number, i);
  return number;
}

void live_blocks::free(std::size_t number) {
  const auto found = blocks_.find(number);
  const auto held = found->second;
  verify(number, held);
  number_by_begin_.erase(held.begin);
  blocks_.erase(found);
  resource_->deallocate(held.begin, held.bytes, held.alignment);
}

void live_blocks::free_all_newest_first() {
  while (!blocks_.empty()) free(blocks_.rbegin()->first);
}

void live_blocks::verify() const {
  for (auto const& [number, held] : blocks_) verify(number, held);
}

std::size_t live_blocks::number_at(std::size_t index) const {
  return std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(index))->first;
}

std::byte live_blocks::content(std::size_t number, std::size_t offset) noexcept {
  return static_cast<std::byte>((number * 131 + offset * 7 + 1) & 0xFFU);
}

void live_blocks::verify(std::size_t number, block const& held) {
  for (std::size_t i = 0; i < held.bytes; ++i) {
    if (held.begin[i] == content(number, i)) continue;
    throw violation{"byte " + std::to_string(i) + " of a block of " +
                    text_of(held.bytes, held.alignment) + " has changed while it was held"};
  }
}

// An overlapping block is not freed: which of the two the resource would take it for is unknown.
void live_blocks::refuse_overlap(block const& fresh) const {
  // Empty blocks take one address each.
  const auto end_of = [](block const& b) { return b.begin + std::max<std::size_t>(b.bytes, 1); };
  const auto refuse_if = [&](auto neighbour) {
    auto const& held = blocks_.at(neighbour->second);
    if (held.begin >= end_of(fresh) || fresh.begin >= end_of(held)) return;
    throw violation{"a block of " + text_of(fresh.bytes, fresh.alignment) + " overlaps one of " +
                    text_of(held.bytes, held.alignment)};
  };
  const auto above = number_by_begin_.lower_bound(fresh.begin);
  if (above != number_by_begin_.end()) refuse_if(above);
  if (above != number_by_begin_.begin()) refuse_if(std::prev(above));
}

}  // namespace tidemark::testing
