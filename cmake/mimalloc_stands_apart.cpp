// SPDX-License-Identifier: BSL-1.0

// Both builds run this with a static mimalloc: it succeeds if the archive leaves the program's
// malloc and operator new alone.

#include <mimalloc.h>

#include <cstdlib>

int main() {
  void* volatile theirs = mi_malloc(8);
  void* volatile from_malloc = std::malloc(8);
  void* volatile from_new = ::operator new(8);
  bool const apart = mi_is_in_heap_region(theirs) && !mi_is_in_heap_region(from_malloc) &&
                     !mi_is_in_heap_region(from_new);
  return apart ? 0 : 1;
}
