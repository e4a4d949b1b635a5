// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a typed stack tells about itself lane by lane.
//
// Use it to see which element type takes the memory; `typed_stack_resource::stats` is the sum.
//
// Thread rule: a value.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <tidemark/stats.hpp>
#include <vector>

namespace tidemark {

/// Arrays that were taken for a scope below the one on top count as bytes, not in their lane. What
/// lies in a lane counts in whole 16 bytes.
struct lane_stats {
  std::string_view element{};      // the type as the compiler spells it; "bytes", "bits"
  std::size_t bytes_in_use = 0;    // of its arrays, wherever they lie
  std::size_t bytes_peak = 0;      // the most bytes_in_use has been
  std::size_t bytes_reserved = 0;  // of chunks that upstream gave for it
  std::size_t chunk_count = 0;     // those chunks

  friend bool operator==(lane_stats const&, lane_stats const&) noexcept = default;
};

struct typed_stack_stats {
  resource_stats total{};
  /// The byte lane first, then every element type that was ever used. The byte lane's figures
  /// include arrays that do not lie in their own lane: large ones, and all of them if the stack is
  /// checked, not pooled, on a caller's buffer or on reserved pages.
  std::vector<lane_stats> lanes{};
};

/// Writes one line: the element type, then `field=value` for each field.
std::ostream& operator<<(std::ostream& out, lane_stats const& stats);
/// Writes the line of the total, then an indented one for each lane, without a last line end.
std::ostream& operator<<(std::ostream& out, typed_stack_stats const& stats);

/// Returns: One JSON object; its keys are the names of the fields.
std::string to_json(lane_stats const& stats);
std::string to_json(typed_stack_stats const& stats);

}  // namespace tidemark
