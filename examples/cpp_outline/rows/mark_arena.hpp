// SPDX-License-Identifier: BSL-1.0
#pragma once

// A mark arena as it is often written by hand, with its classic bug: shown, not recommended.
//
//   mark      |ttt|                    the outer table t lies in the arena
//   grow      |ttt|nnnnTTTTTT|         it grows while a mark is open ...
//   rewind    |ttt|                    ... and the rewind frees what it grew into
//   allocate  |ttt|NNNNNNNN|           the next trees overwrite the table
//
// A mark here is a cursor. Nothing tells which container an allocation was for, so nothing can
// stop a container that is older than the mark from losing its memory to the rewind. Each row of
// the table that is right keeps the outline in a second pool.
//
// Thread rule: one thread.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

namespace cpp_outline {

class mark_arena final : public std::pmr::memory_resource {
 public:
  struct position {
    std::size_t chunk;  // index
    std::size_t used;   // bytes of that chunk
  };

  explicit mark_arena(std::pmr::memory_resource* heap) : chunks_(heap) {}
  mark_arena(mark_arena const&) = delete;
  mark_arena& operator=(mark_arena const&) = delete;
  ~mark_arena() override {
    for (auto const& [begin, bytes] : chunks_) heap()->deallocate(begin, bytes);
  }

  position mark() const noexcept { return at_; }
  void rewind(position to) noexcept { at_ = to; }

 private:
  std::pmr::memory_resource* heap() const noexcept { return chunks_.get_allocator().resource(); }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    for (; at_.chunk < chunks_.size(); at_ = {at_.chunk + 1, 0}) {
      auto const& [begin, size] = chunks_[at_.chunk];
      void* block = static_cast<std::byte*>(begin) + at_.used;
      std::size_t left = size - at_.used;
      if (std::align(alignment, bytes, block, left) != nullptr) {
        at_.used = size - left + bytes;
        return block;
      }
    }
    auto const size = std::max(bytes + alignment,
                               std::size_t{64 * 1024} << std::min<std::size_t>(chunks_.size(), 8));
    chunks_.emplace_back(heap()->allocate(size), size);
    return do_allocate(bytes, alignment);
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  std::pmr::vector<std::pair<void*, std::size_t>> chunks_;  // begin, bytes
  position at_{0, 0};
};

class mark_arena_memory {
 public:
  static constexpr bool frees_one_by_one = false;

  class mark_guard {
   public:
    explicit mark_guard(mark_arena& arena) noexcept : arena_(arena), at_(arena.mark()) {}
    mark_guard(mark_guard const&) = delete;
    mark_guard& operator=(mark_guard const&) = delete;
    ~mark_guard() {
      if (!keep_) arena_.rewind(at_);
    }
    void keep() noexcept { keep_ = true; }

   private:
    mark_arena& arena_;
    mark_arena::position at_;
    bool keep_ = false;
  };

  explicit mark_arena_memory(std::pmr::memory_resource* heap) : heap_(heap), arena_(heap) {}
  mark_arena* scratch() noexcept { return &arena_; }
  std::pmr::memory_resource* table() noexcept { return &arena_; }  // the bug
  std::pmr::memory_resource* heap() noexcept { return heap_; }
  mark_guard mark() noexcept { return mark_guard{arena_}; }
  void end_file() noexcept { arena_.rewind({0, 0}); }

 private:
  std::pmr::memory_resource* heap_;
  mark_arena arena_;
};

}  // namespace cpp_outline
