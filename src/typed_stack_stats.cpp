// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <ostream>
#include <tidemark/detail/json_string.hpp>
#include <tidemark/typed_stack_stats.hpp>
#include <utility>

#include "detail/count_table.hpp"

namespace tidemark {
namespace {

constexpr std::array lane_counts{
    std::pair{"bytes_in_use", &lane_stats::bytes_in_use},
    std::pair{"bytes_peak", &lane_stats::bytes_peak},
    std::pair{"bytes_reserved", &lane_stats::bytes_reserved},
    std::pair{"chunk_count", &lane_stats::chunk_count},
};
static_assert(sizeof(lane_stats) ==
                  sizeof(std::string_view) + lane_counts.size() * sizeof(std::size_t),
              "a field that no writer knows");

}  // namespace

std::ostream& operator<<(std::ostream& out, lane_stats const& stats) {
  return out << stats.element << ": " << detail::counts_text(lane_counts, stats);
}

std::ostream& operator<<(std::ostream& out, typed_stack_stats const& stats) {
  out << stats.total;
  for (lane_stats const& lane : stats.lanes) out << "\n  " << lane;
  return out;
}

std::string to_json(lane_stats const& stats) {
  return "{\"element\":" + detail::json_string(stats.element) + ',' +
         detail::counts_json(lane_counts, stats) + '}';
}

std::string to_json(typed_stack_stats const& stats) {
  std::string json = "{\"total\":" + to_json(stats.total) + ",\"lanes\":[";
  for (lane_stats const& lane : stats.lanes) {
    if (&lane != stats.lanes.data()) json += ',';
    json += to_json(lane);
  }
  return json += "]}";
}

}  // namespace tidemark
