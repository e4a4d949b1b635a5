// SPDX-License-Identifier: BSL-1.0

// A pipeline of two threads: one makes messages, the other reads and frees them. The blocks find
// their way back to the thread that made them, so memory does not grow.

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

struct message {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  message(int n, allocator_type from) : number(n), text(400, 'a', from) {}
  int number;
  std::pmr::string text;
};

constexpr int message_count = 20'000;

int main() {
  thread_local_resource pool{{.name = "messages"}};
  std::array<std::atomic<message*>, 16> belt{};
  long read = 0;

  std::thread reader([&] {
    for (int i = 0; i < message_count; ++i) {
      auto& place = belt[static_cast<std::size_t>(i) % belt.size()];
      place.wait(nullptr);
      message* const got = place.exchange(nullptr);
      place.notify_one();
      read += got->number == i && got->text.size() == 400 ? 1 : 0;
      pool.delete_object(got);
    }
  });
  for (int i = 0; i < message_count; ++i) {
    auto& place = belt[static_cast<std::size_t>(i) % belt.size()];
    message* const made = pool.new_object<message>(i);
    while (message* const before = place.load()) place.wait(before);
    place = made;
    place.notify_one();
  }
  reader.join();

  // Some 9 MB of messages have passed.
  bool const flat = pool.stats().bytes_reserved < 1'000'000;
  return read == message_count && flat ? EXIT_SUCCESS : EXIT_FAILURE;
}
