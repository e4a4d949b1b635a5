// SPDX-License-Identifier: BSL-1.0
#pragma once

// A resource that asks a handler what to do where the wrapped one refuses.
//
//   recovery_resource memory{&frame, trimming{cache}, heap};
//
//   request --> frame --refused--> handler --retry--------> frame, once more
//                                     |----use_fallback--> heap, as a `fallback_resource` does
//                                     '----give_up-------> what the frame threw
//
// Use it where memory can be had by giving other memory up: idle chunks, a cache, work that may be
// done later. Where there is nothing to decide use a `fallback_resource`.
//
// Thread rule: that of the resources. Over one that many threads use, each runs the handler in its
// own call, several at once. A handler returns on the thread that called it.
//
// Invariants:
//  1. A handler is asked outside all locks, when nothing was changed. It may allocate, through this
//     adaptor too. What is refused to it there, on its own thread, is thrown at once: a handler is
//     not asked what to do about itself.
//  2. One request asks at most `max_attempts` times; then it is given up.
//  3. What is given up throws what the wrapped resource threw last; what a handler throws passes to
//     the caller. Either way nothing was allocated.
//  4. A request through the resource of a closed checkpoint asks no handler. One whose handler
//     closes the checkpoint is given up.
//  5. Each refused request counts once: as a recovery or as given up.
//
// Source: the new-handler of C++, for one resource, told the request and bounded.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iosfwd>
#include <memory_resource>
#include <new>
#include <string>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <tidemark/detail/running_handler.hpp>
#include <tidemark/detail/thread_rule.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tidemark {

enum class recovery_action : std::uint8_t {
  retry,         // ask the wrapped resource again
  use_fallback,  // ask the secondary; without one it means give_up
  give_up,       // throw what the wrapped resource threw
};

/// What was refused.
struct recovery_request {
  std::size_t bytes = 0;
  std::size_t alignment = 0;  // bytes
  std::size_t attempt = 0;    // how often the handler is asked for this request, this time included
  bool has_fallback = false;  // whether there is a secondary
};

struct recovery_options {
  std::size_t max_attempts = 8;  // how often a handler is asked for one request; 0: never
};

struct recovery_statistics {
  std::size_t recoveries = 0;  // requests that were refused at first and served then
  std::size_t retries = 0;     // how often the wrapped resource was asked again
  std::size_t fallbacks = 0;   // the recoveries that the secondary served
  std::size_t given_up = 0;    // requests that were refused and not served

  friend bool operator==(recovery_statistics const&, recovery_statistics const&) noexcept = default;
};

/// Writes `field=value` for each field.
std::ostream& operator<<(std::ostream& out, recovery_statistics const& statistics);
/// Returns:          One JSON object; its keys are the names of the fields.
std::string to_json(recovery_statistics const& statistics);

template <class H>
concept recovery_handler = std::move_constructible<H> &&
                           std::is_invocable_r_v<recovery_action, H&, recovery_request const&>;

/// What gives idle memory back when asked, and says how many bytes that was.
template <class P>
concept trimmable = requires(P& pool) {
  { pool.trim() } -> std::convertible_to<std::size_t>;
};

/// A handler that trims pools, all of them each time: it retries as long as one gave memory back,
/// then it falls back, or gives up where there is no secondary.
/// Thread safety:    That of the pools' `trim()`.
template <trimmable... Pools>
  requires(sizeof...(Pools) != 0)
class trimming {
 public:
  /// Preconditions:  The pools outlive the handler.
  explicit trimming(Pools&... pools) noexcept : pools_(&pools...) {}

  recovery_action operator()(recovery_request const& request) const {
    bool gave_back = false;
    std::apply([&](auto*... pool) { ((gave_back = pool->trim() != 0 || gave_back), ...); }, pools_);
    if (gave_back) return recovery_action::retry;
    return request.has_fallback ? recovery_action::use_fallback : recovery_action::give_up;
  }

 private:
  std::tuple<Pools*...> pools_;
};

namespace detail {

template <class Handler, class Count>
class recovery_account : public secondary_account<Count> {
 public:
  using typename secondary_account<Count>::served;

  recovery_account(std::pmr::memory_resource* secondary, Handler&& handler,
                   recovery_options const& options)
      : secondary_account<Count>(secondary),
        handler_(std::move(handler)),
        max_attempts_(options.max_attempts) {}

  template <class M, class IsOpen>
  served allocate(M& from, std::size_t bytes, std::size_t alignment, IsOpen is_open) {
    std::exception_ptr refusal;
    try {
      return {from.allocate(bytes, alignment), nullptr};
    } catch (std::bad_alloc const&) {
      refusal = std::current_exception();
    }
    outcome result{*this};
    auto const got = recover(from, {.bytes = bytes, .alignment = alignment}, is_open, refusal);
    result.is_served = true;
    return got;
  }

  recovery_statistics statistics() const noexcept {
    return {.recoveries = recoveries_.get(),
            .retries = retries_.get(),
            .fallbacks = fallbacks_.get(),
            .given_up = given_up_.get()};
  }

 private:
  // Counts a refused request, however it ends.
  struct outcome {
    explicit outcome(recovery_account& told) noexcept : account(told) {}
    outcome(outcome const&) = delete;
    outcome& operator=(outcome const&) = delete;
    ~outcome() { (is_served ? account.recoveries_ : account.given_up_).add(1); }
    recovery_account& account;
    bool is_served = false;
  };

  template <class M, class IsOpen>
  [[gnu::noinline]] served recover(M& from, recovery_request request, IsOpen& is_open,
                                   std::exception_ptr& refusal) {
    request.has_fallback = this->secondary() != nullptr;
    for (;;) {
      recovery_action const action = is_open() ? ask(request) : recovery_action::give_up;
      if (action == recovery_action::give_up || !is_open()) {  // the handler may have closed it
        std::rethrow_exception(refusal);
      }
      if (action == recovery_action::retry) {
        retries_.add(1);
        try {
          return {from.allocate(request.bytes, request.alignment), nullptr};
        } catch (std::bad_alloc const&) {
          refusal = std::current_exception();
        }
      } else if (action == recovery_action::use_fallback && request.has_fallback) {
        served const got = this->allocate_from_secondary(request.bytes, request.alignment);
        fallbacks_.add(1);
        return got;
      } else {
        std::rethrow_exception(refusal);
      }
    }
  }
  recovery_action ask(recovery_request& request) {
    if (request.attempt == max_attempts_ || running_handler::is_inside(this)) {
      return recovery_action::give_up;
    }
    ++request.attempt;
    running_handler const running{this};
    return std::invoke(handler_, std::as_const(request));
  }

  Handler handler_;
  std::size_t max_attempts_;
  // Of refused requests.
  Count recoveries_;
  Count retries_;
  Count fallbacks_;
  Count given_up_;
};

}  // namespace detail

/// `R`: the wrapped resource. `Handler`: see `recovery_handler`. A `rewindable_resource` if R is
/// one.
template <std::derived_from<std::pmr::memory_resource> R, recovery_handler Handler>
class recovery_resource final
    : public detail::counting_adaptor<
          R, detail::recovery_account<Handler, detail::count_of_threads<R>>> {
  using base =
      detail::counting_adaptor<R, detail::recovery_account<Handler, detail::count_of_threads<R>>>;

 public:
  /// Preconditions:  As for `fallback_resource`, but there need not be a secondary.
  /// Throws:         What moving the handler throws.
  /// Remarks:        As for `fallback_resource`. Only `std::bad_alloc` and its children are
  ///                 refusals. What the secondary refuses is given up.
  recovery_resource(R* wrapped, Handler handler, std::pmr::memory_resource* secondary = nullptr,
                    recovery_options const& options = {})
      : base(wrapped, secondary, std::move(handler), options) {}

  /// Returns:        Null if there is none.
  std::pmr::memory_resource* secondary() const noexcept { return this->account().secondary(); }
  /// Returns:        Count of blocks that the secondary serves now.
  /// Thread safety:  Any thread.
  std::size_t secondary_blocks() const noexcept { return this->account().secondary_blocks(); }
  /// Returns:        What was counted since the adaptor was made.
  /// Thread safety:  Any thread; exact while no other uses the adaptor.
  recovery_statistics statistics() const noexcept { return this->account().statistics(); }
};

template <class R, class Handler>
inline constexpr bool detail::serves_one_thread<recovery_resource<R, Handler>> =
    detail::serves_one_thread<R>;

}  // namespace tidemark
