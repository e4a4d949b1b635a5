// SPDX-License-Identifier: BSL-1.0

// Planted: a thread allocates while another one holds a scope open. With an argument the same
// thread does both.

#include <thread>
#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  tidemark::frame_resource frame{{.name = "planted"}};
  tidemark::memory_scope scope{frame};
  auto const use = [&frame] { static_cast<void>(frame.allocate(32)); };
  if (argc == 1) {
    std::thread{use}.join();
  } else {
    use();
  }
}
