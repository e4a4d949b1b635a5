// SPDX-License-Identifier: BSL-1.0
#pragma once

// Pools as a table for people.
//
//  pool    in use      peak  reserved  chunks  upstream calls  depth  closed from below  late frees
//  frame  1.5 KiB  64.0 KiB   1.0 MiB       1               1      0                  0           0
//
// Use it at the end of a program or on request. For machines take `to_json` of `stats.hpp`.
//
// Thread rule: that of each pool's `stats()`.

#include <array>
#include <iosfwd>
#include <span>
#include <tidemark/stats.hpp>

namespace tidemark {

/// Writes the table: a line of titles, then one line for each of `pools`, in their order.
void print_report(std::ostream& out, std::span<resource_stats const> pools);

/// As above, for whatever has `stats()`.
template <class... Pools>
  requires(sizeof...(Pools) > 0) &&
          requires(Pools const&... pools) { (..., static_cast<resource_stats>(pools.stats())); }
void print_report(std::ostream& out, Pools const&... pools) {
  const std::array<resource_stats, sizeof...(Pools)> all{pools.stats()...};
  print_report(out, std::span<resource_stats const>{all});
}

}  // namespace tidemark
