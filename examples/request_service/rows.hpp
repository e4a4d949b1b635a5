// SPDX-License-Identifier: BSL-1.0
#pragma once

// The rows of the table: the same service, each on another memory.
//
// Thread rule: a row runs in a process of its own; it starts its threads itself.

#include <array>
#include <catalogue.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <service.hpp>
#include <service_memory.hpp>
#include <span>
#include <string>
#include <string_view>

namespace request_service {

struct job {
  catalogue const& data;
  std::span<std::string const> requests;
  std::size_t threads = 1;         // each serves its share, of requests that follow each other
  std::size_t cached_entries = 1;  // of each thread
  memory_limits limits{};          // of each thread
  std::span<std::uint64_t> checksums{};  // of the answers, by the reference, which fills them
  bool counts_calls = false;             // also where that takes a second run
};

/// What a row's process tells, in memory that it shares with its parent.
struct row_report {
  double seconds;          // of the processor, all threads together
  double median_us;        // of the times from one answer to the next
  double p99_us;           // 99 of 100 are shorter
  double heap_calls;       // allocations that reach a heap, for each request
  std::size_t peak_bytes;  // resident, beyond what was resident before the first request
  service_counts counts;
  bool finished;
  bool absent;                    // there is no such memory here
  bool wrong;                     // an answer differs from the reference's
  std::size_t wrong_request;      // index of the first such request
  std::array<char, 128> error;    // of an exception; ends with 0
  std::array<char, 65536> usage;  // tables of who holds how much, if it is known; ends with 0
  std::array<char, 65536> json;   // the same as JSON
};

struct row {
  std::string_view name;
  void (*run)(job const&, row_report&);
  bool is_ours;
};

std::span<row const> rows() noexcept;

/// Serves all requests on the heap and fills the job's checksums.
void make_reference(job const& work);

/// Of an answer's text.
std::uint64_t checksum(std::string_view text) noexcept;

}  // namespace request_service
