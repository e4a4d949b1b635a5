// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <ostream>
#include <tidemark/adaptors/allocation_statistics.hpp>
#include <utility>

#include "../detail/count_table.hpp"

namespace tidemark {
namespace {

// Every number with its name, once for all writers.
constexpr std::array allocation_counts{
    std::pair{"allocations", &allocation_statistics::allocations},
    std::pair{"failures", &allocation_statistics::failures},
    std::pair{"frees", &allocation_statistics::frees},
    std::pair{"late_frees", &allocation_statistics::late_frees},
    std::pair{"refunded_blocks", &allocation_statistics::refunded_blocks},
    std::pair{"bytes_allocated", &allocation_statistics::bytes_allocated},
    std::pair{"bytes_in_use", &allocation_statistics::bytes_in_use},
    std::pair{"bytes_peak", &allocation_statistics::bytes_peak},
    std::pair{"blocks_in_use", &allocation_statistics::blocks_in_use},
};
static_assert(sizeof(allocation_statistics) ==
                  (allocation_counts.size() + allocation_statistics::size_classes) *
                      sizeof(std::size_t),
              "a field that no writer knows");

}  // namespace

std::ostream& operator<<(std::ostream& out, allocation_statistics const& statistics) {
  out << detail::counts_text(allocation_counts, statistics);
  for (std::size_t i = 0; i < statistics.sizes.size(); ++i) {
    if (statistics.sizes[i] == 0) continue;
    std::size_t const least = allocation_statistics::least_bytes(i);
    std::size_t const most = i == 0 ? 0 : least + (least - 1);
    out << "\n  " << least << " to " << most << " bytes: " << statistics.sizes[i];
  }
  return out;
}

std::string to_json(allocation_statistics const& statistics) {
  std::string json = '{' + detail::counts_json(allocation_counts, statistics) + ",\"sizes\":[";
  char const* between = "";
  for (std::size_t i = 0; i < statistics.sizes.size(); ++i) {
    if (statistics.sizes[i] == 0) continue;
    json += std::exchange(between, ",");
    (json += "{\"least_bytes\":") += std::to_string(allocation_statistics::least_bytes(i));
    ((json += ",\"allocations\":") += std::to_string(statistics.sizes[i])) += '}';
  }
  return json += "]}";
}

}  // namespace tidemark
