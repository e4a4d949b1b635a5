// SPDX-License-Identifier: BSL-1.0

// Threads share a cache, and each request has scratch of its own, all in one pool. What is cached
// lives until it is evicted, by whichever thread; scratch falls back at the brace of its request.

#include <array>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <tidemark/tidemark.hpp>
#include <unordered_map>
#include <vector>

using namespace tidemark;

class cache {
 public:
  explicit cache(std::pmr::memory_resource* from) : values_(from) {}

  std::size_t size_of(int key) {
    std::lock_guard const lock(mutex_);
    auto const [found, inserted] = values_.try_emplace(key);
    if (inserted) found->second.assign(100 + static_cast<std::size_t>(key), 'v');
    std::size_t const size = found->second.size();
    if (values_.size() > 64) values_.erase(values_.begin());  // it may be another thread's
    return size;
  }

 private:
  std::mutex mutex_;
  std::pmr::unordered_map<int, std::pmr::string> values_;
};

// Whether every value had its size.
static bool serve(thread_local_resource& pool, cache& shared) {
  bool right = true;
  for (int n = 0; n < 2000; ++n) {
    memory_scope request{pool};
    std::pmr::vector<std::size_t> sizes{request};
    for (int key = n % 90; key < n % 90 + 10; ++key) sizes.push_back(shared.size_of(key));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      right = right && sizes[i] == 100 + static_cast<std::size_t>(n % 90) + i;
    }
  }
  return right;
}

int main() {
  thread_local_resource pool{{.name = "cache"}};
  cache shared{&pool};
  std::array<bool, 4> right{};
  std::vector<std::thread> threads;
  for (bool& each : right) threads.emplace_back([&] { each = serve(pool, shared); });
  for (auto& each : threads) each.join();
  bool const all_right = right == std::array{true, true, true, true};
  return all_right && pool.stats().bytes_reserved < 4'000'000 ? EXIT_SUCCESS : EXIT_FAILURE;
}
