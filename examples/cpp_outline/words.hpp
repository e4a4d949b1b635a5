// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which words of C++ mean something to an outline.
//
// Thread rule: everything here is a constant or a pure function.

#include <array>
#include <cstddef>
#include <string_view>
#include <syntax.hpp>

namespace cpp_outline {

/// Letters, digits, _ and $, and every byte of a UTF-8 sequence.
inline constexpr auto word_characters = [] {
  std::array<bool, 256> is{};
  for (std::size_t c = 0; c != is.size(); ++c) {
    is[c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '_' || c == '$' || c >= 0x80;
  }
  return is;
}();
constexpr bool is_word_character(char c) noexcept {
  return word_characters[static_cast<unsigned char>(c)];
}

/// Returns: `identifier` for a word that is none of the language's.
token_kind kind_of_word(std::string_view word) noexcept;

/// Whether a word before a quote belongs to the literal.
bool is_literal_prefix(std::string_view word) noexcept;
bool is_raw_prefix(std::string_view word) noexcept;

}  // namespace cpp_outline
