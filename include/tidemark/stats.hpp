// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a pool tells about itself, as numbers.
//
// Use it to watch growth in a test or a dashboard; `report.hpp` prints several pools as a table.
//
// Thread rule: a value. Whether `stats()` may be called while a pool is in use, the pool says.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <tidemark/error.hpp>

namespace tidemark {

struct resource_stats {
  resource_name name{};            // empty if the pool has none
  std::size_t bytes_in_use = 0;    // frame and stack: padding included; block pools: block sizes
  std::size_t bytes_peak = 0;      // the most bytes_in_use has been; stack, block pools: at most
  std::size_t bytes_reserved = 0;  // what upstream gave and has not got back: chunks, bookkeeping
  std::size_t chunk_count = 0;     // blocks of upstream that users' blocks lie in
  std::size_t upstream_calls = 0;  // allocations asked of upstream, ever
  std::size_t depth = 0;           // count of open checkpoints
  std::size_t closed_from_below = 0;  // checkpoints closed by an outer one, ever
  std::size_t late_frees = 0;         // frees that came too late to be of use, ever

  friend bool operator==(resource_stats const&, resource_stats const&) noexcept = default;
};

/// Writes one line: the name, then `field=value` for each field.
std::ostream& operator<<(std::ostream& out, resource_stats const& stats);

/// Returns: One JSON object; its keys are the names of the fields. Bytes of the name that are not
///          valid UTF-8 become U+FFFD.
std::string to_json(resource_stats const& stats);

}  // namespace tidemark
