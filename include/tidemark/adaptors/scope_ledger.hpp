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
//  3. A scope charges itself while it is open, its encloser after it was kept, nobody when closed.
//     What it charges is never itself kept: keeping one moves those that mean it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <mutex>
#include <thread>
#include <tidemark/config.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <utility>

namespace tidemark::detail {

template <class Account>
class scope_ledger;

/// The resource of one checkpoint of an adaptor; the adaptor owns it.
template <class Account>
class counted_scope final : public bound_resource_base {
 public:
  counted_scope(rewindable_resource& adaptor, Account& account) noexcept
      : bound_resource_base(adaptor), account_(account) {}

 private:
  friend class scope_ledger<Account>;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = account_.allocate(*inner_, bytes, alignment);
    // Looked up only now: the upstream may have closed or kept the checkpoint.
    if (counted_scope* const to = charged_.load(std::memory_order_acquire); to != nullptr) {
      to->held_.add({.bytes = bytes, .blocks = 1});
    } else {
      account_.refund({.bytes = bytes, .blocks = 1});
    }
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    inner_->deallocate(block, bytes, alignment);
    counted_scope* const from = charged_.load(std::memory_order_acquire);
    if (from == nullptr || !from->give_back(bytes)) account_.freed_late(bytes);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
  bool give_back(std::size_t bytes) noexcept {
    if (!held_.covers(bytes)) return false;
    held_.subtract({.bytes = bytes, .blocks = 1});
    account_.freed(bytes);
    return true;
  }

  Account& account_;
  std::pmr::memory_resource* inner_ = nullptr;     // the pool's own; set before it is handed out
  std::atomic<counted_scope*> charged_ = nullptr;  // invariant 3; others may free while it is kept
  charges<typename Account::count> held_;
  marker mark_;
  std::thread::id opener_;
  bool scoped_ = false;            // a memory_scope holds it
  bool keep_late_ = false;         // that has ended with `keep`, but waits for a scope above it
  bool handed_out_ = false;        // somebody may hold it, so `keep` must not take it back
  counted_scope* next_ = nullptr;  // in the list of open, of kept or of spare ones
  counted_scope* kept_ = nullptr;  // those that were kept into this one
  counted_scope* next_owned_ = nullptr;  // of all that were allocated
};

template <class Account>
class scope_ledger {
 public:
  using scope = counted_scope<Account>;

  /// Preconditions:  `account` and `pool` outlive the ledger, which `adaptor` owns.
  scope_ledger(rewindable_resource& adaptor, rewindable_resource& pool, Account& account) noexcept
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
    for (scope* s = open_; s != nullptr; s = s->next_) account_.refund(s->held_.take_all());
    account_.refund(base_.held_.take_all());
    while (owned_ != nullptr) delete std::exchange(owned_, owned_->next_owned_);
  }

  // Blocks of the bare adaptor. `pool` is the pool by its own type.
  template <class R>
  void charge_bare(R const& pool, std::size_t bytes) noexcept {
    current(pool).held_.add({.bytes = bytes, .blocks = 1});
  }
  template <class R>
  void free_bare(R const& pool, std::size_t bytes) noexcept {
    if (!current(pool).give_back(bytes)) [[unlikely]]
      free_elsewhere(bytes);
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
    std::lock_guard const lock{mutex_};
    settle(mark, UINT32_MAX, false);
    fresh.charged_.store(&fresh, std::memory_order_release);
    fresh.mark_ = mark;
    fresh.opener_ = std::this_thread::get_id();
    fresh.scoped_ = scoped;
    fresh.keep_late_ = fresh.handed_out_ = false;
    push(open_, fresh);
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
    std::lock_guard const lock{mutex_};
    settle(mark, UINT32_MAX, false);
    if (scope* const s = find(mark); s != nullptr && emptied) account_.refund(s->held_.take_all());
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

  // What the bare adaptor charges. Where the pool tells its depth the look is a load; a checkpoint
  // that was closed and opened behind the adaptor's back at one depth is then seen later.
  template <class R>
  scope& current(R const& pool) noexcept {
    scope* const top = current_;
    if (top == &base_) [[likely]]
      return base_;
    if constexpr (requires { pool.depth(); }) {
      if (pool.depth() >= marker_access::depth(top->mark_)) [[likely]]
        return *top;
    } else {
      if (is_open(top->mark_)) return *top;
    }
    std::lock_guard const lock{mutex_};
    settle(top->mark_, UINT32_MAX, false);
    return *current_;
  }
  void choose_current() noexcept {
    if (!bare_is_unscoped_) current_ = open_ != nullptr ? open_ : &base_;
  }
  // A block that the current scope cannot hold: of the newest one that can, else of nobody.
  [[gnu::noinline]] void free_elsewhere(std::size_t bytes) noexcept {
    std::lock_guard const lock{mutex_};
    for (scope* s = open_; s != nullptr; s = s->next_) {
      if (s->give_back(bytes)) return;
    }
    if (!base_.give_back(bytes)) account_.freed_late(bytes);
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
    std::lock_guard const lock{mutex_};
    settle(mark, marker_access::depth(mark), keep);
  }
  // What was closed behind the adaptor's back was rewound, as far as anybody can tell.
  // Returns whether `mark` is open for this thread: another one's looks closed, and is left alone.
  bool settle_before(marker mark) noexcept {
    bool const open = is_open(mark);
    std::lock_guard const lock{mutex_};
    scope const* const known = find(mark);
    if (open || (known != nullptr && known->opener_ == std::this_thread::get_id())) {
      settle(mark, UINT32_MAX, false);
    }
    return open;
  }
  // Follows the pool: closes what is no longer open there. From `depth` on as told, below that as
  // each scope asked for when it ended.
  void settle(marker mark, std::uint32_t depth, bool keep) noexcept {
    for (scope** at = &open_; *at != nullptr;) {
      scope& s = **at;
      if (!are_of_one(s.mark_, mark) || is_open(s.mark_)) {
        at = &s.next_;
        continue;
      }
      *at = s.next_;
      bool const kept = marker_access::depth(s.mark_) >= depth ? keep : s.keep_late_;
      pass_on(s, *at, kept);
    }
    choose_current();
  }
  // `below`: the scopes that were opened before `s`.
  void pass_on(scope& s, scope* below, bool keep) noexcept {
    while (below != nullptr && !are_of_one(below->mark_, s.mark_)) below = below->next_;
    scope* const heir = !keep ? nullptr : below != nullptr ? below : &base_;
    charge const held = s.held_.take_all();
    if (heir != nullptr) {
      heir->held_.add(held);
    } else if (held != charge{}) {
      account_.refund(held);
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
  [[no_unique_address]] mutex_for<typename Account::count> mutex_;  // guards the lists
  scope* open_ = nullptr;
  scope* spare_ = nullptr;
  scope* owned_ = nullptr;
  scope base_;   // what no checkpoint holds
  scope first_;  // so that two open checkpoints ask nobody for memory
  scope second_;
};

}  // namespace tidemark::detail
