// SPDX-License-Identifier: BSL-1.0
#pragma once

// The base of adaptors that charge what they serve to an account.
//
//   pool with marks      -> a rewindable_resource: a rewind refunds what it frees
//   any other resource   -> a memory_resource
//   either               -> the destructor refunds what is still charged
//
// Use it to write an adaptor: `tag_resource` and `statistics_resource` are one account each. An
// account is a class with
//   using count                             owned_count, or shared_count if any thread may use it
//   void* allocate(M& from, bytes, align)   serves and charges one block; throws as `from` does
//   void freed(bytes)                       one block was freed
//   void freed_late(bytes)                  one was that nobody is charged with any more
//   void refund(charge)                     blocks that a rewind took, or the adaptor's end
// the last three noexcept.
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
#include <tidemark/adaptors/scope_ledger.hpp>
#include <tidemark/config.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <type_traits>

namespace tidemark::detail {

template <class R, class Account>
class plain_counting_adaptor : public std::pmr::memory_resource {
 public:
  plain_counting_adaptor(plain_counting_adaptor const&) = delete;
  plain_counting_adaptor& operator=(plain_counting_adaptor const&) = delete;

  R* upstream_resource() const noexcept { return wrapped_; }

 protected:
  /// `args`: what the account is made from.
  template <class... Args>
  explicit plain_counting_adaptor(R* wrapped, Args&... args) noexcept
      : wrapped_(wrapped), account_(args...) {}
  ~plain_counting_adaptor() override { account_.refund(held_.take_all()); }

  Account& account() noexcept { return account_; }
  Account const& account() const noexcept { return account_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) final {
    void* const block = account_.allocate(*wrapped_, bytes, alignment);
    held_.add({.bytes = bytes, .blocks = 1});
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) final {
    wrapped_->deallocate(block, bytes, alignment);
    if (!held_.covers(bytes)) [[unlikely]]
      return account_.freed_late(bytes);
    held_.subtract({.bytes = bytes, .blocks = 1});
    account_.freed(bytes);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept final {
    return this == &other;
  }

  R* wrapped_;
  Account account_;
  charges<typename Account::count> held_;
};

template <class R, class Account>
class marked_counting_adaptor : public rewindable_resource {
 public:
  R* upstream_resource() const noexcept { return wrapped_; }
  /// Of the pool, for the calling thread.
  std::uint32_t depth() const noexcept
    requires requires(R const& pool) { pool.depth(); }
  {
    return wrapped_->depth();
  }

 protected:
  /// `args`: what the account is made from.
  template <class... Args>
  explicit marked_counting_adaptor(R* wrapped, Args&... args) noexcept
      : wrapped_(wrapped), account_(args...), ledger_(*this, *wrapped, account_) {}
  ~marked_counting_adaptor() override = default;

  Account& account() noexcept { return account_; }
  Account const& account() const noexcept { return account_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) final {
    void* const block = account_.allocate(*wrapped_, bytes, alignment);
    ledger_.charge_bare(*wrapped_, bytes);
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) final {
    wrapped_->deallocate(block, bytes, alignment);
    ledger_.free_bare(*wrapped_, bytes);
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

  R* wrapped_;
  Account account_;
  scope_ledger<Account> ledger_;  // last: its destructor refunds to the account
};

template <std::derived_from<std::pmr::memory_resource> R, class Account>
using counting_adaptor =
    std::conditional_t<std::derived_from<R, rewindable_resource>,
                       marked_counting_adaptor<R, Account>, plain_counting_adaptor<R, Account>>;

}  // namespace tidemark::detail
