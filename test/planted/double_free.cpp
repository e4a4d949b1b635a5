// SPDX-License-Identifier: BSL-1.0

// Planted: a block is freed twice. With an argument it is freed once.

#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  tidemark::frame_resource frame{{.name = "planted"}};
  void* const block = frame.allocate(32);
  frame.deallocate(block, 32);
  if (argc == 1) frame.deallocate(block, 32);
}
