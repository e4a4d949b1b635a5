// SPDX-License-Identifier: BSL-1.0
#include <tidemark/detail/json_string.hpp>

namespace tidemark::detail {
namespace {

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

std::string json_string(std::string_view text) {
  std::string json = "\"";
  append_escaped(json, text);
  return json += '"';
}

}  // namespace tidemark::detail
