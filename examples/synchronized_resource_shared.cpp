// SPDX-License-Identifier: BSL-1.0

// A registry that threads enter names into, now and then, and that is dropped as a whole: a frame
// suits it, but serves one thread. A mutex around it costs nothing where calls are so rare.

#include <cstdlib>
#include <memory_resource>
#include <mutex>
#include <string>
#include <thread>
#include <tidemark/adaptors/synchronized_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <utility>
#include <vector>

class registry {
 public:
  explicit registry(std::pmr::memory_resource* memory) : names_(memory) {}
  void enter(std::pmr::string name) {
    std::lock_guard const lock{mutex_};
    names_.push_back(std::move(name));  // same resource: the text stays where it is
  }
  std::size_t size() const { return names_.size(); }

 private:
  std::mutex mutex_;
  std::pmr::vector<std::pmr::string> names_;
};

int main() {
  tidemark::frame_resource frame;
  tidemark::synchronized_resource memory{&frame};
  bool right = true;
  {
    registry names{&memory};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        // The text is made outside the registry's lock, but in its memory.
        for (int i = 0; i < 50; ++i) {
          names.enter(std::pmr::string(40, static_cast<char>('a' + i % 26), &memory));
        }
      });
    }
    for (auto& thread : threads) thread.join();
    right = names.size() == 200;
  }
  // Its marks are the frame's: here no other thread is left that could allocate.
  memory.with_lock([](tidemark::frame_resource& wrapped) { wrapped.reset(); });
  right = right && frame.stats().bytes_in_use == 0;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
