// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <bit>
#include <new>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/fixed_block_resource.hpp>

#include "block_checks.hpp"

namespace tidemark {

using detail::block_checks;
using detail::fixed_scope_resource;
using detail::scope_binding;
using detail::slab_layout;

namespace {

constexpr std::size_t least_slab_bytes = 512;
constexpr std::size_t usual_slab_bytes = 64 * 1024;
constexpr std::size_t most_slab_bytes = std::size_t{1} << 30U;  // of slabs with several blocks
constexpr std::size_t slabs_within_limit = 4;                   // at least, but for larger blocks
constexpr std::size_t usual_block_count = 8;                    // a slab grows to hold as many

/// How blocks of this size shall lie; block_count is 0 if they cannot.
slab_layout wanted_layout(std::size_t bytes, std::size_t alignment, std::size_t red_zone,
                          fixed_block_options const& options) noexcept {
  constexpr std::size_t most_bytes = SIZE_MAX / 8;
  if (bytes > most_bytes || alignment > most_slab_bytes) return {};
  bytes = detail::round_up(std::max(bytes, sizeof(detail::free_block)), alignment);
  std::size_t const stride = detail::round_up(bytes + red_zone, alignment);
  // The limit is also that of the bookkeeping, which a slab as large as the limit leaves no room.
  std::size_t const most = std::clamp(
      std::bit_floor(std::min(options.max_slab_bytes, options.limit_bytes / slabs_within_limit)),
      least_slab_bytes, most_slab_bytes);
  std::size_t slab_bytes = std::min(most, usual_slab_bytes);
  for (;; slab_bytes *= 2) {
    slab_layout const layout = detail::layout_of(bytes, stride, alignment, slab_bytes);
    std::size_t const enough = slab_bytes < most ? usual_block_count : 1;
    if (layout.block_count >= enough || slab_bytes > most_bytes) return layout;
  }
}

}  // namespace

fixed_block_resource::fixed_block_resource(fixed_block_options const& options,
                                           std::pmr::memory_resource* upstream) noexcept
    : heap_(account_, checks_enabled(options.check)),
      account_(upstream != nullptr ? upstream : default_upstream(), options.limit_bytes),
      options_(options),
      name_(options.name),
      bound_{fixed_scope_resource{*this}, fixed_scope_resource{*this}, fixed_scope_resource{*this},
             fixed_scope_resource{*this}, fixed_scope_resource{*this}} {
  static_assert(detail::block_engine::inline_records == 5, "one initialiser for each");
  info_.groups = &heap_.groups[0];
  heap_.engine.use_classes(&blocks_, &info_, 1, this);
  for (std::uint32_t d = 0; d < detail::block_engine::inline_records; ++d) {
    heap_.engine.bind(d, bound_[d]);
  }
}

fixed_block_resource::~fixed_block_resource() {
  reset_all(nullptr);
  heap_.release();
  heap_.release_bookkeeping();
  block_checks::destroy(checks_);
}

void fixed_block_resource::adopt_size(std::size_t bytes, std::size_t alignment) noexcept {
  std::size_t const known = options_.block_bytes;
  std::size_t const wanted_alignment = known != 0 ? options_.block_alignment : alignment;
  std::size_t const effective = std::max(
      std::bit_ceil(std::min(wanted_alignment, most_slab_bytes + 1)), alignof(detail::free_block));
  slab_layout const layout =
      wanted_layout(known != 0 ? known : bytes, effective, red_zone(), options_);
  if (layout.block_count == 0) return;
  info_.layout = layout;
  std::size_t const used = layout.first_offset + layout.block_count * layout.stride_bytes;
  heap_.groups[0].configure(layout.slab_bytes, used, options_.max_slab_bytes);
  heap_.engine.use_slab_sizes(layout.slab_bytes, layout.slab_bytes);
  slab_bytes_ = layout.slab_bytes;
  pooled_alignment_ = effective;
  pooled_bytes_ = heap_.engine.is_checked() ? 0 : layout.block_bytes;
}

std::size_t fixed_block_resource::red_zone() const noexcept {
  return heap_.engine.is_checked() ? detail::red_zone_bytes : 0;
}

bool fixed_block_resource::fits(std::size_t bytes, std::size_t alignment) const noexcept {
  return bytes <= info_.layout.block_bytes && alignment <= pooled_alignment_;
}

// Allocation. The noinline halves are what the caller's code calls or jumps to, so their return
// address lies in it.

void* fixed_block_resource::allocate_slow(std::size_t bytes, std::size_t alignment) {
  return allocate_at(0, bytes, alignment, __builtin_return_address(0));
}

void* fixed_block_resource::allocate_at(std::uint32_t depth, std::size_t bytes,
                                        std::size_t alignment, void const* caller) {
  if (heap_.engine.is_checked()) {
    return block_checks::allocate(*this, depth, bytes, alignment, caller);
  }
  return take_at(depth, bytes, alignment, caller);
}

void* fixed_block_resource::take_at(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                                    void const* caller) {
  std::uint64_t const serial = heap_.engine.record(depth).serial;
  bool const first = info_.layout.block_count == 0;
  if (first) adopt_size(bytes, alignment);
  if (info_.layout.block_count == 0) refuse(bytes);
  void* block = nullptr;
  try {
    if (fits(bytes, alignment)) {
      block = heap_.take(0, depth);
    } else if (!options_.refuse_larger) {
      // Never less than the pool's blocks have, so that `try_expand` need not tell them apart.
      std::size_t const wanted = std::max(bytes, info_.layout.block_bytes);
      std::size_t const whole = wanted + std::min(red_zone(), SIZE_MAX - wanted);
      block = heap_.take_large(whole, alignment, depth, this);
    }
  } catch (...) {
    if (first) forget_size();
    throw;
  }
  if (block != nullptr) return block;
  if (first) forget_size();
  detail::block_engine const& engine = heap_.engine;
  if (!engine.is_open(serial, depth)) {  // upstream called back
    refuse_closed(detail::marker_access::make(serial, depth, engine.origin()), caller);
  }
  refuse(bytes);
}

// The request that would have said it was refused. Another one may have come from upstream
// meanwhile, and have been served.
void fixed_block_resource::forget_size() noexcept {
  if (account_.reserved_bytes() != 0) return;
  info_.layout = {};
  pooled_bytes_ = 0;
}

void* fixed_block_resource::allocate_for_slow(marker mark, std::size_t bytes,
                                              std::size_t alignment) {
  void const* const caller = __builtin_return_address(0);
  if (!do_is_open(mark)) refuse_closed(mark, caller);
  return allocate_at(detail::marker_access::depth(mark), bytes, alignment, caller);
}

void* fixed_block_resource::allocate_bound(scope_binding& binding, std::size_t bytes,
                                           std::size_t alignment) {
  void const* const caller = __builtin_return_address(0);
  detail::block_engine const& engine = heap_.engine;
  if (!engine.is_open(binding)) engine.resolve(binding);
  if (!engine.is_open(binding)) {
    refuse_closed(detail::marker_access::make(binding.serial, binding.depth, engine.origin()),
                  caller);
  }
  return allocate_at(binding.depth, bytes, alignment, caller);
}

void* fixed_block_resource::try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  try {
    return allocate(bytes, alignment);
  } catch (...) {  // whatever upstream throws: there is no memory
    return nullptr;
  }
}

void* fixed_block_resource::try_allocate_for(marker mark, std::size_t bytes,
                                             std::size_t alignment) noexcept {
  try {
    return allocate_for(mark, bytes, alignment);
  } catch (...) {
    return nullptr;
  }
}

void fixed_block_resource::refuse(std::size_t bytes) const {
  throw resource_exhausted(name_, bytes, account_.available_bytes());
}

// Freeing and resizing.

void fixed_block_resource::deallocate_slow(void* block, std::size_t bytes,
                                           std::size_t alignment) noexcept {
  if (heap_.engine.is_checked()) {
    return block_checks::free(*this, block, bytes, alignment, __builtin_return_address(0));
  }
  free_at(block, bytes, alignment);
}

void fixed_block_resource::deallocate_bound(scope_binding& binding, void* block, std::size_t bytes,
                                            std::size_t alignment) noexcept {
  detail::block_engine const& engine = heap_.engine;
  engine.resolve(binding);
  // The rewind freed it, or somebody has it again. Level 1 knows which.
  if (!engine.is_checked() && !engine.is_open(binding)) {
    ++late_frees_;
  } else {
    deallocate(block, bytes, alignment);
  }
}

void fixed_block_resource::free_at(void* block, std::size_t bytes, std::size_t alignment) noexcept {
  if (fits(bytes, alignment)) {
    heap_.engine.put(block, 0);
  } else {
    heap_.free_large(detail::large_block_of(block));
  }
}

std::uint32_t fixed_block_resource::do_depth_of(void const* block, std::size_t bytes,
                                                std::size_t alignment) const noexcept {
  if (checks_ != nullptr && !checks_->is_live(block)) return freed_depth;
  if (fits(bytes, alignment)) return heap_.engine.slab_holding(block, 0).stamp_of(block);
  return detail::large_block_of(block).depth;
}

bool fixed_block_resource::try_expand(void* block, std::size_t old_bytes,
                                      std::size_t new_bytes) noexcept {
  if (heap_.engine.is_checked()) {
    return block_checks::expand(*this, block, old_bytes, new_bytes, __builtin_return_address(0));
  }
  return resize(block, old_bytes, new_bytes);
}

bool fixed_block_resource::resize(void* block, std::size_t old_bytes,
                                  std::size_t new_bytes) noexcept {
  std::size_t const pooled = info_.layout.block_bytes;
  if (old_bytes <= pooled) return new_bytes <= pooled;
  std::size_t const room = detail::large_block_of(block).capacity_bytes - red_zone();
  return new_bytes > pooled && new_bytes <= room;
}

// The resource of one checkpoint.

fixed_scope_resource::fixed_scope_resource(fixed_block_resource& pool) noexcept
    : bound_resource_base(pool), owner_(pool) {}

void* fixed_scope_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  void* block;
  // Of a kept one the depth may be 0, which is the pool itself.
  if (depth != 0 && owner_.heap_.engine.is_open(*this) &&
      owner_.take_for(depth, bytes, alignment, block)) [[likely]] {
    return block;
  }
  return owner_.allocate_bound(*this, bytes, alignment);
}

void fixed_scope_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (owner_.heap_.engine.is_open(*this)) [[likely]] {
    return owner_.deallocate(block, bytes, alignment);
  }
  owner_.deallocate_bound(*this, block, bytes, alignment);
}

bool fixed_scope_resource::do_is_equal(std::pmr::memory_resource const& other) const noexcept {
  return this == &other;
}

// Memory as a whole.

void fixed_block_resource::reset_all(void const* caller) noexcept {
  if (heap_.engine.is_checked() && !block_checks::before_closing(*this, 0, {}, caller)) return;
  heap_.engine.reset();
  if (heap_.engine.is_checked()) block_checks::after_closing(*this, 0);
}

void fixed_block_resource::reset() noexcept {
  void const* const caller = __builtin_return_address(0);
  block_checks::visit const visit{*this, caller};
  if (!visit.is_refused()) reset_all(caller);
}

void fixed_block_resource::release() noexcept {
  void const* const caller = __builtin_return_address(0);
  block_checks::visit const visit{*this, caller};
  if (visit.is_refused()) return;
  reset_all(caller);
  heap_.release();
}

std::size_t fixed_block_resource::trim() noexcept {
  block_checks::visit const visit{*this, __builtin_return_address(0)};
  return visit.is_refused() ? 0 : heap_.trim();
}

resource_stats fixed_block_resource::stats() const noexcept {
  return {.name = name_,
          .bytes_in_use = heap_.engine.bytes_in_use(),
          .bytes_peak = heap_.engine.bytes_peak(),
          .bytes_reserved = account_.reserved_bytes(),
          .chunk_count = heap_.chunk_count(),
          .upstream_calls = account_.calls(),
          .depth = heap_.engine.depth(),
          .closed_from_below = heap_.engine.closed_from_below(),
          .late_frees = late_frees_};
}

}  // namespace tidemark
