// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <tidemark/report.hpp>
#include <vector>

namespace tidemark {
namespace {

constexpr std::size_t column_count = 9;
using line = std::array<std::string, column_count>;

// 0 B, 1023 B, 1.0 KiB, 1023.9 KiB ...: one decimal, rounded down, so that no unit reaches 1024.
std::string bytes_text(std::size_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  std::size_t whole = bytes;
  std::size_t rest = 0;  // of the last division by 1024
  while (whole >= 1024) {
    rest = whole % 1024;
    whole /= 1024;
    ++unit;
  }
  auto text = std::to_string(whole);
  if (unit > 0) (text += '.') += static_cast<char>('0' + rest * 10 / 1024);
  return (text += ' ') += units[unit];
}

line line_of(resource_stats const& stats) {
  return {stats.name.empty() ? "(unnamed)" : std::string{std::string_view{stats.name}},
          bytes_text(stats.bytes_in_use),
          bytes_text(stats.bytes_peak),
          bytes_text(stats.bytes_reserved),
          std::to_string(stats.chunk_count),
          std::to_string(stats.upstream_calls),
          std::to_string(stats.depth),
          std::to_string(stats.closed_from_below),
          std::to_string(stats.late_frees)};
}

// How wide text is on a terminal: bytes 10xxxxxx of UTF-8 continue a character.
std::size_t width_of(std::string const& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

void print_report(std::ostream& out, std::span<resource_stats const> pools) {
  std::vector<line> lines{{"pool", "in use", "peak", "reserved", "chunks", "upstream calls",
                           "depth", "closed from below", "late frees"}};
  for (auto const& stats : pools) lines.push_back(line_of(stats));

  std::array<std::size_t, column_count> widths{};
  for (auto const& cells : lines) {
    for (std::size_t i = 0; i < column_count; ++i) {
      widths[i] = std::max(widths[i], width_of(cells[i]));
    }
  }
  for (auto const& cells : lines) {
    // The name is aligned to the left, numbers are to the right.
    out << cells[0] << std::string(widths[0] - width_of(cells[0]), ' ');
    for (std::size_t i = 1; i < column_count; ++i) {
      out << std::string(2 + widths[i] - width_of(cells[i]), ' ') << cells[i];
    }
    out << '\n';
  }
}

}  // namespace tidemark
