// SPDX-License-Identifier: BSL-1.0
#pragma once

// A small pool that keeps every promise of the conformance battery, or breaks one chosen promise.
//
// Use it to prove that a test can fail.
//
// Thread rule: one thread.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tidemark::test {

enum class flaw {
  none,
  null_for_0,
  one_block_for_0,
  wraps,
  asks_before_it_refuses,
  ignores_large_alignment,
  ignores_odd_sizes,
  overlaps,
  writes_beyond_on_free,
  equals_its_kind,
  eager,
  leaks,
  leaks_what_is_live,
  frees_with_another_size,
  returns_null_on_failure,
  keeps_half_on_failure,
  throws_another_type,
  never_recovers,
  never_reuses,
};

class flawed_resource final : public std::pmr::memory_resource {
 public:
  flawed_resource(flaw kind, std::pmr::memory_resource* upstream) : kind_(kind), up_(upstream) {
    if (kind_ == flaw::eager) take(100, 8);
  }
  flawed_resource(flawed_resource const&) = delete;
  flawed_resource& operator=(flawed_resource const&) = delete;
  ~flawed_resource() override {
    if (kind_ == flaw::leaks) return;
    for (auto const& [begin, bytes, alignment] : owned_) {
      const bool idle = is_idle(begin, bytes, alignment);
      if (kind_ == flaw::leaks_what_is_live && !idle) continue;
      const bool lies = kind_ == flaw::frees_with_another_size;
      up_->deallocate(begin, lies ? bytes + 1 : bytes, alignment);
    }
  }

 private:
  struct block {
    void* begin;
    std::size_t bytes, alignment;
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes == 0 && kind_ == flaw::null_for_0) return nullptr;
    if (bytes == 0 && kind_ == flaw::one_block_for_0) return &the_one_;
    if (bytes > PTRDIFF_MAX && kind_ == flaw::wraps) bytes += 8192;
    if (bytes > PTRDIFF_MAX) {
      if (kind_ == flaw::asks_before_it_refuses) take(64, 8);
      throw std::bad_alloc{};
    }
    if (kind_ == flaw::ignores_large_alignment) alignment = std::min<std::size_t>(alignment, 16);
    if (kind_ == flaw::overlaps && ++calls_ % 64 == 0 && owned_.size() > 1) {
      return owned_.back().begin;
    }
    const bool odd = alignment >= 16 && bytes > alignment && bytes % alignment == alignment / 2;
    if (kind_ == flaw::ignores_odd_sizes && odd) {
      return static_cast<char*>(take(bytes + 1, alignment)) + 1;
    }
    auto& idle = idle_[{bytes, alignment}];
    if (!idle.empty() && kind_ != flaw::never_reuses) {
      auto* const begin = idle.back();
      idle.pop_back();
      return begin;
    }
    return take_or_fail(bytes, alignment);
  }

  void* take_or_fail(std::size_t bytes, std::size_t alignment) {
    if (failed_ && kind_ == flaw::never_recovers) throw std::bad_alloc{};
    try {
      if (kind_ == flaw::keeps_half_on_failure) take(8, 8);
      return take(bytes, alignment);
    } catch (std::bad_alloc const&) {
      failed_ = true;
      if (kind_ == flaw::returns_null_on_failure) return nullptr;
      if (kind_ == flaw::throws_another_type) throw std::runtime_error{"not a bad_alloc"};
      throw;
    }
  }

  void* take(std::size_t bytes, std::size_t alignment) {
    owned_.reserve(owned_.size() + 1);
    auto* const begin = up_->allocate(bytes, alignment);
    owned_.push_back({begin, bytes, alignment});
    return begin;
  }

  void do_deallocate(void* begin, std::size_t bytes, std::size_t alignment) override {
    if (begin == &the_one_ || bytes > PTRDIFF_MAX) return;
    if (kind_ == flaw::ignores_large_alignment) alignment = std::min<std::size_t>(alignment, 16);
    idle_[{bytes, alignment}].push_back(begin);
    if (kind_ != flaw::writes_beyond_on_free) return;
    // Spoils a block that is held: the one handed out before this one.
    for (auto const& held : owned_) {
      if (held.begin == begin || is_idle(held.begin, held.bytes, held.alignment)) continue;
      std::memset(held.begin, 0xEE, held.bytes);
      return;
    }
  }

  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    if (kind_ == flaw::equals_its_kind) return dynamic_cast<flawed_resource const*>(&other);
    return this == &other;
  }

  bool is_idle(void* begin, std::size_t bytes, std::size_t alignment) const {
    const auto found = idle_.find({bytes, alignment});
    if (found == idle_.end()) return false;
    return std::find(found->second.begin(), found->second.end(), begin) != found->second.end();
  }

  flaw kind_;
  std::pmr::memory_resource* up_;
  std::vector<block> owned_;                                                // oldest first
  std::map<std::pair<std::size_t, std::size_t>, std::vector<void*>> idle_;  // by size and alignment
  std::size_t calls_ = 0;
  bool failed_ = false;
  alignas(64) char the_one_[64] = {};
};

}  // namespace tidemark::test
