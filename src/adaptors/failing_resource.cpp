// SPDX-License-Identifier: BSL-1.0
#include <new>
#include <tidemark/adaptors/failing_resource.hpp>

namespace tidemark {
namespace {

constexpr std::uint64_t random_step = 0x9E3779B97F4A7C15;  // odd, so all states come up
constexpr unsigned draw_bits = 53;                         // as many as a double has

// One output of splitmix64, of that state.
std::uint64_t mixed(std::uint64_t state) noexcept {
  state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9;
  state = (state ^ (state >> 27U)) * 0x94D049BB133111EB;
  return state ^ (state >> 31U);
}

}  // namespace

void failing_resource::fail_randomly(double probability, std::uint64_t seed) noexcept {
  random_.store(seed, std::memory_order_relaxed);
  double const draws = probability * static_cast<double>(std::uint64_t{1} << draw_bits);
  fail_below_.store(static_cast<std::uint64_t>(draws), std::memory_order_relaxed);
}

bool failing_resource::is_drawn() noexcept {
  std::uint64_t const fail_below = fail_below_.load(std::memory_order_relaxed);
  if (fail_below == 0) return false;
  std::uint64_t const before = random_.fetch_add(random_step, std::memory_order_relaxed);
  return mixed(before + random_step) >> (64 - draw_bits) < fail_below;
}

bool failing_resource::is_counted_out() noexcept {
  auto left = countdown_.load(std::memory_order_relaxed);
  while (left != 0) {
    if (countdown_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) {
      return left == 1;
    }
  }
  return false;
}

void* failing_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  calls_.fetch_add(1, std::memory_order_relaxed);
  bool const counted_out = is_counted_out();
  if (is_drawn() || counted_out) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    throw std::bad_alloc{};
  }
  return upstream_->allocate(bytes, alignment);
}

void failing_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  upstream_->deallocate(block, bytes, alignment);
}

bool failing_resource::do_is_equal(std::pmr::memory_resource const& other) const noexcept {
  return this == &other;
}

}  // namespace tidemark
