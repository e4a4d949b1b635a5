// SPDX-License-Identifier: BSL-1.0
#pragma once

// One thread's share of the requests, served and timed.
//
// Thread rule: an object belongs to one thread while it runs.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <rows.hpp>
#include <service.hpp>
#include <span>
#include <string_view>

namespace request_service {

template <service_memory Memory>
class worker {
 public:
  worker(job const& work, typename Memory::shared_part& shared, std::size_t index,
         std::span<std::uint32_t> latencies_ns)
      : work_(work),
        begin_(work.requests.size() * index / work.threads),
        end_(work.requests.size() * (index + 1) / work.threads),
        latencies_ns_(latencies_ns),
        memory_(shared),
        service_(work.data, memory_, work.cached_entries) {}

  /// Stops at the first answer that is wrong, and at an exception, which `failure` has then.
  void run() noexcept {
    try {
      serve();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  Memory& memory() noexcept { return memory_; }
  service_counts counts() const noexcept { return service_.counts(); }
  std::size_t first_wrong() const noexcept { return first_wrong_; }  // index; SIZE_MAX: none
  std::exception_ptr failure() const noexcept { return failure_; }

 private:
  void serve() {
    auto before = clock::now();
    for (std::size_t i = begin_; i != end_; ++i) {
      std::uint64_t sum = 0;
      auto const became =
          service_.handle(work_.requests[i], [&](std::string_view text) { sum = checksum(text); });
      auto const now = clock::now();
      latencies_ns_[i] = nanoseconds(now - before);
      before = now;
      if (became != reply::refused && sum != work_.checksums[i]) {
        first_wrong_ = i;
        return;
      }
    }
  }

  using clock = std::chrono::steady_clock;
  static std::uint32_t nanoseconds(clock::duration spent) noexcept {
    auto const count = std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count();
    return static_cast<std::uint32_t>(std::min<std::int64_t>(count, UINT32_MAX));
  }

  job const& work_;
  std::size_t begin_;  // index of a request
  std::size_t end_;
  std::span<std::uint32_t> latencies_ns_;  // of all requests
  std::size_t first_wrong_ = SIZE_MAX;
  std::exception_ptr failure_;
  Memory memory_;
  service<Memory> service_;
};

}  // namespace request_service
