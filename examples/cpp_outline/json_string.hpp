// SPDX-License-Identifier: BSL-1.0
#pragma once

// Bytes as a JSON string.
//
// Thread rule: a pure function.

#include <string>
#include <string_view>

namespace cpp_outline {

/// Returns: `bytes` in quotes, escaped; a byte that starts no well-formed UTF-8 sequence becomes
///          U+FFFD, because a path or an identifier may hold any.
std::string json_string(std::string_view bytes);

}  // namespace cpp_outline
