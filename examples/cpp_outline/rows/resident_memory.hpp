// SPDX-License-Identifier: BSL-1.0
#pragma once

// How much memory this process has had at most.
//
// Thread rule: any thread.

#include <cstddef>

namespace cpp_outline {

/// Returns: VmHWM in bytes; 0 where the system has no /proc.
std::size_t peak_resident_bytes();

}  // namespace cpp_outline
