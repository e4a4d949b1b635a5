// SPDX-License-Identifier: BSL-1.0
#pragma once

// The floors: the smallest code for the job, an unchecked bump.
//
//   begin            cursor                               end
//   |................|                                     |      allocate: round up, add
//   |<- reset sets the cursor here                         |      no check against end
//
// Use them as the denominator of a bar only: they hand out memory beyond their end without a word.
// A reset ends the program if that has happened, so no round is measured that did.
//
// `Copy` makes the same code exist at several addresses: identical copies differ by up to 38 % in
// one program, so a bar takes the median of three. The build turns identical code folding off.
//
// Thread rule: one thread.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <vector>

namespace perf {

inline constexpr std::size_t arena_bytes = std::size_t{1}
                                           << 20;  // of an arena, unless a row needs more

/// Without a virtual call: what typed inline use is measured against.
template <int Copy>
class inline_bump {
 public:
  explicit inline_bump(std::size_t bytes = arena_bytes) : memory_(bytes), cursor_(begin()) {}
  inline_bump(inline_bump const&) = delete;
  inline_bump& operator=(inline_bump const&) = delete;

  void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
    std::uintptr_t const at = (cursor_ + alignment - 1) & ~(alignment - 1);
    cursor_ = at + bytes;
    return reinterpret_cast<void*>(at);  // NOLINT(performance-no-int-to-ptr)
  }
  void reset() noexcept {
    if (cursor_ > begin() + memory_.size()) std::abort();
    cursor_ = begin();
  }

 private:
  std::uintptr_t begin() const noexcept { return reinterpret_cast<std::uintptr_t>(memory_.data()); }

  std::vector<std::byte> memory_;
  std::uintptr_t cursor_;  // address of the next free byte
};

/// Behind a real virtual call: what use through `memory_resource*` is measured against.
template <int Copy>
class bump_floor final : public std::pmr::memory_resource {
 public:
  explicit bump_floor(std::size_t bytes = arena_bytes) : bump_(bytes) {}
  void reset() noexcept { bump_.reset(); }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return bump_.allocate(bytes, alignment);
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  inline_bump<Copy> bump_;
};

/// Three copies of one floor.
template <template <int> class Floor>
struct three {
  explicit three(std::size_t bytes = arena_bytes) : first(bytes), second(bytes), third(bytes) {}

  Floor<1> first;
  Floor<2> second;
  Floor<3> third;

  /// `f(floor, ".1")`, then the others: the runner takes the median of names that differ only
  /// behind the point.
  template <class F>
  void each(F f) {
    f(first, ".1");
    f(second, ".2");
    f(third, ".3");
  }
};

}  // namespace perf
