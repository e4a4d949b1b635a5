// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every other header may assume: the version and the place of a call in a source file.
//
// Thread rule: everything here is a constant or a value.

#include <cstdint>

#define TIDEMARK_VERSION_MAJOR 0
#define TIDEMARK_VERSION_MINOR 1
#define TIDEMARK_VERSION_PATCH 0

namespace tidemark {

/// A file and a line. Our own type on every compiler, so that a library built by one compiler
/// serves a program built by another: clang 14 has no `std::source_location` at all.
struct source_location {
  char const* file = "";   // static storage; never null
  std::uint32_t line = 0;  // 0: no place is known

  constexpr source_location() noexcept = default;
  constexpr source_location(char const* file_name, std::uint32_t line_number) noexcept
      : file(file_name), line(line_number) {}

  /// From `std::source_location`, `boost::source_location` and their like.
  template <class Other>
    requires requires(Other const& other) {
      other.file_name();
      other.line();
    }
  constexpr source_location(Other const& other) noexcept  // NOLINT(google-explicit-constructor)
      : file(other.file_name()), line(static_cast<std::uint32_t>(other.line())) {}

  /// Returns: the place of the call; as a default argument, the place of the caller's call.
  static constexpr source_location current(char const* file_name = __builtin_FILE(),
                                           std::uint32_t line_number = __builtin_LINE()) noexcept {
    return {file_name, line_number};
  }

  /// Returns: whether a place is known.
  constexpr explicit operator bool() const noexcept { return line != 0; }
};

}  // namespace tidemark
