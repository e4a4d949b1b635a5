// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <words.hpp>

namespace cpp_outline {
namespace {

struct entry {
  std::string_view word;
  token_kind kind;
};

using enum token_kind;

// Sorted by word.
constexpr std::array words{
    entry{"_Alignas", specifier},
    entry{"__asm", statement_key},
    entry{"__asm__", statement_key},
    entry{"__attribute", specifier},
    entry{"__attribute__", specifier},
    entry{"__const", specifier},
    entry{"__declspec", specifier},
    entry{"__extension__", specifier},
    entry{"__inline", specifier},
    entry{"__inline__", specifier},
    entry{"__restrict", specifier},
    entry{"__typeof__", specifier},
    entry{"alignas", specifier},
    entry{"asm", statement_key},
    entry{"auto", specifier},
    entry{"bool", specifier},
    entry{"break", statement_key},
    entry{"case", access_key},
    entry{"catch", statement_key},
    entry{"char", specifier},
    entry{"class", class_key},
    entry{"co_await", statement_key},
    entry{"co_return", statement_key},
    entry{"co_yield", statement_key},
    entry{"concept", concept_key},
    entry{"const", specifier},
    entry{"consteval", specifier},
    entry{"constexpr", specifier},
    entry{"constinit", specifier},
    entry{"continue", statement_key},
    entry{"decltype", specifier},
    entry{"default", access_key},
    entry{"delete", statement_key},
    entry{"do", statement_key},
    entry{"double", specifier},
    entry{"else", statement_key},
    entry{"enum", enum_key},
    entry{"explicit", specifier},
    entry{"export", specifier},
    entry{"extern", linkage_key},
    entry{"float", specifier},
    entry{"for", statement_key},
    entry{"friend", specifier},
    entry{"goto", statement_key},
    entry{"if", statement_key},
    entry{"inline", specifier},
    entry{"int", specifier},
    entry{"long", specifier},
    entry{"mutable", specifier},
    entry{"namespace", namespace_key},
    entry{"new", statement_key},
    entry{"noexcept", specifier},
    entry{"operator", operator_key},
    entry{"private", access_key},
    entry{"protected", access_key},
    entry{"public", access_key},
    entry{"register", specifier},
    entry{"requires", specifier},
    entry{"return", statement_key},
    entry{"short", specifier},
    entry{"signed", specifier},
    entry{"sizeof", statement_key},
    entry{"static", specifier},
    entry{"static_assert", statement_key},
    entry{"struct", class_key},
    entry{"switch", statement_key},
    entry{"template", template_key},
    entry{"this", statement_key},
    entry{"thread_local", specifier},
    entry{"throw", specifier},  // behind a function it is part of its type
    entry{"try", statement_key},
    entry{"typedef", typedef_key},
    entry{"typename", specifier},
    entry{"union", class_key},
    entry{"unsigned", specifier},
    entry{"using", using_key},
    entry{"virtual", specifier},
    entry{"void", specifier},
    entry{"volatile", specifier},
    entry{"while", statement_key},
};
static_assert(std::ranges::is_sorted(words, {}, &entry::word));

// For each first character, where its words start: most identifiers are told from keywords by it.
constexpr auto starts = [] {
  std::array<unsigned char, 129> first{};
  for (std::size_t c = 0; c != first.size(); ++c) {
    std::size_t i = 0;
    while (i != words.size() && static_cast<std::size_t>(words[i].word[0]) < c) ++i;
    first[c] = static_cast<unsigned char>(i);
  }
  return first;
}();

}  // namespace

token_kind kind_of_word(std::string_view word) noexcept {
  auto const first = static_cast<unsigned char>(word.front());
  if (first >= 128) return identifier;
  for (std::size_t i = starts[first]; i != starts[first + 1U]; ++i) {
    auto const& [candidate, kind] = words[i];
    // Two characters tell most identifiers apart before any call.
    if (candidate.size() != word.size() || candidate[1] != word[1]) continue;
    if (candidate == word) return kind;
  }
  return identifier;
}

bool is_literal_prefix(std::string_view word) noexcept {
  return word == "L" || word == "u8" || word == "u" || word == "U";
}

bool is_raw_prefix(std::string_view word) noexcept {
  return !word.empty() && word.back() == 'R' &&
         (word.size() == 1 || is_literal_prefix(word.substr(0, word.size() - 1)));
}

}  // namespace cpp_outline
