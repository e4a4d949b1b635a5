// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a pool takes its memory from if it is not told.
//
// It does not follow `std::pmr::set_default_resource`: a pool that is itself the default resource
// must not become its own upstream.
//
// Thread rule: any thread; during static initialisation and after the end of main too.

#include <memory_resource>

namespace tidemark {

/// Returns:       `mimalloc_resource()`; in a program with ASan, MSan or TSan and under Valgrind,
///                which watch only the program's own heap, `std::pmr::new_delete_resource()`.
///                The same in every call; never destroyed.
std::pmr::memory_resource* default_upstream() noexcept;

}  // namespace tidemark
