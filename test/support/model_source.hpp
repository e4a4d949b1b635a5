// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a model-based test gets its choices from.
//
// Use it seeded in the test set, and over the bytes of a fuzzer for long runs: the same choices
// give the same history.
//
// Thread rule: one thread.

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace model {

class command_source {
 public:
  /// An endless source.
  explicit command_source(std::uint64_t seed) : random_(seed), seeded_(true) {}
  /// A source that ends with `bytes`, which outlive it.
  explicit command_source(std::span<std::uint8_t const> bytes) : bytes_(bytes), seeded_(false) {}

  bool exhausted() const noexcept { return !seeded_ && bytes_.empty(); }

  /// Returns:       A number from 0 to limit - 1; 0 if the source is exhausted.
  /// Preconditions: limit > 0.
  std::uint32_t below(std::uint32_t limit) {
    if (seeded_) return static_cast<std::uint32_t>(random_() % limit);
    std::uint32_t number = 0;
    for (std::uint32_t rest = limit - 1; rest != 0; rest >>= 8U) number = number << 8U | byte();
    return number % limit;
  }
  bool one_in(std::uint32_t chances) { return below(chances) == 0; }

  /// Preconditions: `from` is not empty.
  template <class Range>
  auto& pick(Range& from) {
    return from[below(static_cast<std::uint32_t>(from.size()))];
  }

 private:
  std::uint32_t byte() noexcept {
    if (bytes_.empty()) return 0;
    std::uint8_t const first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

  std::span<std::uint8_t const> bytes_;
  std::mt19937_64 random_;
  bool seeded_;
};

}  // namespace model
