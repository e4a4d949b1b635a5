// SPDX-License-Identifier: BSL-1.0
#pragma once

// The heaps that would take the place of the program's own if they were linked: opened beside it.
//
// Use them as contestants, for blocks of alignment up to 8. Do not open jemalloc in a program
// without GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096: its thread-local data must find room
// when the program has started already. `perf/run` and the tests set it.
//
// Thread rule: any thread.

#include <memory_resource>

namespace perf {

/// Returns:        The resource over the library. A program that does not find it ends with a
///                 message: a row without its peers would be read as one that has none.
std::pmr::memory_resource* jemalloc();
std::pmr::memory_resource* tbbmalloc();

}  // namespace perf
