// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which code called: for reports about calls that carry no place, a destructor's or a container's.
//
// Taken only at level 1: it unwinds the stack, about a microsecond. Names are looked up only when a
// report is made.
//
// Thread rule: a value; any thread.

#include <array>
#include <cstddef>
#include <span>

namespace tidemark::detail {

struct code_trace {
  std::array<void const*, 12> frames{};  // return addresses, the nearest first; null after the last

  /// Returns:    The calls that led here, from the one that returns to `nearest` on; from the
  ///             caller's on if that is not among them. Empty where the system cannot tell.
  static code_trace from(void const* nearest) noexcept;

  /// Returns:    The first code address outside the library and the standard library, as far as
  ///             symbols tell; else the nearest. Null if the trace is empty.
  void const* culprit() const noexcept;

  /// Writes `function()+0x2c` of the culprit, or `program+0x114c` where it has no name, cut to fit
  /// and ended by a NUL. May allocate to demangle.
  void describe(std::span<char> text) const noexcept;
};

}  // namespace tidemark::detail
