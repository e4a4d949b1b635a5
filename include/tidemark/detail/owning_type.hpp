// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which classes of the standard library own what they hold.
//
//   std::vector<int*>        yes: what it points at is its template arguments' affair
//   std::chrono::duration    yes
//   std::any, std::function, std::future, std::match_results, std::string_view     no
//
// They are told by name, so that none of their headers is included here. A name that is not found,
// be it because a compiler spells it otherwise, is a no: the safe answer.

#include <cstddef>
#include <string_view>
#include <tuple>

namespace tidemark::detail {

// Behind "std::". Inline namespaces are left out, and so are template arguments.
inline constexpr std::string_view owning_names[] = {
    "atomic",
    "basic_string",
    "bitset",
    "chrono::duration",
    "chrono::hh_mm_ss",
    "chrono::time_point",
    "complex",
    "deque",
    "domain_error",
    "error_code",
    "error_condition",
    "expected",
    "filesystem::directory_entry",
    "filesystem::file_status",
    "filesystem::path",
    "forward_list",
    "invalid_argument",
    "length_error",
    "linear_congruential_engine",
    "list",
    "logic_error",
    "map",
    "mersenne_twister_engine",
    "multimap",
    "multiset",
    "out_of_range",
    "overflow_error",
    "priority_queue",
    "queue",
    "range_error",
    "runtime_error",
    "set",
    "stack",
    "string",  // libc++ has names for these that its compilers prefer
    "system_error",
    "type_index",
    "u16string",
    "u32string",
    "u8string",
    "underflow_error",
    "unexpected",
    "unordered_map",
    "unordered_multimap",
    "unordered_multiset",
    "unordered_set",
    "valarray",
    "vector",
    "wstring",
};

/// Takes `word` from the front of `text`, past inline namespaces: those have reserved names.
constexpr bool consume(std::string_view& text, std::string_view word) {
  while (text.starts_with('_')) {
    auto const end = text.find_first_of(":<");
    if (end == text.npos || !text.substr(end).starts_with("::")) return false;
    text.remove_prefix(end + 2);
  }
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// Whether `text` is `name`, with any template arguments.
constexpr bool names(std::string_view text, std::string_view name) {
  for (auto end = name.find("::"); end != name.npos; end = name.find("::")) {
    if (!consume(text, name.substr(0, end + 2))) return false;
    name.remove_prefix(end + 2);
  }
  if (!consume(text, name)) return false;
  if (text.empty()) return true;
  if (text.front() != '<') return false;
  // A type inside of it, such as a node, goes on behind the arguments.
  std::size_t open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<') ++open;
    if (text[i] == '>' && --open == 0) return i + 1 == text.size();
  }
  return false;
}

template <class T>
consteval auto signature_of() {
  return __PRETTY_FUNCTION__;  // "... [with T = std::vector<int>]" or "... [T = std::vector<int>]"
}

/// Whether T is one of these. It holds no more than its template arguments say.
template <class T>
consteval bool is_owning_type() {
  std::string_view text{signature_of<T>()};
  text.remove_prefix(text.find("T = ") + 4);
  text.remove_suffix(1);
  if (!text.starts_with("std::")) return false;
  text.remove_prefix(5);
  for (auto const name : owning_names) {
    if (names(text, name)) return true;
  }
  return false;
}

/// The arguments of a template of types; none if T is no such thing.
template <class T>
struct type_arguments {
  using list = std::tuple<>*;
};
template <template <class...> class Template, class... T>
struct type_arguments<Template<T...>> {
  using list = std::tuple<T...>*;
};

}  // namespace tidemark::detail
