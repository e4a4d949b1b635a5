// SPDX-License-Identifier: BSL-1.0
#pragma once

// What this process has used: time of the processor, memory.
//
// Thread rule: any thread.

#include <chrono>
#include <cstddef>

namespace support {

/// Of all threads of the process. Time that other programs take from it is not part of it.
std::chrono::nanoseconds processor_time() noexcept;

/// Returns: VmHWM in bytes; 0 where the system has no /proc.
std::size_t peak_resident_bytes();

}  // namespace support
