// SPDX-License-Identifier: BSL-1.0
#include <new>
#include <tidemark/detail/block_heap.hpp>

namespace tidemark::detail {

/// In front of each block of records and bindings.
struct alignas(std::max_align_t) block_heap::bookkeeping {
  bookkeeping* next;
  std::size_t bytes;
};

void* block_heap::ask(std::size_t bytes, std::size_t alignment) {
  void* memory = account_.ask(bytes, alignment);
  if (memory == nullptr) {
    trim();
    memory = account_.ask(bytes, alignment);
  }
  return memory;
}

void* block_heap::take_bookkeeping(std::size_t bytes) {
  bytes += sizeof(bookkeeping);
  void* const memory = ask(bytes, alignof(bookkeeping));
  if (memory == nullptr) return nullptr;
  bookkeeping_ = ::new (memory) bookkeeping{bookkeeping_, bytes};
  return bookkeeping_ + 1;
}

bool block_heap::take_gift(slab_groups& wanting) noexcept {
  if (donor_ == nullptr) return false;
  slab_group* const given =
      donor_(donor_context_, static_cast<std::size_t>(&wanting - groups.data()));
  for (slab_group *group = given, *next; group != nullptr; group = next) {
    next = group->next;
    wanting.adopt(*group);
    count_chunk(group->bytes);
  }
  return given != nullptr;
}

slab_group* block_heap::donate(std::size_t which) noexcept {
  engine.collect_idle_slabs();
  slab_group* const given = groups[which].take_idle_groups();
  for (slab_group* group = given; group != nullptr; group = group->next) {
    forget_chunk(group->bytes);
  }
  return given;
}

bool block_heap::obtain_group(slab_groups& wanting) {
  if (take_gift(wanting)) return true;
  std::size_t const alignment = wanting.slab_bytes();
  std::size_t bytes = wanting.wanted_bytes(account_.available_bytes());
  void* memory = account_.ask(bytes, alignment);
  if (memory == nullptr) {
    trim();
    bytes = wanting.wanted_bytes(account_.available_bytes());
    memory = account_.ask(bytes, alignment);
  }
  if (memory == nullptr) return false;
  wanting.give(memory, bytes);
  count_chunk(bytes);
  return true;
}

void* block_heap::take(std::uint32_t index, std::uint32_t depth) {
  for (;;) {
    if (depth != 0 && engine.log.is_full() && !prepare_log()) return nullptr;
    void* const block = depth != 0 ? engine.take_for(depth, index) : engine.take(index);
    if (block != nullptr) return block;
    // Upstream may call back, and fill the log: both are looked at again.
    if (!obtain_group(*engine.info(index).groups)) return nullptr;
  }
}

bool block_heap::prepare_log() {
  engine.compact_log();
  block_log& log = engine.log;
  if (!log.is_tight()) return true;
  std::size_t const capacity = log.next_capacity();
  std::size_t former = log.capacity();
  void* memory = nullptr;
  try {
    memory = ask(capacity * sizeof(block_log::entry), alignof(block_log::entry));
  } catch (...) {
    if (log.is_full()) throw;
  }
  if (memory == nullptr) return !log.is_full();
  if (log.capacity() >= capacity) {  // upstream called back
    former = capacity;
  } else {
    memory = log.move_to(memory, capacity);
  }
  if (memory != nullptr) {
    account_.give_back(memory, former * sizeof(block_log::entry), alignof(block_log::entry));
  }
  return true;
}

void* block_heap::take_large(std::size_t bytes, std::size_t alignment, std::uint32_t depth,
                             void* owner) {
  large_request const request = large_request::of(bytes, alignment);
  if (request.bytes == 0) return nullptr;
  large_block* block = engine.take_idle_large(request.bytes, request.alignment);
  if (block == nullptr) {
    // What was rewound and is of no use now goes back before more is asked for.
    give_back_idle_large();
    void* const memory = ask(request.bytes, request.alignment);
    if (memory == nullptr) return nullptr;
    block = &make_large_block(memory, request, owner);
    count_chunk(request.bytes);
  }
  engine.hold_large(*block, depth);
  return block->block();
}

void block_heap::free_large(large_block& freed) noexcept {
  engine.free_large(freed);
  forget_chunk(freed.upstream_bytes());
  account_.give_back(freed.upstream_begin(), freed.upstream_bytes(), freed.alignment);
}

void block_heap::give_back_idle_large() noexcept {
  // All are taken before the first goes: upstream may use the pool.
  for (large_block *idle = engine.take_all_idle_large(), *next; idle != nullptr; idle = next) {
    next = idle->next;
    forget_chunk(idle->upstream_bytes());
    account_.give_back(idle->upstream_begin(), idle->upstream_bytes(), idle->alignment);
  }
}

void block_heap::give_back(slab_group* groups_leaving, std::size_t alignment) noexcept {
  for (slab_group *group = groups_leaving, *next; group != nullptr; group = next) {
    next = group->next;
    forget_chunk(group->bytes);
    account_.give_back(group->first, group->bytes, alignment);
  }
}

void block_heap::trim() noexcept {
  engine.collect_idle_slabs();
  for (slab_groups& each : groups) give_back(each.take_idle_groups(), each.slab_bytes());
  give_back_idle_large();
}

void block_heap::release() noexcept {
  for (slab_groups& each : groups) give_back(each.take_all_groups(), each.slab_bytes());
  give_back_idle_large();
}

void block_heap::release_bookkeeping() noexcept {
  std::size_t const former = engine.log.capacity();
  if (void* const memory = engine.log.leave()) {
    account_.give_back(memory, former * sizeof(block_log::entry), alignof(block_log::entry));
  }
  while (bookkeeping* const block = bookkeeping_) {
    bookkeeping_ = block->next;
    account_.give_back(block, block->bytes, alignof(bookkeeping));
  }
}

}  // namespace tidemark::detail
