// SPDX-License-Identifier: BSL-1.0
#pragma once

// A user's own pool with marks, the plainest that keeps the contract of rewindable_resource: every
// block is the heap's, and each level lists its own.
//
// The bare pool allocates outside every checkpoint, as a block pool does and unlike a frame.

#include <algorithm>
#include <list>
#include <new>
#include <optional>
#include <tidemark/error.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <vector>

namespace support {

class toy_pool final : public tidemark::rewindable_resource {
 public:
  toy_pool() { levels_.emplace_back(*this, tidemark::marker{}, false); }
  ~toy_pool() override { reset(); }

  void reset() noexcept {
    for (level& l : levels_) l.free_all();
    levels_.erase(std::next(levels_.begin()), levels_.end());
  }
  std::size_t depth() const noexcept { return levels_.size() - 1; }
  std::size_t live_blocks() const noexcept {
    std::size_t count = 0;
    for (level const& l : levels_) count += l.blocks.size();
    return count;
  }

 private:
  struct block {
    void* address;
    std::size_t bytes, alignment;
  };

  class handle final : public std::pmr::memory_resource {
   public:
    handle(toy_pool& pool, tidemark::marker mark) : pool_(pool), mark_(mark) {}
    void hand_over(tidemark::marker to) noexcept { mark_ = to; }

   private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
      level* const mine = pool_.find(mark_);
      if (mine == nullptr) {
        tidemark::report_misuse({.kind = tidemark::misuse_kind::scope_closed});
        throw std::bad_alloc();
      }
      return mine->allocate(bytes, alignment);
    }
    void do_deallocate(void* address, std::size_t, std::size_t) override { pool_.free(address); }
    bool do_is_equal(memory_resource const& other) const noexcept override {
      return this == &other;
    }

    toy_pool& pool_;
    tidemark::marker mark_;
  };

  struct level {
    level(toy_pool& pool, tidemark::marker m, bool held) : mark(m), scoped(held) {
      handles.emplace_back(pool, m);
    }
    void* allocate(std::size_t bytes, std::size_t alignment) {
      blocks.reserve(blocks.size() + 1);
      auto* const memory = std::pmr::new_delete_resource()->allocate(bytes, alignment);
      blocks.push_back({memory, bytes, alignment});
      return memory;
    }
    void free_all() noexcept {
      for (block const& b : blocks)
        std::pmr::new_delete_resource()->deallocate(b.address, b.bytes, b.alignment);
      blocks.clear();
    }

    tidemark::marker mark;
    bool scoped;
    std::optional<bool> ended;  // its scope is gone: whether to keep
    std::vector<block> blocks;
    std::list<handle> handles;  // the first is its own, the others were handed over by keep
  };

  level* find(tidemark::marker mark) noexcept {
    auto const same = [&](level const& l) { return l.mark == mark; };
    auto const found = std::find_if(levels_.begin(), levels_.end(), same);
    return found != levels_.end() ? &*found : nullptr;
  }
  void free(void* address) noexcept {
    for (level& l : levels_) {
      auto const same = [&](block const& b) { return b.address == address; };
      auto const found = std::find_if(l.blocks.begin(), l.blocks.end(), same);
      if (found == l.blocks.end()) continue;
      std::pmr::new_delete_resource()->deallocate(address, found->bytes, found->alignment);
      l.blocks.erase(found);
      return;
    }
  }

  bool may_close(level const* closing, tidemark::source_location where) noexcept {
    using enum tidemark::misuse_kind;
    bool const known = closing != nullptr && closing != &levels_.front();
    bool blocked = false;
    for (auto l = levels_.rbegin(); known && &*l != closing; ++l) blocked |= l->scoped && !l->ended;
    if (known && !blocked) return true;
    tidemark::report_misuse({.kind = known ? out_of_order : stale_marker, .used = where});
    return false;
  }
  void close_top(bool keep) noexcept {
    level& top = levels_.back();
    level& below = *std::prev(levels_.end(), 2);
    if (keep) {
      below.blocks.insert(below.blocks.end(), top.blocks.begin(), top.blocks.end());
      for (handle& h : top.handles) h.hand_over(below.mark);
      below.handles.splice(below.handles.end(), top.handles);
    } else {
      top.free_all();
    }
    levels_.pop_back();
  }
  void close(level const* last, bool keep) noexcept {
    while (&levels_.back() != last) close_top(levels_.back().ended.value_or(keep));
    close_top(keep);
    while (levels_.back().ended) close_top(*levels_.back().ended);
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return levels_.front().allocate(bytes, alignment);
  }
  void do_deallocate(void* address, std::size_t, std::size_t) override { free(address); }
  bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }

  tidemark::marker do_checkpoint(bool scoped, tidemark::source_location) override {
    auto const mark = new_marker(static_cast<std::uint32_t>(levels_.size()));
    levels_.emplace_back(*this, mark, scoped);
    return mark;
  }
  void do_rewind(tidemark::marker mark, tidemark::source_location where) noexcept override {
    if (level* const l = find(mark); may_close(l, where)) close(l, false);
  }
  void do_keep(tidemark::marker mark, tidemark::source_location where) noexcept override {
    if (level* const l = find(mark); may_close(l, where)) close(l, true);
  }
  void do_empty(tidemark::marker mark, tidemark::source_location where) noexcept override {
    level* const l = find(mark);
    if (!may_close(l, where)) return;
    while (&levels_.back() != l) close_top(false);
    l->free_all();
  }
  void do_end_scope(tidemark::marker mark, bool keep) noexcept override {
    level* const l = find(mark);
    if (l == nullptr) return;
    if (may_close(l, {})) {
      close(l, keep);
    } else {
      l->ended = keep;
    }
  }
  bool do_is_open(tidemark::marker mark) const noexcept override {
    auto const same = [&](level const& l) { return l.mark == mark; };
    return std::any_of(std::next(levels_.begin()), levels_.end(), same);
  }
  std::pmr::memory_resource* do_resource_of(tidemark::marker mark) noexcept override {
    level* const l = find(mark);
    if (l != nullptr && l != &levels_.front()) return &l->handles.front();
    tidemark::report_misuse({.kind = tidemark::misuse_kind::stale_marker});
    return std::pmr::null_memory_resource();
  }
  std::pmr::memory_resource* do_unscoped() noexcept override {
    return &levels_.front().handles.front();
  }

  std::list<level> levels_;  // the first is the pool itself; addresses are stable
};

}  // namespace support
