// SPDX-License-Identifier: BSL-1.0
#pragma once

// A resource whose blocks are charged to a budget, and refused where that is spent.
//
//   budget physics{"physics", 12_MiB, 16_MiB};
//   budget_resource memory{&frame, physics};        memory -> may it? -> frame
//   std::pmr::vector<contact> hits{&memory};                 |
//                                                         physics
//
// Use it to bound what a part of a program may hold. Give each part an adaptor of its own over the
// same pool; build it where it is needed, for what is held stands in the budget. When a request is
// refused, `allocate` throws and `try_allocate` gives null. To take memory from elsewhere then,
// wrap it in a `fallback_resource`; to make room and ask again, in a `recovery_resource`. To bound
// a pool as a whole use its limit_bytes.
//
// Thread rule: that of the wrapped resource: budgets may be shared by any threads. No other thread
// frees a block of a checkpoint while that is rewound or kept.
//
// Invariants:
//  1. The budget is charged with the bytes asked for through the adaptor and not given back: freed
//     through it, rewound with a checkpoint of it, or refunded by its destructor. A free may be
//     refunded just before the block is back in its pool.
//  2. A request is charged first and refunded if the wrapped resource fails: it is never asked for
//     what the budget refuses, and what it serves has been within the limits from the start. So
//     another thread may be refused room for a request that then comes to nothing.
//  3. A checkpoint opened through the adaptor charges its blocks to itself, by the rules of
//     `tag_resource`.

#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/thread_rule.hpp>

namespace tidemark {

namespace detail {

class budget_account {
 public:
  using count = shared_count;
  template <class Count>
  using holding = byte_charges<Count>;

  explicit budget_account(budget& charged) noexcept : budget_(&charged) {}

  // Their `charge` comes first: a handler may close the checkpoint that holds the block.
  template <class M, class Charge>
  void* allocate_charged(M& from, std::size_t bytes, std::size_t alignment, Charge charge) {
    return allocate_begun(from, bytes, alignment, budget_->hold(bytes), charge);
  }
  static constexpr bool is_plain() noexcept { return true; }
  bool begin_plainly(std::size_t bytes, std::size_t& held) noexcept {
    std::size_t seen = 0;
    return budget_->hold_quietly(bytes, held, seen) == nullptr;
  }
  bool finish_plainly(std::size_t, std::size_t held) noexcept { return budget_->is_quiet(held); }
  bool freed_plainly(std::size_t bytes) noexcept { return budget_->take_back(bytes, nullptr); }
  void tell(std::size_t held) noexcept { budget_->confirm(held); }
  void tell_freed() noexcept { budget_->tell_slow(nullptr, true); }
  template <class M, class Charge>
  void* allocate_begun(M& from, std::size_t bytes, std::size_t alignment, std::size_t held,
                       Charge charge) {
    void* block;
    try {
      block = from.allocate(bytes, alignment);
    } catch (...) {
      budget_->refund(bytes);
      throw;
    }
    charge(block);
    budget_->confirm(held);
    return block;
  }
  template <class M, class Charge>
  void* try_allocate(M& from, std::size_t bytes, std::size_t alignment, Charge charge) noexcept {
    std::size_t held = 0;
    budget::refusal why;
    if (!budget_->hold(bytes, held, why)) [[unlikely]]
      return nullptr;
    void* const block = try_allocate_from(from, bytes, alignment);
    if (block == nullptr) [[unlikely]] {
      budget_->refund(bytes);
    } else {
      charge(block);
      budget_->confirm(held);
    }
    return block;
  }
  void freed(std::size_t bytes) noexcept { budget_->refund(bytes); }
  void freed_late(std::size_t) noexcept {}
  void refund(charge held) noexcept { budget_->refund(held.bytes); }

  budget& charged() const noexcept { return *budget_; }

 private:
  budget* budget_;
};

}  // namespace detail

/// `R`: the wrapped resource. A `rewindable_resource` if R is one.
///
/// `allocate`, beyond what R's throws, throws `budget_exceeded` where the budget or one above it
/// refuses; then R was not asked and nothing was changed. `try_allocate` gives null instead, and no
/// exception is thrown inside (that of a memory_scope throws one and catches it). Handlers of the
/// budget's events may use the adaptor, where their thread may use R, but in its destructor: no
/// lock is held and R is not at work.
template <std::derived_from<std::pmr::memory_resource> R>
class budget_resource final : public detail::counting_adaptor<R, detail::budget_account> {
  using base = detail::counting_adaptor<R, detail::budget_account>;

 public:
  /// Preconditions:  `wrapped` is not null; it and `charged` outlive the adaptor.
  /// Remarks:        Takes memory for many open checkpoints as a `tag_resource` does.
  budget_resource(R* wrapped, budget& charged) noexcept : base(wrapped, charged) {}

  budget& charged() const noexcept { return this->account().charged(); }
};

template <class R>
inline constexpr bool detail::serves_one_thread<budget_resource<R>> = detail::serves_one_thread<R>;

}  // namespace tidemark
