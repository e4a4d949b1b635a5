// SPDX-License-Identifier: BSL-1.0
#pragma once

// A bound on what a part of a program may hold.
//
//   game            63 of 64 MiB             budget game{"game", {.hard_bytes = 64_MiB}};
//     game/physics  12 of 16 MiB             budget physics{"physics", 12_MiB, 16_MiB, &game};
//     game/audio     2 of  4 MiB             budget audio{"audio", {.hard_bytes = 4_MiB}, &game};
//
//   physics.try_charge(2_MiB)                false: it would fit there, but not into `game`
//
// Use it with `budget_resource`, which charges a budget for each block, or charge it by hand for
// what no resource serves. Budgets last, adaptors come and go: one may be built for a scope. To
// count without a bound use a `tag`; to bound what one pool takes, its limit_bytes.
//
// Thread rule: any thread may do anything, but make no request of a budget that another destroys.
//
// Invariants:
//  1. A budget holds what was charged to it and to those below it, and was not refunded.
//  2. It never holds more than hard_bytes, not even for a moment; only a limit that is lowered may
//     leave it so. Without a parent it refuses exactly the requests that would make it hold more.
//  3. A request is refused if it does not fit into the budget and into all above it. While one is
//     being refused higher up, after it had seemed to fit, it is held below for a moment: so
//     another that would have fitted beside it may be refused there, too.
//  4. A peak is at least as large as what is held now. What is held for less than a moment may be
//     missing in it, or a request of another thread be in it that came to nothing.
//  5. An event is told in the thread that caused it, outside locks, when all numbers are right.
//
// Events of one budget, soft_bytes 800, hard_bytes 1000, relief_bytes 700 (7/8 of soft by default):
//
//   held      850          750   850   700       850          +200      +200
//   told      soft_passed              relieved  soft_passed  refused   (counted, not told again)

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>
#include <tidemark/error.hpp>
#include <vector>

namespace tidemark {

class budget;
namespace detail {
class budget_account;
}

struct budget_limits {
  std::size_t soft_bytes = SIZE_MAX;    // over it `soft_passed` is told; SIZE_MAX: never
  std::size_t hard_bytes = SIZE_MAX;    // over it requests are refused; SIZE_MAX: no limit
  std::size_t relief_bytes = SIZE_MAX;  // from it down `relieved`; over soft_bytes: 7/8 of these

  friend bool operator==(budget_limits const&, budget_limits const&) noexcept = default;
};

enum class budget_event_kind : std::uint8_t {
  soft_passed,  // more than soft_bytes are held; not told again before `relieved`
  relieved,     // no more than relief_bytes are held, after soft_passed
  refused,      // a request was; not told again before a refund leaves 7/8 of hard_bytes or less
};

struct budget_event {
  budget_event_kind kind = budget_event_kind::soft_passed;
  budget* source = nullptr;         // whose limit it is
  std::size_t bytes = 0;            // held by it when the event was noted
  std::size_t requested_bytes = 0;  // of the request that was refused, else 0
};

/// May do anything with the budget but destroy it: charge it, allocate from a resource on it, set
/// another handler. What it throws is dropped and counted. In one thread it is not called from
/// within itself: what it causes at its own budget is told after it returned, refusals not at all.
using budget_event_handler = void (*)(budget_event const&, void* context);

struct budget_event_hook {
  budget_event_handler handler = nullptr;  // null: nobody is told
  void* context = nullptr;
};

struct budget_stats {
  std::string path{};                  // names from the root on, with slashes between them
  std::size_t bytes = 0;               // held: charged and not refunded, below it too
  std::size_t bytes_peak = 0;          // the most `bytes` has been
  std::size_t soft_bytes = 0;          // the limits; SIZE_MAX: none
  std::size_t hard_bytes = 0;          //
  std::size_t refusals = 0;            // requests that this budget refused
  std::size_t soft_passes = 0;         // times that it passed soft_bytes, as `soft_passed` counts
  std::size_t dropped_exceptions = 0;  // thrown by its handler

  friend bool operator==(budget_stats const&, budget_stats const&) noexcept = default;
};

class alignas(64) budget {  // what a charge reads and writes is in one line of the cache
 public:
  /// Preconditions:  `parent`, if there is one, outlives this budget.
  /// Effects:        Copies up to 31 bytes of the name. With hard_bytes 0 no byte fits.
  explicit budget(std::string_view name, budget_limits limits = {},
                  budget* parent = nullptr) noexcept;
  budget(std::string_view name, std::size_t soft_bytes, std::size_t hard_bytes,
         budget* parent = nullptr) noexcept
      : budget(name, {.soft_bytes = soft_bytes, .hard_bytes = hard_bytes}, parent) {}
  budget(budget const&) = delete;
  budget& operator=(budget const&) = delete;
  /// Preconditions:  The adaptors that charge it and the budgets below it are gone.
  /// Effects:        Refunds to those above what is still held.
  ~budget();

  /// Returns:        Whether a request of `bytes` would have been granted just now.
  /// Complexity:     O(budgets above it), as all that follow. A request of 0 bytes always fits.
  bool would_fit(std::size_t bytes) const noexcept { return bytes <= available_bytes(); }
  /// Returns:        The largest request that would have been granted just now, in bytes.
  std::size_t available_bytes() const noexcept;

  /// Effects:        Charges `bytes` to this budget and to all above it, if they fit; else nothing.
  ///                 Check and charge are one step.
  /// Returns:        Whether they fitted.
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept {
    std::size_t held = 0;
    refusal why{};
    if (!hold(bytes, held, why)) [[unlikely]]
      return false;
    confirm(held);
    return true;
  }
  /// Effects:        As `try_charge`.
  /// Throws:         `budget_exceeded` with the name of the budget that refused and the bytes that
  ///                 were left there; nothing was changed.
  void charge(std::size_t bytes) { confirm(hold(bytes)); }
  /// Preconditions:  They were charged to this budget.
  void refund(std::size_t bytes) noexcept { give_back(bytes, nullptr); }

  /// Effects:        From now on these hold; what was granted before stays so, even over a limit.
  ///                 May tell an event. A request on its way may still go by the former limits.
  void set_limits(budget_limits limits) noexcept;
  budget_limits limits() const noexcept;

  /// Effects:        Events of this budget, not of those above or below it, are told to `handler`
  ///                 from now on; null: to nobody.
  /// Returns:        The former handler and its context. Another thread may still be in it.
  budget_event_hook set_event_handler(budget_event_handler handler,
                                      void* context = nullptr) noexcept;

  std::string_view name() const noexcept { return name_; }
  budget* parent() const noexcept { return parent_; }
  /// Returns:        Bytes held just now.
  std::size_t bytes() const noexcept { return held_.load(std::memory_order_relaxed); }
  /// Returns:        The names from the root to this budget, with slashes between them.
  std::string path() const;
  budget_stats stats() const;
  /// Returns:        Numbers of this budget, then of those below it: each before its own, siblings
  ///                 in the order in which they were made.
  std::vector<budget_stats> tree() const;

 private:
  friend class detail::budget_account;

  struct refusal {
    budget* by = nullptr;
    std::size_t available_bytes = 0;
  };

  std::size_t room_over(std::size_t held) const noexcept {
    std::size_t const hard = hard_bytes_.load(std::memory_order_relaxed);
    return held < hard ? hard - held : 0;
  }
  bool would_fit_alone(std::size_t bytes) const noexcept {
    return bytes <= room_over(this->bytes());
  }
  bool take(std::size_t bytes, std::size_t& held) noexcept;
  bool hold(std::size_t bytes, std::size_t& held, refusal& why) noexcept;
  std::size_t hold(std::size_t bytes) {
    std::size_t held = 0;
    refusal why{};
    if (!hold(bytes, held, why)) [[unlikely]]
      throw_exceeded(bytes, why);
    return held;
  }
  budget* hold_quietly(std::size_t bytes, std::size_t& held, std::size_t& seen) noexcept;
  bool is_quiet(std::size_t held) const noexcept;
  bool is_news(std::size_t held) noexcept;
  void confirm(std::size_t held) noexcept;
  bool take_back(std::size_t bytes, budget* end) noexcept;
  void give_back(std::size_t bytes, budget* end) noexcept;
  [[gnu::cold, gnu::noinline]] void give_back_slow(std::size_t bytes, budget* end) noexcept;

  [[gnu::cold]] void raise_peak_slow(std::size_t held) noexcept;
  [[gnu::cold]] bool refuse_slow(std::size_t bytes, std::size_t held, refusal& why) noexcept;
  [[gnu::cold]] void tell_slow(budget* end, bool refunded) noexcept;
  [[noreturn, gnu::cold]] static void throw_exceeded(std::size_t bytes, refusal const& why);
  void tell_news(bool refunded) noexcept;
  bool note_news(budget_event& event, budget_event_hook& told) noexcept;
  void forget_refusal() noexcept;
  void publish() noexcept;
  void call(budget_event const& event, budget_event_hook const& told) noexcept;
  void add_to(std::vector<budget_stats>& list) const;

  // All changes of held_ are read-modify-writes. Those of charges and refunds acquire, and pair
  // with the release of note_news, which writes news_above_ and news_below_ before: what it did not
  // see of held_ sees the new ones. The rest is relaxed, as counts are.
  std::atomic<std::size_t> held_{0};               // bytes
  std::atomic<std::size_t> hard_bytes_{SIZE_MAX};  // of limits_
  std::atomic<std::size_t> news_above_{SIZE_MAX};  // a charge that leaves more looks for events
  std::atomic<std::size_t> news_below_{0};         // a refund that leaves less does
  std::atomic<std::size_t> peak_{0};               // bytes; without those held for a moment
  budget* const parent_;
  std::atomic<std::size_t> refusals_{0};
  std::atomic<std::size_t> dropped_exceptions_{0};
  mutable std::mutex mutex_;  // guards the next five; never held while a handler runs
  budget_limits limits_;      // relief_bytes never over soft_bytes
  budget_event_hook hook_;
  bool soft_noted_ = false;                 // `soft_passed` was told last
  std::atomic<bool> refusal_noted_{false};  // `refused` was; read without the lock, too
  std::size_t soft_passes_ = 0;
  budget* first_ = nullptr;  // of its children; one lock guards the lists of all budgets
  budget* next_ = nullptr;   // its parent's next child
  resource_name name_;
};

/// Writes the name of the enumerator.
std::ostream& operator<<(std::ostream& out, budget_event_kind kind);
/// Writes one line: the path, then `field=value` for each field; `-` for no limit.
std::ostream& operator<<(std::ostream& out, budget_stats const& stats);
/// Writes a table: a line of headings, then one for the budget and each below it.
std::ostream& operator<<(std::ostream& out, budget const& root);

/// Returns:          One JSON object; its keys are the names of the fields; null for no limit.
std::string to_json(budget_stats const& stats);
/// Returns:          A JSON array with one such object for the budget and for each below it.
std::string to_json(budget const& root);

// Takes bytes of this budget alone, if they fit. `held`: what it held before.
inline bool budget::take(std::size_t bytes, std::size_t& held) noexcept {
  held = held_.load(std::memory_order_relaxed);
  do {
    if (bytes > room_over(held)) [[unlikely]]
      return false;
  } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_acquire,
                                        std::memory_order_relaxed));
  return true;
}

// Half of a charge: it is held, if it fits, but may still be given back as if it had not been.
// `held`: what this budget holds with it.
inline bool budget::hold(std::size_t bytes, std::size_t& held, refusal& why) noexcept {
  std::size_t seen = 0;
  budget* const refusing = hold_quietly(bytes, held, seen);
  return refusing == nullptr || refusing->refuse_slow(bytes, seen, why);
}

// The same where a refusal is left to the caller: neither counted nor told. Returns who refuses, or
// null. `seen`: what that one held.
inline budget* budget::hold_quietly(std::size_t bytes, std::size_t& held,
                                    std::size_t& seen) noexcept {
  // First a look, so that one which is full above leaves those below alone.
  for (budget* b = parent_; b != nullptr; b = b->parent_) {
    if (!b->would_fit_alone(bytes)) [[unlikely]] {
      // The first one on the way up refuses, and that may be this one.
      budget* const full = would_fit_alone(bytes) ? b : this;
      seen = full->bytes();
      return full;
    }
  }
  std::size_t before;
  if (!take(bytes, before)) [[unlikely]] {
    seen = before;
    return this;
  }
  held = before + bytes;
  for (budget* b = parent_; b != nullptr; b = b->parent_) {
    if (!b->take(bytes, before)) [[unlikely]] {
      seen = before;
      give_back_slow(bytes, b);
      return b;
    }
  }
  return nullptr;
}

// Whether somebody must look for events, now that so many bytes are held.
inline bool budget::is_news(std::size_t held) noexcept {
  if (held > peak_.load(std::memory_order_relaxed)) raise_peak_slow(held);
  return held > news_above_.load(std::memory_order_relaxed);
}

// Whether `confirm` would do nothing.
inline bool budget::is_quiet(std::size_t held) const noexcept {
  for (budget const* b = this;;) {
    if (held > b->peak_.load(std::memory_order_relaxed) ||
        held > b->news_above_.load(std::memory_order_relaxed)) [[unlikely]] {
      return false;
    }
    b = b->parent_;
    if (b == nullptr) return true;
    held = b->bytes();
  }
}

// The other half: it shows in the peaks and in events.
inline void budget::confirm(std::size_t held) noexcept {
  bool news = is_news(held);
  for (budget* b = parent_; b != nullptr; b = b->parent_) news |= b->is_news(b->bytes());
  if (news) [[unlikely]]
    tell_slow(nullptr, false);
}

// Up to `end`, which is not refunded. Returns whether there is nothing to tell.
inline bool budget::take_back(std::size_t bytes, budget* end) noexcept {
  bool news = false;
  for (budget* b = this; b != end; b = b->parent_) {
    std::size_t const left = b->held_.fetch_sub(bytes, std::memory_order_acquire) - bytes;
    news |= left < b->news_below_.load(std::memory_order_relaxed);
  }
  return !news;
}

inline void budget::give_back(std::size_t bytes, budget* end) noexcept {
  if (!take_back(bytes, end)) [[unlikely]]
    tell_slow(end, true);
}

}  // namespace tidemark
