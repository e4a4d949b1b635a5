// SPDX-License-Identifier: BSL-1.0
#pragma once

// The rows of the table: the same parser, each on another memory.
//
// Thread rule: a row runs in a process of its own, which has one thread.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <parser.hpp>
#include <source_tree.hpp>
#include <span>
#include <string_view>

namespace cpp_outline {

/// What a row's process tells, in memory that it shares with its parent: it is there even if the
/// process crashes.
struct row_report {
  std::atomic<std::size_t> files_done;  // the row writes it, the parent reads it meanwhile
  double seconds;                       // of the processor, while it read the files' texts
  std::size_t heap_calls;
  std::size_t peak_bytes;  // beyond what was resident before the first file
  parse_counts counts;
  std::size_t declaration_count;
  bool finished;
  bool absent;                  // there is no such memory here
  bool wrong;                   // the outline differs from the reference
  std::size_t wrong_file;       // index of the first file whose outline differs
  std::array<char, 128> error;  // of an exception; ends with 0
};

struct job {
  std::span<source_file const> files;
  std::span<std::uint64_t const> checksums;  // of each file's outline, by the reference
  bool counts_calls;                         // also where that takes a second reading
};

struct row {
  std::string_view name;
  void (*run)(job const&, row_report&);
  bool is_right;  // that its outline is wrong is what it is there to show
};

std::span<row const> rows() noexcept;

}  // namespace cpp_outline
