// SPDX-License-Identifier: BSL-1.0
#pragma once

// The heap mimalloc as a `std::pmr::memory_resource`, beside the heap of the program.
//
// The shared library of mimalloc exports `malloc` and `operator new`, so a program that links it
// has its own heap replaced. This resource never does that: it uses a static mimalloc where the
// build found one that keeps out of the way, else opens the shared library privately at first use.
//
// Use it as the upstream of a pool, or wherever a general heap is wanted. It does not replace
// `operator new`, on purpose.
//
// Thread rule: any thread may allocate, any thread may free.

#include <memory_resource>

namespace tidemark {

/// Returns:       The resource over mimalloc, or `std::pmr::new_delete_resource()` if this machine
///                has no mimalloc. The same in every call; never destroyed.
/// Remarks:       The first call may open a shared library.
std::pmr::memory_resource* mimalloc_resource() noexcept;

}  // namespace tidemark
