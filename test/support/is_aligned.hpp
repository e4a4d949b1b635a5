// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether a block is aligned, in a way that a test can rely on.
//
// `std::pmr::memory_resource::allocate` tells the compiler that its answer is aligned as asked, so
// a plain check of the answer is dropped as known to be true. This one is not.
//
// Thread rule: any thread.

#include <cstddef>
#include <cstdint>

namespace tidemark::test {

/// Returns: The distance in bytes from the last address that is a multiple of `alignment`.
inline std::size_t misalignment(void const* block, std::size_t alignment) noexcept {
  void const* volatile unknown = block;  // what is read back, the compiler knows nothing of
  return reinterpret_cast<std::uintptr_t>(unknown) % alignment;
}

inline bool is_aligned(void const* block, std::size_t alignment) noexcept {
  return misalignment(block, alignment) == 0;
}

}  // namespace tidemark::test
