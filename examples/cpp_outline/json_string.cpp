// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <json_string.hpp>

namespace cpp_outline {
namespace {

struct utf8_range {
  unsigned char first, last;  // of the lead byte
  unsigned char second_first, second_last;
  std::size_t length;  // bytes of the sequence
};

// The well-formed sequences (Unicode 15, table 3-7).
constexpr std::array<utf8_range, 9> ranges{{{0x00, 0x7f, 0, 0, 1},
                                            {0xc2, 0xdf, 0x80, 0xbf, 2},
                                            {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                            {0xe1, 0xec, 0x80, 0xbf, 3},
                                            {0xed, 0xed, 0x80, 0x9f, 3},
                                            {0xee, 0xef, 0x80, 0xbf, 3},
                                            {0xf0, 0xf0, 0x90, 0xbf, 4},
                                            {0xf1, 0xf3, 0x80, 0xbf, 4},
                                            {0xf4, 0xf4, 0x80, 0x8f, 4}}};

// Returns: bytes of the sequence at the start; 0: it is not well formed.
std::size_t sequence_length(std::string_view bytes) noexcept {
  auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (utf8_range const& range : ranges) {
    if (at(0) < range.first || at(0) > range.last) continue;
    if (bytes.size() < range.length) return 0;
    if (range.length == 1) return 1;
    if (at(1) < range.second_first || at(1) > range.second_last) return 0;
    for (std::size_t i = 2; i < range.length; ++i) {
      if ((at(i) & 0xc0U) != 0x80U) return 0;
    }
    return range.length;
  }
  return 0;
}

void append_escaped(std::string& out, char c) {
  static constexpr std::string_view digits = "0123456789abcdef";
  auto const byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (byte < 0x20) {
    out += "\\u00";
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  } else {
    out += c;
  }
}

}  // namespace

std::string json_string(std::string_view bytes) {
  std::string out = "\"";
  while (!bytes.empty()) {
    auto const length = sequence_length(bytes);
    if (length == 1) {
      append_escaped(out, bytes.front());
    } else if (length == 0) {
      out += "\\ufffd";
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

}  // namespace cpp_outline
