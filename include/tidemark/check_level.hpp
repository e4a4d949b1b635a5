// SPDX-License-Identifier: BSL-1.0
#pragma once

// How much a pool checks.
//
// Level 0 (`off`) validates markers, which costs one compare. Level 1 (`on`) sends every call
// through the pool's slow half, which poisons what is not live for sanitizers and Valgrind. Use
// `automatic` unless a test needs one of the two.
//
// Thread rule: any thread.

#include <cstdint>

namespace tidemark {

enum class check_level : std::uint8_t {
  automatic,  // the environment's TIDEMARK_CHECK=0 or 1 if set, else on under AddressSanitizer
  off,
  on
};

/// Returns:       Whether a pool made with `level` runs at level 1.
/// Remarks:       The environment is read once, at the first call that needs it.
/// Thread safety: Any thread.
bool checks_enabled(check_level level) noexcept;

}  // namespace tidemark
