// SPDX-License-Identifier: BSL-1.0

// Planted: a pointer is read after the frame was reset. With an argument it is read before.

#include <cstdio>
#include <cstring>
#include <tidemark/tidemark.hpp>

#include "quarantined.hpp"

int main(int argc, char**) {
  bool const planted = argc == 1;
  tidemark::frame_resource frame{planted::options(), planted::upstream()};
  void* const block = frame.allocate(32);
  char volatile* const text = std::strcpy(static_cast<char*>(block), "alive");
  if (!planted) std::printf("read %c\n", text[0]);
  frame.reset();
  if (planted) std::printf("read %02x\n", static_cast<unsigned>(text[0]) & 0xFFU);
}
