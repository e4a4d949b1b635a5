// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <ostream>
#include <tidemark/adaptors/recovery_resource.hpp>
#include <utility>

#include "../detail/count_table.hpp"

namespace tidemark {
namespace {

// Every number with its name, once for all writers.
constexpr std::array recovery_counts{
    std::pair{"recoveries", &recovery_statistics::recoveries},
    std::pair{"retries", &recovery_statistics::retries},
    std::pair{"fallbacks", &recovery_statistics::fallbacks},
    std::pair{"given_up", &recovery_statistics::given_up},
};
static_assert(sizeof(recovery_statistics) == recovery_counts.size() * sizeof(std::size_t),
              "a field that no writer knows");

}  // namespace

std::ostream& operator<<(std::ostream& out, recovery_statistics const& statistics) {
  return out << detail::counts_text(recovery_counts, statistics);
}

std::string to_json(recovery_statistics const& statistics) {
  return '{' + detail::counts_json(recovery_counts, statistics) + '}';
}

}  // namespace tidemark
