// SPDX-License-Identifier: BSL-1.0
#pragma once

// The slots of a slot map: numbered places of one size, in chunks that never move.
//
//   table     | chunk 0 | chunk 1 | ...
//   chunk     | slot | slot | slot | ... | live bits |      one block of the resource
//   slot      | bytes of an element | generation | next free |
//
// Thread rule: one thread at a time; const functions by many at once.
//
// Invariants:
//  1. The chunks hold first, first, 2 first, 4 first, ... largest, largest, ... slots. All are
//     powers of two, so a slot is found by its index with bits.
//  2. A slot from `used()` on was never taken, and nothing was written to it.
//  3. A live bit is set between `set_live` and `clear_live` of its slot, and no other.
//  4. It is a plain value and owns nothing by itself: `release` gives the memory back, to the
//     resource that every growth was given.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <tidemark/detail/alignment.hpp>

namespace tidemark::detail {

template <std::size_t Bytes, std::size_t Alignment>
class slot_chunks {
 public:
  static constexpr std::uint32_t no_index = UINT32_MAX;

  struct slot {
    alignas(Alignment) std::byte bytes[Bytes];
    std::uint32_t generation;  // 0 when first taken; from then on the business of the map
    std::uint32_t next_free;   // index, while the slot is free
  };

  static constexpr std::size_t max_slots() noexcept {
    return no_index / largest_chunk() * largest_chunk();
  }
  static constexpr std::size_t slots_of(std::size_t chunk) noexcept {
    if (chunk == 0) return first_chunk();
    return chunk > doublings() ? largest_chunk() : first_chunk() << (chunk - 1);
  }

  std::size_t slots() const noexcept { return slots_; }
  std::uint32_t used() const noexcept { return used_; }

  /// Preconditions: index < used().
  slot& at(std::size_t index) const noexcept {
    place const p = locate(index);
    return *std::launder(reinterpret_cast<slot*>(slot_bytes(p)));
  }

  /// Returns:       Index of the slot that became free last; of one never used if none is free.
  /// Throws:        `std::bad_alloc` with `max_slots()`, what the resource throws. No slot is taken
  ///                then.
  std::uint32_t take(std::pmr::memory_resource& resource) {
    if (std::uint32_t const index = free_; index != no_index) {
      free_ = at(index).next_free;
      return index;
    }
    if (used_ == slots_) add_chunk(resource);
    ::new (static_cast<void*>(slot_bytes(locate(used_)))) slot;
    at(used_).generation = 0;
    return used_++;
  }
  /// Preconditions: The slot is taken.
  void put_back(std::uint32_t index) noexcept {
    at(index).next_free = free_;
    free_ = index;
  }

  void set_live(std::size_t index) noexcept {
    place const p = locate(index);
    live_word(p) |= live_bit(p);
  }
  void clear_live(std::size_t index) noexcept {
    place const p = locate(index);
    live_word(p) &= ~live_bit(p);
  }
  /// Returns:       The first live slot at `from` or behind it; `no_index` if there is none.
  /// Complexity:    O(slots passed / 64 + chunks passed).
  std::uint32_t next_live(std::size_t from) const noexcept {
    while (from < used_) {
      place const p = locate(from);
      std::uint64_t const live = live_word(p) >> (p.offset % 64);
      if (live != 0) {
        return static_cast<std::uint32_t>(from + static_cast<std::size_t>(std::countr_zero(live)));
      }
      from += std::min(64 - p.offset % 64, slots_of(p.chunk) - p.offset);
    }
    return no_index;
  }

  /// Effects:       slots() is `count` or more.
  /// Throws:        As `take`. Nothing is changed then.
  void reserve(std::size_t count, std::pmr::memory_resource& resource) {
    if (count > max_slots()) throw std::bad_alloc{};
    std::size_t const former = chunk_count_;
    try {
      while (slots_ < count) add_chunk(resource);
    } catch (...) {
      drop_chunks(former, resource);
      throw;
    }
  }
  /// Returns all memory. Preconditions: no slot is live.
  void release(std::pmr::memory_resource& resource) noexcept {
    drop_chunks(0, resource);
    free_table(resource);
    *this = {};
  }

 private:
  struct chunk {
    std::byte* slots;
    std::uint64_t* live;
  };
  struct place {
    std::size_t chunk;
    std::size_t offset;  // in slots
  };

  static constexpr std::size_t first_chunk() noexcept {
    return std::clamp<std::size_t>(std::bit_floor(1024 / sizeof(slot)), 1, 64);
  }
  static constexpr std::size_t largest_chunk() noexcept {
    return std::max(first_chunk(), std::bit_floor(256 * 1024 / sizeof(slot)));
  }
  static constexpr std::size_t doublings() noexcept {
    return static_cast<std::size_t>(std::countr_zero(largest_chunk() / first_chunk()));
  }
  static constexpr place locate(std::size_t index) noexcept {
    if (index >= largest_chunk()) {
      return {doublings() + index / largest_chunk(), index % largest_chunk()};
    }
    if (index < first_chunk()) return {0, index};
    return {static_cast<std::size_t>(std::bit_width(index / first_chunk())),
            index - std::bit_floor(index)};
  }

  static constexpr std::size_t block_alignment() noexcept {
    return std::max(alignof(slot), alignof(std::uint64_t));
  }
  static constexpr std::size_t live_offset(std::size_t slots) noexcept {
    return round_up(slots * sizeof(slot), alignof(std::uint64_t));
  }
  static constexpr std::size_t live_words(std::size_t slots) noexcept { return (slots + 63) / 64; }
  static constexpr std::size_t block_bytes(std::size_t slots) noexcept {
    return live_offset(slots) + live_words(slots) * sizeof(std::uint64_t);
  }

  std::byte* slot_bytes(place p) const noexcept {
    return chunks_[p.chunk].slots + p.offset * sizeof(slot);
  }
  std::uint64_t& live_word(place p) const noexcept { return chunks_[p.chunk].live[p.offset / 64]; }
  static constexpr std::uint64_t live_bit(place p) noexcept {
    return std::uint64_t{1} << (p.offset % 64);
  }

  [[gnu::noinline]] void add_chunk(std::pmr::memory_resource& resource) {
    std::size_t const count = slots_of(chunk_count_);
    if (count > max_slots() - slots_) throw std::bad_alloc{};
    if (chunk_count_ == table_count_) grow_table(resource);
    auto* const block =
        static_cast<std::byte*>(resource.allocate(block_bytes(count), block_alignment()));
    auto* const live = reinterpret_cast<std::uint64_t*>(block + live_offset(count));
    std::uninitialized_fill_n(live, live_words(count), std::uint64_t{0});
    chunks_[chunk_count_++] = {block, live};
    slots_ += count;
  }
  // The last ones, until `left` are left.
  void drop_chunks(std::size_t left, std::pmr::memory_resource& resource) noexcept {
    while (chunk_count_ != left) {
      std::size_t const count = slots_of(--chunk_count_);
      resource.deallocate(chunks_[chunk_count_].slots, block_bytes(count), block_alignment());
      slots_ -= count;
    }
  }
  void grow_table(std::pmr::memory_resource& resource) {
    std::size_t const count = std::max<std::size_t>(8, table_count_ * 2);
    void* const block = resource.allocate(count * sizeof(chunk), alignof(chunk));
    auto* const table = static_cast<chunk*>(block);
    std::uninitialized_copy_n(chunks_, chunk_count_, table);
    free_table(resource);
    chunks_ = table;
    table_count_ = count;
  }
  void free_table(std::pmr::memory_resource& resource) noexcept {
    if (chunks_ == nullptr) return;
    resource.deallocate(chunks_, table_count_ * sizeof(chunk), alignof(chunk));
  }

  chunk* chunks_ = nullptr;  // the table
  std::size_t chunk_count_ = 0;
  std::size_t table_count_ = 0;    // chunks that the table has room for
  std::size_t slots_ = 0;          // of all chunks
  std::uint32_t used_ = 0;         // slots that were ever taken: the first ones
  std::uint32_t free_ = no_index;  // the slot that became free last
};

}  // namespace tidemark::detail
