// SPDX-License-Identifier: BSL-1.0

// Planted: a container of the bare frame grows while a scope is open, is read after that, and ends.
// With an argument it has `unscoped()` memory, which no scope takes back.

#include <cstdio>
#include <memory_resource>
#include <tidemark/tidemark.hpp>
#include <vector>

#include "quarantined.hpp"

int main(int argc, char**) {
  bool const planted = argc == 1;
  tidemark::frame_resource frame{planted::options(), planted::upstream()};
  std::pmr::vector<int> numbers{planted ? &frame : frame.unscoped()};
  {
    tidemark::memory_scope scope{frame};
    numbers.resize(100, 7);
  }
  int const volatile& first = numbers.front();
  std::printf("read %x\n", static_cast<unsigned>(first));
}
