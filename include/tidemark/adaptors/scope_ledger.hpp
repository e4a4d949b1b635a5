// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an adaptor over a pool with marks knows of the checkpoints that were opened through it.
//
//   checkpoint()    base  100 | outer  40 | inner  24       each with a resource of its own
//   rewind(inner)   base  100 | outer  40                   24 bytes go back to the account
//   keep(outer)     base  140                               its resource now means the base
//
// Use it in an adaptor that charges blocks to an account and must give back what a rewind frees.
// The pool makes the markers and keeps the rules; the ledger follows what the pool did.
//
// Thread rule: that of the pool and of the account. Over a pool whose threads have checkpoints of
// their own each finds its own by the marker. No other thread frees a block of a checkpoint while
// that is rewound or kept.
//
// Invariants:
//  1. The account has been charged with the sum of what the open scopes and the base hold.
//  2. open_ lists scopes newest first; of one marker origin, the deepest first.
//  3. The account is told of refunds when the ledger is whole again and unlocked: it may call back.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <thread>
#include <tidemark/adaptors/counted_scope.hpp>
#include <tidemark/config.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <utility>

namespace tidemark::detail {

template <class Account, class Count>
class scope_ledger {
 public:
  using scope = counted_scope<Account, Count>;
  using content = typename scope::holding::content;

  /// Preconditions:  `account` and `pool` outlive the ledger, which `adaptor` owns.
  scope_ledger(rewindable_resource& adaptor, rewindable_resource& pool, Account& account)
      : adaptor_(adaptor),
        pool_(pool),
        account_(account),
        base_(adaptor, account),
        first_(adaptor, account),
        second_(adaptor, account) {
    base_.inner_ = pool.unscoped();
    base_.charged_.store(&base_, std::memory_order_relaxed);
    bare_is_unscoped_ = base_.inner_ == &pool;
    push(spare_, first_);
    push(spare_, second_);
  }
  scope_ledger(scope_ledger const&) = delete;
  scope_ledger& operator=(scope_ledger const&) = delete;
  /// Refunds what is still charged, whatever became of the pool's checkpoints.
  ~scope_ledger() {
    content all = base_.held_.take_all();
    for (scope* s = open_; s != nullptr; s = s->next_) all.add(s->held_.take_all());
    refund(all);
    while (owned_ != nullptr) delete std::exchange(owned_, owned_->next_owned_);
  }

  // Blocks of the bare adaptor. `pool` is the pool by its own type.

  /// What is charged with them now.
  template <class R>
  scope& current(R const& pool) noexcept {
    scope* const top = known_current(pool);
    return top != nullptr ? *top : current_slow();
  }
  /// The same if it need not be looked for; else null.
  template <class R>
  scope* known_current(R const& pool) noexcept {
    scope* const top = current_;
    return top == &base_ || scope_access::is_open(pool, top->mark_) ? top : nullptr;
  }
  /// Who holds a block that is about to be freed; null if nobody does.
  template <class R>
  scope* holder_of(R const& pool, void const* block, std::size_t bytes,
                   std::size_t alignment) noexcept {
    if (scope* const holder = known_holder_of(pool, block)) [[likely]]
      return holder;
    std::uint32_t const depth = scope_access::depth_of(pool, block, bytes, alignment);
    if (depth == 0) return &base_;
    if (depth == scope_access::freed_depth) return nullptr;
    if (depth == scope_access::unknown_depth) return guess_holder(current(pool), bytes);
    return deepest_up_to(depth);
  }
  /// The same if it need not be looked for; else null.
  template <class R>
  scope* known_holder_of(R const& pool, void const* block) noexcept {
    if (open_count_.get() == 0) return &base_;
    scope* const top = current_;
    bool const innermost = scope_access::is_innermost(pool, block) && top != &base_ &&
                           scope_access::is_open(pool, top->mark_);
    return innermost ? top : nullptr;
  }
  void free_bare(scope* holder, std::size_t bytes) noexcept {
    if (holder == nullptr || !holder->give_back(bytes)) account_.freed_late(bytes);
  }
  /// The depth of the checkpoint that holds a block by the account's own knowledge, 0 for none;
  /// nothing if the account does not know it.
  std::optional<std::uint32_t> depth_where_contained(void const* block) const noexcept {
    std::lock_guard const lock{mutex_};
    for (scope const* s = open_; s != nullptr; s = s->next_) {
      if (s->held_.contains(block)) return marker_access::depth(s->mark_);
    }
    if (base_.held_.contains(block)) return 0;
    return std::nullopt;
  }

  // The private virtuals of rewindable_resource.
  marker checkpoint(bool scoped, source_location where) {
    scope& fresh = take_spare();
    marker mark;
    try {
      mark = scoped ? scope_access::open(pool_, where) : pool_.checkpoint(where);
    } catch (...) {
      return_spare(fresh);
      throw;
    }
    if (mark == marker{}) {
      return_spare(fresh);
      return mark;
    }
    refunding const after{*this};
    std::lock_guard const lock{mutex_};
    settle(mark, UINT32_MAX, false, after.freed);
    fresh.charged_.store(&fresh, std::memory_order_release);
    fresh.mark_ = mark;
    fresh.opener_ = std::this_thread::get_id();
    fresh.scoped_ = scoped;
    fresh.keep_late_ = fresh.handed_out_ = false;
    push(open_, fresh);
    open_count_.add(1);
    choose_current();
    return mark;
  }
  void rewind(marker mark, source_location where) noexcept {
    close(mark, false, [&] { pool_.rewind(mark, where); });
  }
  void keep(marker mark, source_location where) noexcept {
    close(mark, true, [&] { pool_.keep(mark, where); });
  }
  void end_scope(marker mark, bool keep) noexcept {
    close(mark, keep, [&] { scope_access::end(pool_, mark, keep); });
    if (!is_open(mark)) return;
    std::lock_guard const lock{mutex_};
    if (scope* const waiting = find(mark); waiting != nullptr) waiting->keep_late_ = keep;
  }
  template <class R>
  void empty(R& pool, marker mark, source_location where) noexcept {
    bool const was_open = settle_before(mark);
    bool const allowed = was_open && !has_scope_above(mark);
    scope_access::empty(pool_, mark, where);
    if (!was_open) return;
    bool emptied = allowed;
    if constexpr (requires { pool.depth(); }) {
      emptied = pool.depth() == marker_access::depth(mark);
    }
    refunding const after{*this};
    std::lock_guard const lock{mutex_};
    settle(mark, UINT32_MAX, false, after.freed);
    if (scope* const s = find(mark); s != nullptr && emptied) after.freed.add(s->held_.take_all());
  }
  bool is_open(marker mark) const noexcept { return scope_access::is_open(pool_, mark); }
  std::pmr::memory_resource* resource_of(marker mark) noexcept {
    if (is_open(mark)) {
      std::lock_guard const lock{mutex_};
      if (scope* const s = find(mark); s != nullptr) {
        if (!s->handed_out_) s->inner_ = pool_.resource_of(mark);
        s->handed_out_ = true;
        return s;
      }
    }
    return pool_.resource_of(mark);
  }
  std::pmr::memory_resource* unscoped() noexcept {
    if (bare_is_unscoped_) return &adaptor_;
    return &base_;
  }

 private:
  static void push(scope*& list, scope& added) noexcept {
    added.next_ = list;
    list = &added;
  }
  static bool are_of_one(marker a, marker b) noexcept {
    return marker_access::origin(a) == marker_access::origin(b);
  }

  void choose_current() noexcept {
    if (!bare_is_unscoped_) current_ = open_ != nullptr ? open_ : &base_;
  }
  // The pool has closed it behind the adaptor's back.
  [[gnu::noinline]] scope& current_slow() noexcept {
    {
      refunding const after{*this};
      std::lock_guard const lock{mutex_};
      settle(current_->mark_, UINT32_MAX, false, after.freed);
    }
    return *current_;
  }
  // Of a pool that cannot tell: the current scope if it can hold the block, else the newest one
  // that can.
  [[gnu::noinline]] scope* guess_holder(scope& first, std::size_t bytes) noexcept {
    if (first.held_.covers(bytes)) return &first;
    std::lock_guard const lock{mutex_};
    for (scope* s = open_; s != nullptr; s = s->next_) {
      if (s->held_.covers(bytes)) return s;
    }
    return &base_;
  }
  // The scope that checkpoints of this depth belong to: the pool may have some of its own above it.
  [[gnu::noinline]] scope* deepest_up_to(std::uint32_t depth) noexcept {
    std::lock_guard const lock{mutex_};
    for (scope* s = open_; s != nullptr; s = s->next_) {
      if (marker_access::depth(s->mark_) <= depth && is_open(s->mark_)) return s;
    }
    return &base_;
  }

  // Collects what is refunded, and tells the account when the lock behind it is gone.
  struct refunding {
    explicit refunding(scope_ledger& told) noexcept : ledger(told) {}
    refunding(refunding const&) = delete;
    refunding& operator=(refunding const&) = delete;
    ~refunding() { ledger.refund(freed); }
    scope_ledger& ledger;
    mutable content freed{};
  };
  void refund(content& freed) noexcept {
    if (!freed.empty()) account_.refund(std::move(freed));
  }

  scope& take_spare() {
    {
      std::lock_guard const lock{mutex_};
      if (spare_ != nullptr) return *std::exchange(spare_, spare_->next_);
    }
    auto* const made = new scope(adaptor_, account_);
    std::lock_guard const lock{mutex_};
    made->next_owned_ = std::exchange(owned_, made);
    return *made;
  }
  void return_spare(scope& unused) noexcept {
    std::lock_guard const lock{mutex_};
    push(spare_, unused);
  }
  scope* find(marker mark) noexcept {
    scope* s = open_;
    while (s != nullptr && s->mark_ != mark) s = s->next_;
    return s;
  }
  bool has_scope_above(marker mark) noexcept {
    std::lock_guard const lock{mutex_};
    for (scope* s = open_; s != nullptr && s->mark_ != mark; s = s->next_) {
      if (s->scoped_ && are_of_one(s->mark_, mark)) return true;
    }
    return false;
  }

  template <class Verb>
  void close(marker mark, bool keep, Verb verb) noexcept {
    bool const was_open = settle_before(mark);
    verb();
    if (!was_open) return;
    refunding const after{*this};
    std::lock_guard const lock{mutex_};
    settle(mark, marker_access::depth(mark), keep, after.freed);
  }
  // What was closed behind the adaptor's back was rewound, as far as anybody can tell.
  // Returns whether `mark` is open for this thread: another one's looks closed, and is left alone.
  bool settle_before(marker mark) noexcept {
    bool const open = is_open(mark);
    refunding const after{*this};
    std::lock_guard const lock{mutex_};
    scope const* const known = find(mark);
    if (open || (known != nullptr && known->opener_ == std::this_thread::get_id())) {
      settle(mark, UINT32_MAX, false, after.freed);
    }
    return open;
  }
  // Follows the pool: closes what is no longer open there. From `depth` on as told, below that as
  // each scope asked for when it ended.
  void settle(marker mark, std::uint32_t depth, bool keep, content& freed) noexcept {
    for (scope** at = &open_; *at != nullptr;) {
      scope& s = **at;
      if (!are_of_one(s.mark_, mark) || is_open(s.mark_)) {
        at = &s.next_;
        continue;
      }
      *at = s.next_;
      open_count_.subtract(1);
      bool const kept = marker_access::depth(s.mark_) >= depth ? keep : s.keep_late_;
      pass_on(s, *at, kept, freed);
    }
    choose_current();
  }
  // `below`: the scopes that were opened before `s`.
  void pass_on(scope& s, scope* below, bool keep, content& freed) noexcept {
    while (below != nullptr && !are_of_one(below->mark_, s.mark_)) below = below->next_;
    scope* const heir = !keep ? nullptr : below != nullptr ? below : &base_;
    if (heir != nullptr) {
      heir->held_.add(s.held_.take_all());
    } else {
      freed.add(s.held_.take_all());
    }
    if (s.handed_out_ && heir != nullptr) {
      push(s.kept_, s);
    } else {
      s.charged_.store(nullptr, std::memory_order_release);
      push(spare_, s);
    }
    for (scope* k = std::exchange(s.kept_, nullptr); k != nullptr;) {
      scope& kept = *std::exchange(k, k->next_);
      kept.charged_.store(heir, std::memory_order_release);
      push(heir != nullptr ? heir->kept_ : spare_, kept);
    }
  }

  rewindable_resource& adaptor_;
  rewindable_resource& pool_;
  Account& account_;
  bool bare_is_unscoped_ = false;  // as of block pools
  scope* current_ = &base_;        // what the bare adaptor charges, unless it was closed meanwhile
  [[no_unique_address]] mutable mutex_for<Count> mutex_;  // guards the lists
  Count open_count_;  // of scopes in open_; another thread's may be seen late
  scope* open_ = nullptr;
  scope* spare_ = nullptr;
  scope* owned_ = nullptr;
  scope base_;   // what no checkpoint holds
  scope first_;  // so that two open checkpoints ask nobody for memory
  scope second_;
};

}  // namespace tidemark::detail
