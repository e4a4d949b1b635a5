// SPDX-License-Identifier: BSL-1.0
#pragma once

// The entries that were used last, parsed.
//
//   newest  "639-3/deu" {...}  <->  "3166-2/CH-ZH" {...}  <-> ... <->  oldest: the next to go
//
// Nodes, keys and documents all come from one memory, and go back to it one by one, for ever.
//
// Thread rule: an object belongs to one thread.

#include <boost/json.hpp>
#include <cstddef>
#include <list>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace request_service {

class entry_cache {
 public:
  /// Preconditions: `capacity`, a count of entries, is not 0.
  entry_cache(std::size_t capacity, std::pmr::memory_resource* memory)
      : capacity_(capacity), entries_(memory), by_key_(memory) {}

  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t evicted() const noexcept { return evicted_; }  // count so far

  /// Returns: the entry, which is the newest now; null if it is not here.
  boost::json::value const* find(std::string_view key) {
    auto const found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->value;
  }

  /// Makes it the newest entry; the oldest goes if there are too many.
  /// Preconditions: it is not here. It came from the same memory.
  /// Throws:        What the memory throws; the entry is lost then, and nothing else.
  boost::json::value const& insert(std::string_view key, boost::json::value&& held) {
    if (size() == capacity_) drop_oldest();
    auto& newest = entries_.emplace_front(key, std::move(held));
    try {
      by_key_.emplace(newest.key, entries_.begin());
    } catch (...) {
      entries_.pop_front();
      throw;
    }
    return newest.value;
  }

  /// Returns: whether there was one.
  bool drop_oldest() noexcept {
    if (entries_.empty()) return false;
    by_key_.erase(std::string_view{entries_.back().key});
    entries_.pop_back();
    ++evicted_;
    return true;
  }

 private:
  struct entry {
    using allocator_type = std::pmr::polymorphic_allocator<>;
    entry(std::string_view named, boost::json::value&& parsed, allocator_type memory)
        : key(named, memory), value(std::move(parsed)) {}

    std::pmr::string key;
    boost::json::value value;
  };

  std::size_t capacity_;
  std::size_t evicted_ = 0;
  std::pmr::list<entry> entries_;  // the newest first
  std::pmr::unordered_map<std::string_view, std::pmr::list<entry>::iterator> by_key_;
};

}  // namespace request_service
