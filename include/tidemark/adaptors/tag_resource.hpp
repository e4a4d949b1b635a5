// SPDX-License-Identifier: BSL-1.0
#pragma once

// A resource whose blocks are charged to a tag.
//
//   tag physics{"physics"};
//   tag_resource memory{&frame, physics};       memory -> frame
//   std::pmr::vector<contact> hits{&memory};      | charges physics
//
// Use it to learn which part of a program holds how much. Give each part an adaptor of its own over
// the same pool; build it where it is needed, for the numbers live in the tag. Counts of calls and
// sizes are a `statistics_resource`'s.
//
// Thread rule: that of the wrapped resource, if the tag is a `shared_tag`; else one thread at a
// time. No other thread frees a block of a checkpoint while that is rewound or kept.
//
// Invariants:
//  1. The tag is charged with the bytes and blocks asked for through the adaptor and not given
//     back: freed through it, rewound with a checkpoint of it, or refunded by its destructor.
//  2. A checkpoint opened through the adaptor charges its blocks to itself; `keep` passes them to
//     the one that encloses it. If the pool closes it (by its own verbs, or at a thread's end), it
//     counts as rewound; that shows when the adaptor next opens or closes one, or ends.
//  3. A checkpoint opened on the pool is unknown: blocks of the bare adaptor below it stay charged
//     to the adaptor's checkpoint that encloses it, or till the adaptor ends if none does, and what
//     `resource_of` serves for it is not charged, so it is not freed through the bare adaptor.
//  4. A free through the bare adaptor is given back to the checkpoint of this thread that holds the
//     block; of a user's own pool that does not say which (`do_depth_of`), to the innermost that
//     can hold it. A block of another thread's checkpoint is freed through its own resource.
//     Through the resource of a checkpoint only blocks taken through it are freed.

#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/adaptors/tag.hpp>
#include <tidemark/detail/charges.hpp>

namespace tidemark {

namespace detail {

template <class Tag>
class tag_account {
 public:
  using count = typename Tag::count;
  template <class Count>
  using holding = charges<Count>;

  explicit tag_account(Tag& charged) noexcept : tag_(&charged) {}

  template <class M>
  void* allocate(M& from, std::size_t bytes, std::size_t alignment) {
    void* const block = from.allocate(bytes, alignment);
    tag_->charge(bytes);
    return block;
  }
  bool is_plain() const noexcept { return !tag_->is_related(); }
  bool begin_plainly(std::size_t, std::size_t&) const noexcept { return is_plain(); }
  bool finish_plainly(std::size_t bytes, std::size_t) noexcept {
    tag_->charge_alone(bytes);
    return true;
  }
  bool freed_plainly(std::size_t bytes) noexcept {
    tag_->refund_alone({.bytes = bytes, .blocks = 1});
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
  void freed(std::size_t bytes) noexcept { tag_->refund({.bytes = bytes, .blocks = 1}); }
  void freed_late(std::size_t) noexcept {}
  void refund(charge held) noexcept { tag_->refund(held); }

  Tag& charged() const noexcept { return *tag_; }

 private:
  Tag* tag_;
};

}  // namespace detail

/// `R`: the wrapped resource. `Tag`: `tag` or `shared_tag`. A `rewindable_resource` if R is one.
template <std::derived_from<std::pmr::memory_resource> R, class Tag>
class tag_resource final : public detail::counting_adaptor<R, detail::tag_account<Tag>> {
  using base = detail::counting_adaptor<R, detail::tag_account<Tag>>;

 public:
  /// Preconditions:  `wrapped` is not null; it and `charged` outlive the adaptor.
  /// Remarks:        Up to two open checkpoints are remembered in the adaptor itself; more take
  ///                 memory from `operator new`, which is kept until it ends. So does each resource
  ///                 that was handed out for an outermost checkpoint and kept.
  tag_resource(R* wrapped, Tag& charged) noexcept : base(wrapped, charged) {}

  Tag& charged() const noexcept { return this->account().charged(); }
};

template <class R, class Tag>
inline constexpr bool detail::serves_one_thread<tag_resource<R, Tag>> =
    detail::serves_one_thread<R>;

}  // namespace tidemark
