// SPDX-License-Identifier: BSL-1.0
#pragma once

// How every writer of counts writes them: a table holds each field's name and member pointer once.
//
// Thread rule: none.

#include <string>

namespace tidemark::detail {

/// Returns:       `a=1 b=2`.
template <class Table, class Stats>
std::string counts_text(Table const& table, Stats const& stats) {
  std::string text;
  for (auto const& [field, count] : table) {
    if (!text.empty()) text += ' ';
    ((text += field) += '=') += std::to_string(stats.*count);
  }
  return text;
}

/// Returns:       `"a":1,"b":2`, the members of a JSON object.
template <class Table, class Stats>
std::string counts_json(Table const& table, Stats const& stats) {
  std::string json;
  for (auto const& [field, count] : table) {
    if (!json.empty()) json += ',';
    (((json += '"') += field) += "\":") += std::to_string(stats.*count);
  }
  return json;
}

}  // namespace tidemark::detail
