// SPDX-License-Identifier: BSL-1.0
#pragma once

// The base of adaptors that keep account of what they serve.
//
//   pool with marks      -> a rewindable_resource: a rewind refunds what it frees
//   any other resource   -> a memory_resource
//   either               -> the destructor refunds what is still charged
//
// Use it to write an adaptor: `tag_resource` and `statistics_resource` are one account each. What
// an account is, is told in counted_scope.hpp. One may have
//   void* try_allocate(M& from, bytes, align, charge) noexcept    as its `allocate`, or null
// so that a refusal costs no exception.
//
// Thread rule: that of the wrapped resource and of the account.
//
// Invariants:
//  1. Every call goes to the wrapped resource unchanged, markers included.
//  2. What a free gives back was charged before: a late one changes no charge.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <tidemark/adaptors/counted_scope.hpp>
#include <tidemark/adaptors/scope_ledger.hpp>
#include <tidemark/config.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <tidemark/detail/thread_rule.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <type_traits>
#include <utility>

namespace tidemark::detail {

/// As `from.allocate`, or null where that throws.
template <class M>
void* try_allocate_from(M& from, std::size_t bytes, std::size_t alignment) noexcept {
  if constexpr (requires { from.try_allocate(bytes, alignment); }) {
    return from.try_allocate(bytes, alignment);
  } else {
    try {
      return from.allocate(bytes, alignment);
    } catch (...) {  // whatever it throws: there is no memory
      return nullptr;
    }
  }
}

/// Whether `try_allocate` swallows nothing that a caller ought to see: an adaptor's that catches
/// does, of a handler or of a resource that is no pool.
template <class R>
inline constexpr bool refuses_quietly = requires(R& from) { from.try_allocate(1, 1); };
template <class R>
  requires requires { R::refuses_quietly; }
inline constexpr bool refuses_quietly<R> = R::refuses_quietly;

/// Whether the account can do its work around an allocation inline, and tells when. It has, all
/// noexcept,
///   bool is_plain()                         frees are: no more to do than `freed_plainly`
///   bool begin_plainly(bytes, held&)        before a block is taken; false: `allocate` does it
///   bool finish_plainly(bytes, held)        after that; false: there is something to `tell`
///   bool freed_plainly(bytes)               one was freed; false: so there is
///   void tell(held), void tell_freed()      may call anybody
///   void* allocate_begun(M& from, bytes, align, held, charge)    throws; the rest of `allocate`
/// `held`: a number that the account hands to itself.
template <class Account>
concept charges_plainly = requires(Account& account) { account.is_plain(); };

template <class R, class Account>
using count_of_held =
    std::conditional_t<serves_one_thread<R>, owned_count, typename Account::count>;

template <class R, class Account>
class plain_counting_adaptor : public std::pmr::memory_resource {
 public:
  plain_counting_adaptor(plain_counting_adaptor const&) = delete;
  plain_counting_adaptor& operator=(plain_counting_adaptor const&) = delete;

  static constexpr bool refuses_quietly =
      detail::refuses_quietly<R> && requires(Account& account, R& wrapped) {
        account.try_allocate(wrapped, 1, 1, [](void*) noexcept {});
      };

  R* upstream_resource() const noexcept { return wrapped_; }
  /// Returns:        As `allocate`, or null where that throws.
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept {
    if constexpr (!finds_its_blocks<Account>) {
      auto const charge = [&](void*) noexcept { base_.charge(bytes); };
      if constexpr (requires { account_.try_allocate(*wrapped_, bytes, alignment, charge); })
        return account_.try_allocate(*wrapped_, bytes, alignment, charge);
    }
    return try_allocate_from(static_cast<std::pmr::memory_resource&>(*this), bytes, alignment);
  }

 protected:
  /// `args`: what the account is made from.
  template <class... Args>
  explicit plain_counting_adaptor(R* wrapped, Args&&... args)
      : wrapped_(wrapped), account_(std::forward<Args>(args)...), base_(account_) {}
  ~plain_counting_adaptor() override = default;

  Account& account() noexcept { return account_; }
  Account const& account() const noexcept { return account_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) final {
    return base_.allocate(*wrapped_, bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) final {
    base_.deallocate(*wrapped_, block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept final {
    return this == &other;
  }

  R* wrapped_;
  Account account_;
  base_charge<Account, count_of_held<R, Account>> base_;  // last: it refunds to the account
};

template <class R, class Account>
class marked_counting_adaptor : public rewindable_resource {
 public:
  static constexpr bool refuses_quietly =
      detail::refuses_quietly<R> && requires(Account& account, R& wrapped) {
        account.try_allocate(wrapped, 1, 1, [](void*) noexcept {});
      };

  R* upstream_resource() const noexcept { return wrapped_; }
  /// Of the pool, for the calling thread.
  std::uint32_t depth() const noexcept
    requires requires(R const& pool) { pool.depth(); }
  {
    return static_cast<std::uint32_t>(wrapped_->depth());
  }
  /// Returns:        As `allocate`, or null where that throws.
  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = alignof(std::max_align_t)) noexcept {
    if constexpr (!finds_its_blocks<Account>) {
      auto const charge = charging(bytes, alignment, ledger_.current(*wrapped_));
      if constexpr (requires { account_.try_allocate(*wrapped_, bytes, alignment, charge); })
        return account_.try_allocate(*wrapped_, bytes, alignment, charge);
    }
    return try_allocate_from(static_cast<std::pmr::memory_resource&>(*this), bytes, alignment);
  }

 protected:
  /// `args`: what the account is made from.
  template <class... Args>
  explicit marked_counting_adaptor(R* wrapped, Args&&... args)
      : wrapped_(wrapped),
        account_(std::forward<Args>(args)...),
        ledger_(*this, *wrapped, account_) {}
  ~marked_counting_adaptor() override = default;

  Account& account() noexcept { return account_; }
  Account const& account() const noexcept { return account_; }

 private:
  using ledger = scope_ledger<Account, count_of_held<R, Account>>;
  using holder_type = typename ledger::scope;

  void* do_allocate(std::size_t bytes, std::size_t alignment) final {
    if constexpr (charges_plainly<Account>) {
      // Without a frame of its own: what there is more to do is one jump away.
      auto* const holder = ledger_.known_current(*wrapped_);
      std::size_t held = 0;
      if (holder != nullptr && account_.begin_plainly(bytes, held)) [[likely]] {
        void* block;
        if (!scope_access::take_inline(*wrapped_, bytes, alignment, block)) [[unlikely]]
          return allocate_begun(bytes, alignment, held, *holder);
        holder->charge(bytes);
        if (account_.finish_plainly(bytes, held)) [[likely]]
          return block;
        return tell(block, held);
      }
    }
    return allocate_slow(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) final {
    if constexpr (charges_plainly<Account> && serves_one_thread<R>) {
      auto* const holder = ledger_.known_holder_of(*wrapped_, block);
      if (holder != nullptr && account_.is_plain() && holder->take_back(bytes)) [[likely]] {
        if (!account_.freed_plainly(bytes)) [[unlikely]]
          return deallocate_told(block, bytes, alignment);
        return wrapped_->deallocate(block, bytes, alignment);
      }
    }
    deallocate_slow(block, bytes, alignment);
  }
  // What charges a block that is asked for now, while `asked` is current. The pool, or who is below
  // it, may call somebody who opens and closes checkpoints: then the block says whose it is.
  auto charging(std::size_t bytes, std::size_t alignment, holder_type& asked) noexcept {
    return [this, bytes, alignment, &asked, mark = asked.mark()](void* block) noexcept {
      auto* holder = &ledger_.current(*wrapped_);
      if (holder != &asked || holder->mark() != mark) [[unlikely]]
        holder = ledger_.holder_of(*wrapped_, block, bytes, alignment);
      if (holder != nullptr) [[likely]]
        return holder->charge(bytes);
      account_.refund({.bytes = bytes, .blocks = 1});
    };
  }
  [[gnu::noinline]] void* allocate_begun(std::size_t bytes, std::size_t alignment, std::size_t held,
                                         holder_type& asked) {
    return account_.allocate_begun(*wrapped_, bytes, alignment, held,
                                   charging(bytes, alignment, asked));
  }
  [[gnu::noinline]] void* tell(void* block, std::size_t held) noexcept {
    account_.tell(held);
    return block;
  }
  [[gnu::noinline]] void deallocate_told(void* block, std::size_t bytes, std::size_t alignment) {
    wrapped_->deallocate(block, bytes, alignment);
    account_.tell_freed();
  }
  [[gnu::noinline]] void* allocate_slow(std::size_t bytes, std::size_t alignment) {
    if constexpr (finds_its_blocks<Account>) {
      auto const is_open = [] { return true; };  // the bare pool's checkpoint, or none
      auto const got = account_.allocate(*wrapped_, bytes, alignment, is_open);
      account_.hold(ledger_.current(*wrapped_).held(), got, bytes);
      return account_.block_of(got);
    } else {
      return allocate_charged(account_, *wrapped_, bytes, alignment,
                              charging(bytes, alignment, ledger_.current(*wrapped_)));
    }
  }
  [[gnu::noinline]] void deallocate_slow(void* block, std::size_t bytes, std::size_t alignment) {
    if constexpr (finds_its_blocks<Account>) {
      account_.deallocate(*wrapped_, block, bytes, alignment);
    } else {
      // Looked for before the free: afterwards the pool does not know the block.
      auto* const holder = ledger_.holder_of(*wrapped_, block, bytes, alignment);
      wrapped_->deallocate(block, bytes, alignment);
      ledger_.free_bare(holder, bytes);
    }
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept final {
    return this == &other;
  }
  marker do_checkpoint(bool scoped, source_location where) final {
    return ledger_.checkpoint(scoped, where);
  }
  void do_rewind(marker mark, source_location where) noexcept final { ledger_.rewind(mark, where); }
  void do_keep(marker mark, source_location where) noexcept final { ledger_.keep(mark, where); }
  void do_empty(marker mark, source_location where) noexcept final {
    ledger_.empty(*wrapped_, mark, where);
  }
  void do_end_scope(marker mark, bool keep) noexcept final { ledger_.end_scope(mark, keep); }
  bool do_is_open(marker mark) const noexcept final { return ledger_.is_open(mark); }
  std::pmr::memory_resource* do_resource_of(marker mark) noexcept final {
    return ledger_.resource_of(mark);
  }
  std::pmr::memory_resource* do_unscoped() noexcept final { return ledger_.unscoped(); }
  std::uint32_t do_depth_of(void const* block, std::size_t bytes,
                            std::size_t alignment) const noexcept final {
    if constexpr (finds_its_blocks<Account>) {
      if (auto const depth = ledger_.depth_where_contained(block)) return *depth;
    }
    return scope_access::depth_of(*wrapped_, block, bytes, alignment);
  }

  R* wrapped_;
  Account account_;
  ledger ledger_;  // last: its destructor refunds to the account
};

template <std::derived_from<std::pmr::memory_resource> R, class Account>
using counting_adaptor =
    std::conditional_t<std::derived_from<R, rewindable_resource>,
                       marked_counting_adaptor<R, Account>, plain_counting_adaptor<R, Account>>;

}  // namespace tidemark::detail
