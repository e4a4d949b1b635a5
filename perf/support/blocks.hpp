// SPDX-License-Identifier: BSL-1.0
#pragma once

// The work of a row that allocates many blocks: one loop for every contestant.
//
// Thread rule: one thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "program.hpp"
#include "rows.hpp"

namespace perf {

class blocks {
 public:
  explicit blocks(std::vector<rows::request> requests = rows::mixed())
      : requests_(std::move(requests)) {}

  /// Allocates every block, and stores each pointer: heaps need it back, so arenas do it too.
  template <class Resource>
  [[gnu::noinline]] void allocate(Resource* resource) {
    Resource* const any = launder(resource);  // so that no call below is resolved at compile time
    void** next = pointers_.data();
    for (auto const& [bytes, alignment] : requests_) {
      void* const block = any->allocate(bytes, alignment);
      escape(block);
      *next++ = block;
    }
  }

  template <class Resource>
  [[gnu::noinline]] void deallocate(Resource* resource) {
    Resource* const any = launder(resource);
    void** next = pointers_.data();
    for (auto const& [bytes, alignment] : requests_) any->deallocate(*next++, bytes, alignment);
  }

  /// Writes every byte of every block: a later read tells whether two of them overlap.
  void fill(std::uint32_t salt = 0) {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      std::memset(pointers_[i], static_cast<int>((i + salt) % 251), requests_[i].bytes);
    }
  }

  /// Returns: a sum over the contents of all blocks.
  std::uint64_t checksum() const {
    std::uint64_t sum = 14695981039346656037u;  // FNV-1a
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      auto const* const bytes = static_cast<unsigned char const*>(pointers_[i]);
      for (std::size_t b = 0; b < requests_[i].bytes; ++b) sum = (sum ^ bytes[b]) * 1099511628211u;
    }
    return sum;
  }

  bool aligned() const {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      auto const address = reinterpret_cast<std::uintptr_t>(pointers_[i]);
      if ((address & (requests_[i].alignment - 1)) != 0) return false;
    }
    return true;
  }

  std::size_t count() const noexcept { return requests_.size(); }

  std::size_t largest_bytes() const {
    return std::max_element(requests_.begin(), requests_.end(),
                            [](auto const& a, auto const& b) { return a.bytes < b.bytes; })
        ->bytes;
  }

 private:
  std::vector<rows::request> requests_;
  std::vector<void*> pointers_ = std::vector<void*>(requests_.size());
  friend class objects;
};

/// Blocks with an object in each, whose constructor writes 8 bytes: memory that nobody touches
/// would cost an arena less than it does in a program.
class objects : public blocks {
 public:
  using blocks::blocks;

  template <class Resource>
  [[gnu::noinline]] void allocate(Resource* resource) {
    Resource* const any = launder(resource);
    void** next = pointers_.data();
    std::uint64_t key = 0;
    for (auto const& [bytes, alignment] : requests_) {
      void* const block = any->allocate(bytes, alignment);
      escape(::new (block) std::uint64_t(key++));
      *next++ = block;
    }
  }
};

/// libstdc++'s pools misalign a block whose size is no multiple of its alignment: theirs is
/// `loose`, and a little less work than that of the others.
enum class alignment { strict, loose };

/// A contestant that frees everything by one call, `reset`.
template <class Resource, class Work, class Reset>
void add_arena(program& to, std::string const& row, std::string const& name, Work& work,
               Resource& resource, Reset reset, alignment promise = alignment::strict) {
  auto const round = [&work, &resource, reset] {
    work.allocate(&resource);
    reset();
  };
  auto const check = [&work, &resource, reset, promise] {
    work.allocate(&resource);
    work.fill();
    bool const kept = promise == alignment::loose || work.aligned();
    std::uint64_t const sum = kept ? work.checksum() : 0;
    reset();
    return sum;
  };
  to.add(row, name, work.count(), round, check);
}

/// A contestant that frees block by block.
template <class Resource, class Work>
void add_heap(program& to, std::string const& row, std::string const& name, Work& work,
              Resource& resource, alignment promise = alignment::strict) {
  auto const free_all = [&work, &resource] { work.deallocate(&resource); };
  add_arena(to, row, name, work, resource, free_all, promise);
}

}  // namespace perf
