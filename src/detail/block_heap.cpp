// SPDX-License-Identifier: BSL-1.0
#include <new>
#include <tidemark/detail/block_heap.hpp>
#include <utility>

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

/// Memory for a larger log. It becomes the log's when nothing can fail any more: until then the
/// request that needs both it and a slab has changed nothing.
struct block_heap::log_growth {
  explicit log_growth(block_heap& grown) noexcept : heap(grown) {}
  log_growth(log_growth const&) = delete;
  log_growth& operator=(log_growth const&) = delete;
  ~log_growth() { give_back(memory, capacity); }

  void give_back(void* given, std::size_t entries) const noexcept {
    if (given == nullptr) return;
    heap.account_.give_back(given, entries * sizeof(block_log::entry), alignof(block_log::entry));
  }
  void ask() {
    capacity = heap.engine.log.next_capacity();
    memory = heap.ask(capacity * sizeof(block_log::entry), alignof(block_log::entry));
  }
  bool makes_room() const noexcept {
    return memory != nullptr && capacity > heap.engine.log.capacity();
  }
  /// Gives back what is not used: the former memory, or this if upstream called back.
  void finish() noexcept {
    block_log& log = heap.engine.log;
    void* unused = std::exchange(memory, nullptr);
    std::size_t entries = capacity;
    if (capacity > log.capacity()) {
      entries = log.capacity();
      unused = log.move_to(unused, capacity);
    }
    give_back(unused, entries);
  }

  block_heap& heap;
  void* memory = nullptr;
  std::size_t capacity = 0;  // entries
};

void* block_heap::take(std::uint32_t index, std::uint32_t depth) {
  if (depth != 0 && engine.log.is_full()) return take_slow(index, depth);
  void* const block = depth != 0 ? engine.take_for(depth, index) : engine.take(index);
  return block != nullptr ? block : take_slow(index, depth);
}

void* block_heap::take_slow(std::uint32_t index, std::uint32_t depth) {
  log_growth growth{*this};
  std::uint64_t const serial = engine.record(depth).serial;
  // Whenever upstream was called it may have called back, and everything is looked at again.
  while (engine.is_open(serial, depth)) {
    if (depth != 0 && engine.log.is_full() && !growth.makes_room()) {
      if (!prepare_log(growth)) return nullptr;
    } else if (engine.needs_slab(index)) {
      if (!obtain_group(*engine.info(index).groups)) return nullptr;
    } else if (growth.memory != nullptr) {
      growth.finish();
    } else {
      return depth != 0 ? engine.take_for(depth, index) : engine.take(index);
    }
  }
  return nullptr;
}

bool block_heap::prepare_log(log_growth& growth) {
  engine.compact_log();
  if (!engine.log.is_tight()) return true;
  growth.give_back(std::exchange(growth.memory, nullptr), growth.capacity);
  try {
    growth.ask();
  } catch (...) {
    if (engine.log.is_full()) throw;
  }
  return growth.memory != nullptr || !engine.log.is_full();
}

void* block_heap::take_large(std::size_t bytes, std::size_t alignment, std::uint32_t depth,
                             void* owner) {
  large_request const request = large_request::of(bytes, alignment);
  if (request.bytes == 0) return nullptr;
  std::uint64_t const serial = engine.record(depth).serial;
  large_block* block = engine.take_idle_large(request.bytes, request.alignment);
  if (block == nullptr) {
    // What was rewound and is of no use now goes back before more is asked for.
    give_back_idle_large();
    void* const memory = ask(request.bytes, request.alignment);
    if (memory == nullptr) return nullptr;
    if (!engine.is_open(serial, depth)) {  // upstream called back
      account_.give_back(memory, request.bytes, request.alignment);
      return nullptr;
    }
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

std::size_t block_heap::give_back_idle_large() noexcept {
  std::size_t given = 0;
  // All are taken before the first goes: upstream may use the pool.
  for (large_block *idle = engine.take_all_idle_large(), *next; idle != nullptr; idle = next) {
    next = idle->next;
    given += idle->upstream_bytes();
    forget_chunk(idle->upstream_bytes());
    account_.give_back(idle->upstream_begin(), idle->upstream_bytes(), idle->alignment);
  }
  return given;
}

std::size_t block_heap::give_back(slab_group* groups_leaving, std::size_t alignment) noexcept {
  std::size_t given = 0;
  for (slab_group *group = groups_leaving, *next; group != nullptr; group = next) {
    next = group->next;
    given += group->bytes;
    forget_chunk(group->bytes);
    account_.give_back(group->first, group->bytes, alignment);
  }
  return given;
}

std::size_t block_heap::trim() noexcept {
  engine.collect_idle_slabs();
  std::size_t given = 0;
  for (slab_groups& each : groups) given += give_back(each.take_idle_groups(), each.slab_bytes());
  return given + give_back_idle_large();
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
