// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a pool tells that something went wrong.
//
// Exhaustion is an exception, `std::bad_alloc` or a child that names the pool. A caller's bug is a
// `misuse`: it goes to one handler of the process, which prints a report with the places in the
// source and aborts unless the program sets its own. If a handler returns, nothing was changed.
//
// Use it to report the misuse of a pool of your own. To test for misuse, see
// `testing/misuse_recorder.hpp`.
//
// Thread rule: every function here may be called from any thread, during static initialisation and
// after the end of main too.
//
// Invariants:
//  1. A `resource_name` is at most 31 bytes, followed by zeros only; it cuts no UTF-8 sequence.
//  2. A handler is always called with the context that was set together with it, outside locks.

#include <cstddef>
#include <iosfwd>
#include <new>
#include <string_view>
#include <tidemark/config.hpp>

namespace tidemark {

/// A name that outlives its pool: a copy of up to 31 bytes.
struct resource_name {
  static constexpr std::size_t max_bytes = 31;

  constexpr resource_name() noexcept = default;
  /// Effects: Copies `text` up to its first NUL; what is over 31 bytes is cut off between two UTF-8
  ///          sequences.
  constexpr resource_name(std::string_view text) noexcept;  // NOLINT(google-explicit-constructor)

  constexpr operator std::string_view() const noexcept {  // NOLINT(google-explicit-constructor)
    return std::string_view{text_};
  }
  constexpr bool empty() const noexcept { return text_[0] == '\0'; }

  friend constexpr bool operator==(resource_name const&, resource_name const&) noexcept = default;
  friend constexpr bool operator==(resource_name const& name, std::string_view text) noexcept {
    return std::string_view{name} == text;
  }

 private:
  char text_[max_bytes + 1] = {};
};

enum class misuse_kind {
  stale_marker,         // the null marker, or one whose checkpoint is closed
  foreign_marker,       // a marker that another pool made
  out_of_order,         // closing what lies below an open memory_scope
  wrong_thread,         // a single-thread pool used by a thread that does not own it
  scope_closed,         // an allocation through a scope that is closed
  double_free,          // a block freed a second time
  foreign_block,        // a block freed that the pool did not allocate
  rewind_in_finalizer,  // a mark closed by a destructor that a rewind is running
  concurrent_use,       // two threads inside a pool that serves one at a time
  outlived,             // a block freed after its scope closed
  overrun,              // a write behind the end of a block
  no_scope,             // an allocation with no checkpoint open, of a pool that requires one
};

/// One bug of a caller. What is not known is empty, and does not show in the report.
struct misuse {
  misuse_kind kind = misuse_kind::stale_marker;
  resource_name resource{};         // of the pool that found it
  source_location opened{};         // where the checkpoint was opened
  source_location closed{};         // where it was closed, if that call carried a place
  source_location used{};           // the call that is wrong, if it carried a place
  void const* address = nullptr;    // the block it is about
  void const* closed_at = nullptr;  // code addresses, where a call carried no place: a
  void const* used_at = nullptr;    // destructor's, a container's
};

using misuse_handler = void (*)(misuse const&, void* context) noexcept;

struct misuse_hook {
  misuse_handler handler = nullptr;  // null: the default, which prints the report and aborts
  void* context = nullptr;
};

/// Sets the handler for the whole process; null restores the default.
/// Returns:       The former handler and its context.
misuse_hook set_misuse_handler(misuse_handler handler, void* context = nullptr) noexcept;

/// Calls the handler. For pools, a user's own among them.
/// Postconditions: If it returns, the pool must go on as if the wrong call had not been made.
[[gnu::cold]] void report_misuse(misuse const& bug) noexcept;

/// A pool with a bound has no room left; nothing was changed.
struct resource_exhausted : std::bad_alloc {
  resource_exhausted(resource_name name, std::size_t requested, std::size_t available) noexcept
      : resource(name), requested_bytes(requested), available_bytes(available) {}
  char const* what() const noexcept override;

  resource_name resource;
  std::size_t requested_bytes;
  std::size_t available_bytes;
};

/// A budget laid over a resource is spent, though the resource itself may have room.
struct budget_exceeded : resource_exhausted {
  using resource_exhausted::resource_exhausted;
  char const* what() const noexcept override;
};

/// Writes the name of the enumerator.
std::ostream& operator<<(std::ostream& out, misuse_kind kind);
std::ostream& operator<<(std::ostream& out, resource_name const& name);
/// Writes the report, several lines without a last line end.
std::ostream& operator<<(std::ostream& out, misuse const& bug);

constexpr resource_name::resource_name(std::string_view text) noexcept {
  text = text.substr(0, text.find('\0'));
  auto length = text.size();
  if (length > max_bytes) {
    length = max_bytes;
    // Bytes 10xxxxxx continue a sequence: never cut before one.
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
  }
  for (std::size_t i = 0; i < length; ++i) text_[i] = text[i];
}

static_assert(sizeof(resource_name) == 32);

}  // namespace tidemark
