// SPDX-License-Identifier: BSL-1.0
#include <iomanip>
#include <ostream>
#include <sstream>
#include <support/table_text.hpp>

namespace support {

std::string fixed(double number, int decimals) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(decimals) << number;
  return text.str();
}

void write_line(std::ostream& out, std::string_view name, std::span<std::string const> cells,
                std::span<int const> widths, std::string_view end) {
  out << std::left << std::setw(24) << name << std::right;
  for (std::size_t i = 0; i != cells.size(); ++i) out << std::setw(widths[i]) << cells[i];
  out << "  " << end << '\n';
}

}  // namespace support
