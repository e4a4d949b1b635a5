// SPDX-License-Identifier: BSL-1.0
#pragma once

// Writes an outline, for people and as JSON.
//
// Thread rule: one thread.

#include <cstddef>
#include <iosfwd>
#include <outline.hpp>
#include <parser.hpp>
#include <source_tree.hpp>

namespace cpp_outline {

/// What is said about the whole tree.
struct summary {
  std::size_t file_count;
  std::size_t text_bytes;
  std::size_t skipped_count;
  std::size_t declaration_count;
  parse_counts counts;
};

/// At most `max_lines` declarations under the paths of their files, and a line that tells how many
/// are left out. Nothing if `max_lines` is 0.
void print_outline(std::ostream& out, outline const& found, source_tree const& tree,
                   std::size_t max_lines);

void print_summary(std::ostream& out, summary const& all);

/// One JSON object: files, skipped, summary. Bytes that are no UTF-8 become U+FFFD.
void write_json(std::ostream& out, outline const& found, source_tree const& tree,
                summary const& all);

}  // namespace cpp_outline
