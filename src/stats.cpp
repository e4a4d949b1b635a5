// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <ostream>
#include <tidemark/stats.hpp>
#include <utility>

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

// Returns the length in bytes of the valid UTF-8 sequence at the start of `text`, or 0. After the
// table of well-formed byte sequences in the Unicode standard, chapter 3.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  // The second byte bounds out overlong forms, surrogates and what is over U+10FFFF.
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

void append_escaped(std::string& json, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const auto length = utf8_length(text);
    if (length == 0) {
      json += "\\ufffd";
    } else if (first == '"' || first == '\\') {
      (json += '\\') += text.front();
    } else if (first < 0x20) {
      ((json += "\\u00") += hex[first >> 4U]) += hex[first & 15U];
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, resource_stats const& stats) {
  out << (stats.name.empty() ? std::string_view{"(unnamed)"} : std::string_view{stats.name}) << ':';
  for (auto const& [field, count] : counts) out << ' ' << field << '=' << stats.*count;
  return out;
}

std::string to_json(resource_stats const& stats) {
  std::string json = "{\"name\":\"";
  append_escaped(json, stats.name);
  json += '"';
  for (auto const& [field, count] : counts) {
    ((((json += ",\"") += field) += "\":") += std::to_string(stats.*count));
  }
  return json += '}';
}

}  // namespace tidemark
