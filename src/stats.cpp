// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <ostream>
#include <tidemark/detail/json_string.hpp>
#include <tidemark/stats.hpp>
#include <utility>

#include "detail/count_table.hpp"

namespace tidemark {
namespace {

// Every count with its name, once for all writers.
constexpr std::array counts{
    std::pair{"bytes_in_use", &resource_stats::bytes_in_use},
    std::pair{"bytes_peak", &resource_stats::bytes_peak},
    std::pair{"bytes_reserved", &resource_stats::bytes_reserved},
    std::pair{"chunk_count", &resource_stats::chunk_count},
    std::pair{"upstream_calls", &resource_stats::upstream_calls},
    std::pair{"depth", &resource_stats::depth},
    std::pair{"closed_from_below", &resource_stats::closed_from_below},
    std::pair{"late_frees", &resource_stats::late_frees},
};
static_assert(sizeof(resource_stats) == sizeof(resource_name) + counts.size() * sizeof(std::size_t),
              "a field that no writer knows");

}  // namespace

std::ostream& operator<<(std::ostream& out, resource_stats const& stats) {
  out << (stats.name.empty() ? std::string_view{"(unnamed)"} : std::string_view{stats.name}) << ':';
  return out << ' ' << detail::counts_text(counts, stats);
}

std::string to_json(resource_stats const& stats) {
  return "{\"name\":" + detail::json_string(stats.name) + ',' + detail::counts_json(counts, stats) +
         '}';
}

}  // namespace tidemark
