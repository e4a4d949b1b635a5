// SPDX-License-Identifier: BSL-1.0

// Replies are written into buffers that a cache lends. After the first few requests no buffer
// grows any more; what a burst left over is given back when it was idle for some rounds.

#include <cstdlib>
#include <deque>
#include <string>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

using buffers = object_cache<std::pmr::string>;

static buffers::pointer reply(buffers& cache, int request) {
  auto text = cache.acquire();  // empty, with the room of its last use
  for (int line = 0; line < 200; ++line) {
    *text += "reply ";
    *text += std::to_string(request);
    *text += '\n';
  }
  return text;
}

// Answers `count` requests; up to `in_flight` replies wait to be sent.
static std::size_t serve(buffers& cache, int count, std::size_t in_flight) {
  std::deque<buffers::pointer> waiting;
  std::size_t sent_bytes = 0;
  for (int request = 0; request < count; ++request) {
    waiting.push_back(reply(cache, request % 10));
    if (waiting.size() < in_flight) continue;
    sent_bytes += waiting.front()->size();
    waiting.pop_front();  // goes back to the cache
  }
  for (auto const& left : waiting) sent_bytes += left->size();
  return sent_bytes;
}

int main() {
  thread_local_resource pool{{.name = "buffers"}};
  buffers cache{{.max_idle = 32}, &pool};
  std::size_t sent = serve(cache, 100, 20);  // a burst: twenty buffers
  auto const after_burst = cache.stats();
  auto const calls = pool.stats().upstream_calls;
  std::size_t destroyed = 0;
  for (int round = 0; round < 5; ++round) {
    sent += serve(cache, 100, 2);
    cache.tick();
    destroyed += cache.trim(3);
  }
  bool const right = sent == 600 * 200 * 8 && after_burst.made == 20 && destroyed == 18 &&
                     cache.stats().made == 20 && cache.stats().idle == 2 &&
                     pool.stats().upstream_calls == calls;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
