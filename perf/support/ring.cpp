// SPDX-License-Identifier: BSL-1.0
#include "ring.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "program.hpp"

namespace perf {
namespace {

constexpr std::size_t alignment = alignof(std::uint64_t);

}  // namespace

template <bool Filled>
void ring::send(std::size_t blocks) {
  std::pmr::memory_resource* const any = launder(from_);
  for (std::size_t i = 0; i < blocks; ++i) {
    auto* const block =
        static_cast<std::uint64_t*>(any->allocate(rows::ring_block_bytes, alignment));
    std::fill_n(block, Filled ? words_per_block : 1, std::uint64_t{i});
    auto& to = slots_[i % rows::ring_slot_count];
    for (patience waiting; to.load(std::memory_order_acquire) != nullptr;) waiting.pass();
    to.store(block, std::memory_order_release);
  }
}

template <bool Filled>
void ring::receive(std::size_t blocks) {
  std::pmr::memory_resource* const any = launder(from_);
  for (std::size_t i = 0; i < blocks; ++i) {
    auto& from = slots_[i % rows::ring_slot_count];
    std::uint64_t* block = nullptr;
    for (patience waiting; (block = from.load(std::memory_order_acquire)) == nullptr;) {
      waiting.pass();
    }
    from.store(nullptr, std::memory_order_release);
    received_ = received_ * 31 + *block;
    if constexpr (Filled) {
      whole_ = whole_ && std::all_of(block, block + words_per_block,
                                     [i](std::uint64_t word) { return word == i; });
    }
    any->deallocate(block, rows::ring_block_bytes, alignment);
  }
}

void ring::round(std::size_t blocks) {
  other_.start([this, blocks] { receive<false>(blocks); });
  send<false>(blocks);
  other_.wait();
}

std::uint64_t ring::check() {
  received_ = 1;
  whole_ = true;
  other_.start([this] { receive<true>(blocks_per_round); });
  send<true>(blocks_per_round);
  other_.wait();
  return whole_ ? received_ : 0;
}

std::size_t resident_bytes() {
  std::size_t all_pages = 0;
  std::size_t resident_pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%zu %zu", &all_pages, &resident_pages) != 2) {
    std::fputs("perf: /proc/self/statm cannot be read\n", stderr);
    std::exit(EXIT_FAILURE);
  }
  std::fclose(file);
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace perf
