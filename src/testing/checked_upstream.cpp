// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <sstream>
#include <tidemark/testing/checked_upstream.hpp>

namespace tidemark::testing {
namespace {

// What a client reads that relies on fresh or freed memory being zero, or unchanged.
constexpr int fresh_byte = 0xCD;
constexpr int freed_byte = 0xDD;

std::string text_of(char const* what, std::size_t bytes, std::size_t alignment) {
  std::ostringstream text;
  text << what << ' ' << bytes << " bytes aligned to " << alignment;
  return text.str();
}

}  // namespace

checked_upstream::~checked_upstream() {
  for (auto const& [block, size] : live_) give_back(block, size);
}

void checked_upstream::fail_at(std::size_t call) noexcept {
  const std::lock_guard lock{mutex_};
  countdown_ = call;
}

checked_upstream::books checked_upstream::totals() const {
  const std::lock_guard lock{mutex_};
  return totals_;
}

std::vector<std::string> checked_upstream::errors() const {
  const std::lock_guard lock{mutex_};
  return errors_;
}

std::string checked_upstream::complaint() const {
  const std::lock_guard lock{mutex_};
  if (!errors_.empty()) return errors_.front();
  if (live_.empty()) return {};
  std::ostringstream text;
  text << live_.size() << " blocks of " << totals_.bytes_outstanding
       << " bytes were not given back to the upstream";
  return text.str();
}

void* checked_upstream::do_allocate(std::size_t bytes, std::size_t alignment) {
  const std::lock_guard lock{mutex_};
  ++totals_.calls;
  if (countdown_ != 0 && --countdown_ == 0) {
    ++totals_.failures;
    throw std::bad_alloc{};
  }
  if (!std::has_single_bit(alignment)) {
    errors_.push_back(text_of("upstream was asked for", bytes, alignment));
    throw std::bad_alloc{};
  }
  // The backing block is aligned twice as well, and ours starts one alignment into it.
  if (alignment > PTRDIFF_MAX / 2 || bytes > PTRDIFF_MAX - alignment) throw std::bad_alloc{};
  live_.reserve(live_.size() + 1);  // then only the node below can fail
  auto* base = static_cast<std::byte*>(backing_->allocate(bytes + alignment, 2 * alignment));
  void* block = base + alignment;
  try {
    live_.emplace(block, entry{bytes, alignment});
  } catch (...) {
    backing_->deallocate(base, bytes + alignment, 2 * alignment);
    throw;
  }
  std::memset(block, fresh_byte, bytes);
  ++totals_.blocks_outstanding;
  totals_.bytes_outstanding += bytes;
  totals_.bytes_peak = std::max(totals_.bytes_peak, totals_.bytes_outstanding);
  return block;
}

void checked_upstream::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  const std::lock_guard lock{mutex_};
  const auto found = live_.find(block);
  if (found == live_.end()) {
    errors_.push_back(text_of("upstream never gave, or has back, a block of", bytes, alignment));
    return;
  }
  const auto size = found->second;
  if (size.bytes != bytes || size.alignment != alignment) {
    errors_.push_back(text_of("upstream gave a block of", size.bytes, size.alignment) +
                      text_of(" and was given back", bytes, alignment));
    return;
  }
  live_.erase(found);
  ++totals_.frees;
  --totals_.blocks_outstanding;
  totals_.bytes_outstanding -= bytes;
  give_back(block, size);
}

bool checked_upstream::do_is_equal(std::pmr::memory_resource const& other) const noexcept {
  return this == &other;
}

void checked_upstream::give_back(void* block, entry const& size) noexcept {
  std::memset(block, freed_byte, size.bytes);
  backing_->deallocate(static_cast<std::byte*>(block) - size.alignment, size.bytes + size.alignment,
                       2 * size.alignment);
}

}  // namespace tidemark::testing
