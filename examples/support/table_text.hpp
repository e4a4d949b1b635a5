// SPDX-License-Identifier: BSL-1.0
#pragma once

// Lines of a table.
//
// Thread rule: functions without state.

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace support {

/// Returns: the number with so many digits after its point.
std::string fixed(double number, int decimals);

/// Writes the name, then each cell to the right of as many columns as `widths` has for it, then
/// what is at the end.
void write_line(std::ostream& out, std::string_view name, std::span<std::string const> cells,
                std::span<int const> widths, std::string_view end);

}  // namespace support
