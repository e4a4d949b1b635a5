// SPDX-License-Identifier: BSL-1.0

// Planted: a pointer is read after the scope that it points into has closed.
// With an argument it is read before.

#include <cstdio>
#include <cstring>
#include <tidemark/tidemark.hpp>

#include "quarantined.hpp"

int main(int argc, char**) {
  bool const planted = argc == 1;
  tidemark::frame_resource frame{planted::options(), planted::upstream()};
  char volatile* text = nullptr;
  {
    tidemark::memory_scope scope{frame};
    void* const block = scope.allocate(32);
    text = static_cast<char*>(std::strcpy(static_cast<char*>(block), "alive"));
    if (!planted) std::printf("read %c\n", text[0]);
  }
  if (planted) std::printf("read %02x\n", static_cast<unsigned>(text[0]) & 0xFFU);
}
