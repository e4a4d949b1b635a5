// SPDX-License-Identifier: BSL-1.0
#pragma once

// A resource that counts the calls it passes on.
//
// Use it to see how a program allocates: how often, in which sizes, how much at once. To learn
// which part of a program holds memory use a `tag_resource`.
//
// Thread rule: one thread at a time calls it; any may read its statistics. Threads that share a
// pool take one each.
//
// Invariants:
//  1. Every call goes to the wrapped resource unchanged, markers included.
//  2. bytes_in_use and blocks_in_use are what was asked for through it and not given back: freed
//     through it, or rewound with a checkpoint of it. The rules are those of `tag_resource`.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <tidemark/adaptors/allocation_statistics.hpp>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/owned_count.hpp>

namespace tidemark {

namespace detail {

class statistics_account {
 public:
  using count = owned_count;
  template <class Count>
  using holding = charges<Count>;

  template <class M>
  void* allocate(M& from, std::size_t bytes, std::size_t alignment) {
    void* block;
    try {
      block = from.allocate(bytes, alignment);
    } catch (...) {
      failures_.add(1);
      throw;
    }
    finish_plainly(bytes, 0);
    return block;
  }
  static constexpr bool is_plain() noexcept { return true; }
  static constexpr bool begin_plainly(std::size_t, std::size_t&) noexcept { return true; }
  bool finish_plainly(std::size_t bytes, std::size_t) noexcept {
    bytes_peak_.raise_to(bytes_in_use_.add(bytes));
    sizes_[allocation_statistics::size_class(bytes)].add(1);
    return true;
  }
  static void tell(std::size_t) noexcept {}
  static void tell_freed() noexcept {}
  template <class M, class Charge>
  void* allocate_begun(M& from, std::size_t bytes, std::size_t alignment, std::size_t,
                       Charge charge) {
    void* const block = allocate(from, bytes, alignment);
    charge(block);
    return block;
  }
  bool freed_plainly(std::size_t bytes) noexcept {
    freed(bytes);
    return true;
  }
  void freed(std::size_t bytes) noexcept {
    bytes_in_use_.subtract(bytes);
    bytes_freed_.add(bytes);
    frees_.add(1);
  }
  void freed_late(std::size_t) noexcept { late_frees_.add(1); }
  void refund(charge held) noexcept {
    bytes_in_use_.subtract(held.bytes);
    bytes_freed_.add(held.bytes);
    refunded_blocks_.add(held.blocks);
  }

  allocation_statistics get() const noexcept {
    allocation_statistics all;
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      all.sizes[i] = sizes_[i].get();
      all.allocations += all.sizes[i];
    }
    all.failures = failures_.get();
    all.frees = frees_.get();
    all.late_frees = late_frees_.get();
    all.refunded_blocks = refunded_blocks_.get();
    all.bytes_in_use = bytes_in_use_.get();
    all.bytes_allocated = all.bytes_in_use + bytes_freed_.get();
    all.bytes_peak = std::max(bytes_peak_.get(), all.bytes_in_use);
    all.blocks_in_use = all.allocations - all.frees - all.refunded_blocks;
    return all;
  }

 private:
  // What follows from these is not counted: the count of allocations and blocks, their bytes.
  owned_count bytes_in_use_;
  owned_count bytes_peak_;
  owned_count bytes_freed_;  // one by one, or by rewinds
  owned_count frees_;
  owned_count late_frees_;
  owned_count refunded_blocks_;
  owned_count failures_;
  std::array<owned_count, allocation_statistics::size_classes> sizes_;  // see allocation_statistics
};

}  // namespace detail

/// `R`: the wrapped resource. A `rewindable_resource` if R is one.
template <std::derived_from<std::pmr::memory_resource> R>
class statistics_resource final : public detail::counting_adaptor<R, detail::statistics_account> {
 public:
  /// Preconditions:  `wrapped` is not null and outlives the adaptor.
  explicit statistics_resource(R* wrapped) noexcept
      : detail::counting_adaptor<R, detail::statistics_account>(wrapped) {}

  /// Returns:        What was counted since the adaptor was made.
  /// Thread safety:  Any thread; exact while no other uses the adaptor.
  allocation_statistics statistics() const noexcept { return this->account().get(); }
};

template <class R>
inline constexpr bool detail::serves_one_thread<statistics_resource<R>> =
    detail::serves_one_thread<R>;

}  // namespace tidemark
