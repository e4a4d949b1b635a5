// SPDX-License-Identifier: BSL-1.0
#pragma once

// Takes from a process all memory that it may have, for a child that shows what happens then.
//
// Thread rule: one thread, and no other that allocates. Sanitizers end a program that is refused
// memory.

#include <sys/resource.h>

#include <cstddef>
#include <cstdlib>

namespace tidemark::test {

/// Takes memory until the process gets none. Not given back: the child ends.
inline void use_up_memory() {
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_AS, &limit);
  for (std::size_t bytes = std::size_t{1} << 16U; bytes >= 16; bytes /= 2) {
    for (void* volatile block = std::malloc(bytes); block != nullptr;) block = std::malloc(bytes);
  }
}

/// Lets the process have new memory.
inline void allow_memory() {
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_AS, &limit);
}

}  // namespace tidemark::test
