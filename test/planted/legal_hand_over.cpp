// SPDX-License-Identifier: BSL-1.0

// Nothing planted: a frame goes from thread to thread while no checkpoint is open, and a leased one
// while one is.

#include <memory_resource>
#include <optional>
#include <thread>
#include <tidemark/tidemark.hpp>
#include <vector>

int main() {
  tidemark::frame_resource frame{{.name = "handed over"}};
  auto const use = [&frame] {
    std::pmr::vector<int> outside{&frame};
    outside.resize(10);
    tidemark::memory_scope scope{frame};
    std::pmr::vector<int> inside{scope};
    inside.resize(1000);
  };
  for (int i = 0; i < 10; ++i) {
    std::thread{use}.join();
    use();
    frame.reset();
  }
  tidemark::frame_resource leased{{.name = "leased", .owner = tidemark::frame_owner::lease}};
  std::optional<tidemark::frame_scope> scope;
  std::thread{[&] { scope.emplace(leased); }}.join();
  static_cast<void>(scope->allocate(32));
  std::thread{[&] { scope.reset(); }}.join();
}
