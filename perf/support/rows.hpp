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

/// "churn": with so many blocks alive, one at random is freed, another is allocated in its place
/// and its first byte is written. 64 bytes, or 8 to 256; alignment 8.
struct replacement {
  std::uint32_t block_index;
  std::uint32_t bytes;  // of the new block
};
struct churn_plan {
  std::vector<std::uint32_t> first_bytes;  // of the blocks that are there at the start
  std::vector<replacement> steps;          // of one round
};
enum class churn_sizes : std::uint8_t { equal, mixed };

inline constexpr std::uint32_t churn_block_bytes = 64;
inline constexpr std::size_t churn_alignment = 8;
inline constexpr std::size_t churn_live_count = 10'000;

inline churn_plan churn(churn_sizes sizes, std::size_t live_count = churn_live_count,
                        std::uint32_t seed = 7) {
  constexpr std::size_t steps_per_round = 65536;
  std::mt19937 random(seed);
  auto const bytes = [&] {
    return sizes == churn_sizes::equal ? churn_block_bytes
                                       : static_cast<std::uint32_t>(8 + random() % 249);
  };
  churn_plan plan{std::vector<std::uint32_t>(live_count),
                  std::vector<replacement>(steps_per_round)};
  for (auto& each : plan.first_bytes) each = bytes();
  for (auto& each : plan.steps) {  // the size is drawn before the block
    each.bytes = bytes();
    each.block_index = static_cast<std::uint32_t>(random() % live_count);
  }
  return plan;
}

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

/// "ring": 1 KiB blocks, one thread allocates, another frees, so many in flight.
inline constexpr std::size_t ring_slot_count = 64;
inline constexpr std::size_t ring_block_bytes = 1024;

/// "rewind": how many blocks of 64 bytes are given back together; "sparse": out of how many, half
/// of which stay alive between them.
inline constexpr std::array<std::size_t, 3> rewind_counts{100, 1000, 10'000};
inline constexpr std::size_t sparse_block_count = 500'000;

}  // namespace perf::rows
