// SPDX-License-Identifier: BSL-1.0
#pragma once

// The words of a name, by which it is found.
//
// Thread rule: functions without state.

#include <string_view>

namespace request_service {

// Of other alphabets every letter is one as it is.
inline bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

inline char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Calls `f(word)` with each word of the text, in lower case. `word`, a string, is used for it.
template <class String, class F>
void for_each_word(std::string_view text, String& word, F f) {
  while (!text.empty()) {
    word.clear();
    while (!text.empty() && is_letter(text.front())) {
      word.push_back(lower(text.front()));
      text.remove_prefix(1);
    }
    if (!word.empty()) f(std::string_view{word});
    while (!text.empty() && !is_letter(text.front())) text.remove_prefix(1);
  }
}

}  // namespace request_service
