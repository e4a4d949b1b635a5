// SPDX-License-Identifier: BSL-1.0
#pragma once

// A resource that asks a second one where the first refuses.
//
//   fallback_resource memory{&frame, heap};      request --> frame      a block
//                                                              '--> heap     where that refuses
//                                                free    --> whichever of the two it came from
//
// Use it where a bounded pool serves nearly everything and the rest must be served all the same. To
// make room first, and ask again, use a `recovery_resource`. How much the secondary serves a
// `statistics_resource` over it tells.
//
// Over a pool with marks it has marks: what the secondary served for a checkpoint goes back to it
// when that is rewound. A checkpoint itself is the primary's: it throws if that has no memory for
// its bookkeeping.
//
// Thread rule: that of both resources. Over a primary that many threads use a lock guards what is
// known of the secondary's blocks; it is not held while either resource is called. No other thread
// frees a block of a checkpoint while that is rewound or kept.
//
// Invariants:
//  1. Each block is freed to the resource that served it, whatever was rewound or kept meanwhile.
//  2. A block of the secondary has a header of 64 bytes in front of it, within what the secondary
//     gave; a block of the primary has none. While the secondary serves nothing a free costs one
//     load more, else O(log n) of the blocks that it serves. No other memory is used for it.
//  3. A request through the resource of a closed checkpoint is refused as the primary refuses it.
//  4. A rewind gives the secondary's blocks of the checkpoints that it closes back; keep passes
//     them on; the destructor gives back all that are left. Afterwards nobody knows whose they
//     were: to free one then is to give the primary a foreign block.
//  5. What the primary's own checkpoints take away behind the adaptor's back is given back when the
//     adaptor next opens or closes one, or ends.

#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <tidemark/detail/spilled_blocks.hpp>
#include <tidemark/detail/thread_rule.hpp>
#include <type_traits>
#include <utility>

namespace tidemark {

namespace detail {

/// What an adaptor does with the blocks of its secondary: the half of an account that finds its
/// blocks which does not ask the primary. See counted_scope.hpp.
template <class Count>
class secondary_account {
  using spilled = spilled_blocks<mutex_for<Count>>;

 public:
  using count = Count;
  template <class>
  using holding = typename spilled::holding;
  using content = typename spilled::content;
  struct served {
    void* block;
    spilled_block* header;  // null: it is the primary's
  };

  /// `secondary`: null if there is none; then nothing is ever asked of it.
  explicit secondary_account(std::pmr::memory_resource* secondary) noexcept
      : secondary_(secondary) {}
  secondary_account(secondary_account const&) = delete;
  secondary_account& operator=(secondary_account const&) = delete;

  std::pmr::memory_resource* secondary() const noexcept { return secondary_; }
  std::size_t secondary_blocks() const noexcept { return spilled_.size(); }

  static void* block_of(served const& got) noexcept { return got.block; }
  void hold(typename spilled::holding& to, served const& got, std::size_t) noexcept {
    if (got.header != nullptr) [[unlikely]]
      spilled_.hold(to, *got.header);
  }
  void drop(served const& got, std::size_t) noexcept { give_back_if_known(got.block); }
  void refund(content&& all) noexcept;
  template <class M>
  void deallocate(M& from, void* block, std::size_t bytes, std::size_t alignment) {
    if (spilled_.size() != 0 && give_back_if_known(block)) return;
    from.deallocate(block, bytes, alignment);
  }

  /// What a holding is made from.
  operator spilled&() noexcept { return spilled_; }  // NOLINT(google-explicit-constructor)

 protected:
  ~secondary_account() = default;  // all blocks are held, so that they were refunded before

  /// Throws:        What the secondary throws; `std::bad_alloc` if header and block are too large.
  served allocate_from_secondary(std::size_t bytes, std::size_t alignment);

 private:
  bool give_back_if_known(void* block) noexcept;
  void give_back(spilled_piece const& piece) noexcept {
    secondary_->deallocate(piece.memory, piece.bytes, piece.alignment);
  }

  std::pmr::memory_resource* secondary_;
  spilled spilled_;
};

extern template class secondary_account<owned_count>;
extern template class secondary_account<shared_count>;

template <class Count>
class fallback_account : public secondary_account<Count> {
 public:
  using typename secondary_account<Count>::served;
  using secondary_account<Count>::secondary_account;

  template <class M, class IsOpen>
  served allocate(M& from, std::size_t bytes, std::size_t alignment, IsOpen is_open) {
    if constexpr (refuses_quietly<M>) {
      void* const block = from.try_allocate(bytes, alignment);
      if (block != nullptr) [[likely]]
        return {block, nullptr};
      if (!is_open()) throw std::bad_alloc();
    } else {
      try {
        return {from.allocate(bytes, alignment), nullptr};
      } catch (std::bad_alloc const&) {
        if (!is_open()) throw;
      }
    }
    return this->allocate_from_secondary(bytes, alignment);
  }
};

template <class R>
using count_of_threads = std::conditional_t<serves_one_thread<R>, owned_count, shared_count>;

}  // namespace detail

/// `R`: the primary resource. A `rewindable_resource` if R is one.
template <std::derived_from<std::pmr::memory_resource> R>
class fallback_resource final
    : public detail::counting_adaptor<R, detail::fallback_account<detail::count_of_threads<R>>> {
  using base = detail::counting_adaptor<R, detail::fallback_account<detail::count_of_threads<R>>>;

 public:
  /// Preconditions:  Neither is null; both outlive the adaptor. What the secondary gave stays until
  ///                 it is given back: it is not rewound, reset or released meanwhile.
  /// Remarks:        The memory of open checkpoints is as for `tag_resource`. A block is asked of
  ///                 the secondary with 64 bytes more, and above an alignment of 64 with that many
  ///                 bytes more; one of 0 bytes as one of 1. What both refuse throws what the
  ///                 secondary threw; what the primary throws besides `std::bad_alloc` is no
  ///                 refusal, and passes. But the bare adaptor asks a primary that has a
  ///                 `try_allocate` by that, so as not to pay for an exception: a pool's null is a
  ///                 refusal whatever the pool's own upstream threw.
  fallback_resource(R* primary, std::pmr::memory_resource* secondary) : base(primary, secondary) {}
  fallback_resource(R*, std::nullptr_t) = delete;

  std::pmr::memory_resource* secondary() const noexcept { return this->account().secondary(); }
  /// Returns:        Count of blocks that the secondary serves now.
  /// Thread safety:  Any thread.
  std::size_t secondary_blocks() const noexcept { return this->account().secondary_blocks(); }
};

template <class R>
inline constexpr bool detail::serves_one_thread<fallback_resource<R>> =
    detail::serves_one_thread<R>;

}  // namespace tidemark
