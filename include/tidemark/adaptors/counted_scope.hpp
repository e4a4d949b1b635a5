// SPDX-License-Identifier: BSL-1.0
#pragma once

// The resource of one checkpoint of an adaptor.
//
//   allocate --> account --> the pool's resource of that checkpoint
//                  '--> what the checkpoint holds: `held_`
//
// Use it in a `scope_ledger`, which opens, keeps and closes it.
//
// An account is what an adaptor does with blocks. One that counts them is a class with
//   using count                             owned_count, or shared_count if any thread may use it
//   template <class Count> using holding    charges<Count>, or byte_charges<Count>
//   void* allocate(M& from, bytes, align)   serves and charges one block; throws as `from` does
//   (or: void* allocate_charged(M& from, bytes, align, charge)    with a charge(block) of who holds
//   it before it tells anybody, who may rewind)
//   void freed(bytes)                       one block was freed
//   void freed_late(bytes)                  one was that nobody is charged with any more
//   void refund(charge)                     blocks that a rewind took, or the adaptor's end
// the last three noexcept; no lock is held around any of them. An account that knows by itself
// where a block came from has instead of `freed` and `freed_late`
//   served allocate(M& from, bytes, align, is_open)   does not serve a closed checkpoint
//   void* block_of(served)
//   void hold(holding&, served, bytes)      the block is that checkpoint's
//   void drop(served, bytes)                its checkpoint was closed meanwhile: it is nobody's
//   void deallocate(M& from, block, bytes, align)
//   void refund(holding::content&&)
// and a holding with `content take_all()`, `add(content&&)`, `bool contains(block)`.
//
// Thread rule: that of the pool and of the account.
//
// Invariant: a scope charges itself while it is open, its encloser after it was kept, nobody when
// closed. What it charges is never itself kept: keeping one moves those that mean it.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <thread>
#include <tidemark/detail/charges.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <utility>

namespace tidemark::detail {

/// Whether the account knows where a block came from, so that no checkpoint is looked for.
template <class Account>
concept finds_its_blocks = requires { typename Account::served; };

template <class Account, class Count>
class scope_ledger;

/// As `account.allocate`; then `charge(block)`, or before the account calls anybody.
template <class Account, class M, class Charge>
void* allocate_charged(Account& account, M& from, std::size_t bytes, std::size_t alignment,
                       Charge charge) {
  if constexpr (requires { account.allocate_charged(from, bytes, alignment, charge); }) {
    return account.allocate_charged(from, bytes, alignment, charge);
  } else {
    void* const block = account.allocate(from, bytes, alignment);
    charge(block);
    return block;
  }
}

/// What an account makes its holdings from: nothing, or itself.
template <class Holding, class Account>
Holding make_holding(Account& account) {
  if constexpr (std::constructible_from<Holding, Account&>) {
    return Holding(account);
  } else {
    return Holding();
  }
}

/// `Count`: owned_count if one thread at a time uses the pool, else that of the account.
template <class Account, class Count>
class counted_scope final : public bound_resource_base {
 public:
  using holding = typename Account::template holding<Count>;

  counted_scope(rewindable_resource& adaptor, Account& account)
      : bound_resource_base(adaptor), account_(account), held_(make_holding<holding>(account)) {}

  holding& held() noexcept { return held_; }
  marker mark() const noexcept { return mark_; }
  /// Whether it held such a block, which it does no longer.
  bool take_back(std::size_t bytes) noexcept { return held_.try_subtract(bytes); }
  void charge(std::size_t bytes) noexcept { held_.add({.bytes = bytes, .blocks = 1}); }

 private:
  friend class scope_ledger<Account, Count>;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if constexpr (finds_its_blocks<Account>) {
      // Whoever is asked may close the checkpoint, and open another that takes this object over.
      marker const asked = mark_;
      auto const got = account_.allocate(*inner_, bytes, alignment,
                                         [&] { return mark_ == asked && is_charged_open(); });
      auto* const to = mark_ == asked ? charged_.load(std::memory_order_acquire) : nullptr;
      if (to != nullptr) {
        account_.hold(to->held_, got, bytes);
        return account_.block_of(got);
      }
      account_.drop(got, bytes);
      throw std::bad_alloc();
    } else {
      // Looked up only after it: as above, and the checkpoint may have been kept.
      marker const asked = mark_;
      return allocate_charged(account_, *inner_, bytes, alignment, [&](void*) {
        auto* const to = mark_ == asked ? charged_.load(std::memory_order_acquire) : nullptr;
        if (to != nullptr) {
          to->charge(bytes);
        } else {
          account_.refund({.bytes = bytes, .blocks = 1});
        }
      });
    }
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    if constexpr (finds_its_blocks<Account>) {
      account_.deallocate(*inner_, block, bytes, alignment);
    } else {
      inner_->deallocate(block, bytes, alignment);
      counted_scope* const from = charged_.load(std::memory_order_acquire);
      if (from == nullptr || !from->give_back(bytes)) account_.freed_late(bytes);
    }
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
  bool give_back(std::size_t bytes) noexcept {
    if (!take_back(bytes)) return false;
    account_.freed(bytes);
    return true;
  }
  // Whether the pool has it open still: behind the adaptor's back it may have been closed.
  bool is_charged_open() const noexcept {
    counted_scope const* const to = charged_.load(std::memory_order_acquire);
    return to != nullptr && (to->mark_ == marker{} || scope_access::is_open(pool(), to->mark_));
  }

  Account& account_;
  std::pmr::memory_resource* inner_ = nullptr;     // the pool's own; set before it is handed out
  std::atomic<counted_scope*> charged_ = nullptr;  // others may free while it is kept
  holding held_;
  marker mark_;  // null: no checkpoint's
  std::thread::id opener_;
  bool scoped_ = false;            // a memory_scope holds it
  bool keep_late_ = false;         // that has ended with `keep`, but waits for a scope above it
  bool handed_out_ = false;        // somebody may hold it, so `keep` must not take it back
  counted_scope* next_ = nullptr;  // in the list of open, of kept or of spare ones
  counted_scope* kept_ = nullptr;  // those that were kept into this one
  counted_scope* next_owned_ = nullptr;  // of all that were allocated
};

/// What an adaptor holds over a resource without marks.
template <class Account, class Count>
class base_charge {
 public:
  using holding = typename Account::template holding<Count>;

  explicit base_charge(Account& account)
      : account_(account), held_(make_holding<holding>(account)) {}
  base_charge(base_charge const&) = delete;
  base_charge& operator=(base_charge const&) = delete;
  ~base_charge() { account_.refund(held_.take_all()); }

  void charge(std::size_t bytes) noexcept { held_.add({.bytes = bytes, .blocks = 1}); }
  template <class M>
  void* allocate(M& from, std::size_t bytes, std::size_t alignment) {
    if constexpr (finds_its_blocks<Account>) {
      auto const got = account_.allocate(from, bytes, alignment, [] { return true; });
      account_.hold(held_, got, bytes);
      return account_.block_of(got);
    } else {
      return allocate_charged(account_, from, bytes, alignment, [&](void*) { charge(bytes); });
    }
  }
  template <class M>
  void deallocate(M& from, void* block, std::size_t bytes, std::size_t alignment) {
    if constexpr (finds_its_blocks<Account>) {
      account_.deallocate(from, block, bytes, alignment);
    } else {
      from.deallocate(block, bytes, alignment);
      if (!held_.try_subtract(bytes)) [[unlikely]]
        return account_.freed_late(bytes);
      account_.freed(bytes);
    }
  }

 private:
  Account& account_;
  holding held_;
};

}  // namespace tidemark::detail
