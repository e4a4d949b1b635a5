// SPDX-License-Identifier: BSL-1.0
#pragma once

// Text as a JSON string.
//
// Thread rule: a function without state.

#include <string>
#include <string_view>

namespace tidemark::detail {

/// Returns:       `text` in quotes and escaped. Bytes that are not valid UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace tidemark::detail
