// SPDX-License-Identifier: BSL-1.0

// Planted: a block is freed through a frame that it does not come from.
// With an argument it is freed through its own.

#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  tidemark::frame_resource frame{{.name = "planted"}};
  tidemark::frame_resource another{{.name = "another"}};
  void* const block = another.allocate(32);
  (argc == 1 ? frame : another).deallocate(block, 32);
}
