// SPDX-License-Identifier: BSL-1.0
#pragma once

// The inputs of the rows: the same sizes, orders and seeds for every contestant.
//
// Thread rule: functions without state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

namespace perf::rows {

struct request {
  std::size_t bytes;
  std::size_t alignment;
};

/// "mixed": 1000 requests of 8 to 256 bytes at alignments 1 to 16, all released at once.
inline std::vector<request> mixed(std::uint32_t seed = 2024) {
  constexpr std::size_t count = 1000;
  std::mt19937 random(seed);
  std::vector<request> requests(count);
  for (auto& each : requests) {  // the size is drawn before the alignment
    each.bytes = 8 + random() % 249;
    each.alignment = std::size_t{1} << (random() % 5);
  }
  return requests;
}

/// `count` more requests, as a program makes them for one type.
inline void append(std::vector<request>& requests, std::size_t count, std::size_t bytes) {
  requests.insert(requests.end(), count, request{bytes, alignof(std::uint64_t)});
}

inline std::vector<request> uniform(std::size_t count, std::size_t bytes) {
  std::vector<request> requests;
  append(requests, count, bytes);
  return requests;
}

/// "physics": bodies, contacts and constraints of one step.
inline std::vector<request> physics() {
  std::vector<request> requests;
  append(requests, 500, 96);
  append(requests, 100, 256);
  append(requests, 200, 64);
  return requests;
}

inline std::vector<request> particles() { return uniform(50'000, 48); }

/// "batch": how many blocks of how many bytes each.
inline constexpr std::array<std::size_t, 3> batch_counts{100, 1000, 10'000};
inline constexpr std::size_t batch_bytes = 64;

/// "document": 50 keys with 20 strings each, all beyond the small buffer.
using document = std::pmr::map<std::pmr::string, std::pmr::vector<std::pmr::string>>;

inline void fill(document& target, std::pmr::memory_resource* resource) {
  for (int key = 0; key < 50; ++key) {
    std::pmr::string name("some longer key that allocates #", resource);
    name += std::to_string(key);
    auto& values = target[std::move(name)];
    for (int value = 0; value < 20; ++value) {
      values.emplace_back("a value string that is beyond the small buffer");
    }
  }
}

/// "grown": how many vectors of how many push_backs each, one after another in one resource.
inline constexpr std::array<std::size_t, 3> grown_vector_counts{700, 1000, 1100};
inline constexpr int push_backs_per_vector = 16384;

}  // namespace perf::rows
