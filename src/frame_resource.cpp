// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <new>
#include <tidemark/detail/poison.hpp>
#include <tidemark/frame_resource.hpp>

#include "frame_resource_checks.hpp"
#include "frame_resource_quarantine.hpp"

namespace tidemark {

using detail::chunk_request;
using detail::frame_checks;
using detail::frame_engine;
using detail::frame_quarantine;
using detail::frame_scope_resource;
using detail::marker_access;
using detail::scope_binding;
using window = frame_engine::window;

/// In front of each block of records and bindings.
struct frame_resource::bookkeeping {
  bookkeeping* next;
  std::size_t bytes;
};

namespace {

page_resource* as_pages(std::pmr::memory_resource* upstream) noexcept {
  // The cast costs more than all the rest of a constructor, and the default is none.
  return upstream != default_upstream() ? dynamic_cast<page_resource*>(upstream) : nullptr;
}

detail::frame_sizes sizes_of(frame_options const& options,
                             std::pmr::memory_resource* upstream) noexcept {
  bool const quarantined = options.quarantine_count != 0 && as_pages(upstream) != nullptr;
  return {.initial_bytes = options.initial_bytes,
          .max_chunk_bytes = options.max_chunk_bytes,
          .recycle_outgrown = options.recycle_outgrown,
          .checked = checks_enabled(options.check),
          .header_bytes = quarantined ? page_resource::page_bytes() : detail::chunk_alignment,
          .quarantined = quarantined};
}

}  // namespace

frame_resource::frame_resource(frame_options const& options, std::pmr::memory_resource* upstream,
                               rewindable_resource* owner) noexcept
    : engine_(sizes_of(options, upstream)),
      upstream_(upstream != nullptr ? upstream : default_upstream()),
      pages_(as_pages(upstream_)),
      limit_bytes_(options.limit_bytes),
      name_(options.name),
      owner_(options.owner),
      bound_{{*this, owner}, {*this, owner}, {*this, owner}, {*this, owner}, {*this, owner}} {
  static_assert(frame_engine::inline_records == 5, "one initialiser for each");
  for (std::uint32_t d = 0; d < frame_engine::inline_records; ++d) engine_.bind(d, bound_[d]);
  if (pages_ == nullptr) return;
  if (pages_->options().reserve_bytes != 0) engine_.space.keep_in_chain();
  if (options.quarantine_count != 0) {
    quarantine_count_ = frame_quarantine::count_of(options.quarantine_count);
    engine_.hold_outermost();
  }
}

frame_resource::frame_resource(void* buffer, std::size_t bytes,
                               std::pmr::memory_resource* upstream) noexcept
    : frame_resource(frame_options{}, upstream) {
  adopt_buffer(buffer, bytes);
}

void frame_resource::adopt_buffer(void* buffer, std::size_t bytes) noexcept {
  if (buffer == nullptr) return;
  window const open{engine_};
  engine_.space.adopt_buffer(buffer_header_, static_cast<std::byte*>(buffer), bytes);
  engine_.rebase();
}

frame_resource::~frame_resource() {
  reset_all(nullptr);
  {
    window const open{engine_};
    release_chunks();
  }
  frame_quarantine::destroy(quarantine_);
  if (engine_.is_checked())
    detail::make_accessible(buffer_header_.begin, buffer_header_.capacity());
  frame_checks::destroy(checks_);
  while (bookkeeping* const block = bookkeeping_) {
    bookkeeping_ = block->next;
    upstream_->deallocate(block, block->bytes);
  }
}

// Allocation. The noinline halves are what the caller's code calls or jumps to, so their return
// address lies in it.

void* frame_resource::allocate_slow(std::size_t bytes, std::size_t alignment) {
  return allocate_at(engine_.depth(), bytes, alignment, __builtin_return_address(0));
}

void* frame_resource::allocate_at(std::uint32_t depth, std::size_t bytes, std::size_t alignment,
                                  void const* caller) {
  if (engine_.is_checked()) return frame_checks::allocate(*this, depth, bytes, alignment, caller);
  return take_at(depth, bytes, alignment);
}

void* frame_resource::take_at(std::uint32_t depth, std::size_t bytes, std::size_t alignment) {
  chunk_request wanted;
  std::uint64_t const serial = engine_.record(depth).serial;
  for (;;) {
    if (void* const block = engine_.take(depth, bytes, alignment, wanted)) return block;
    obtain_chunk(wanted, bytes);
    // Upstream may have called back, and closed the checkpoint.
    if (!engine_.is_open(serial, depth)) refuse_closed(serial, depth, __builtin_return_address(0));
  }
}

void* frame_resource::allocate_below(marker mark, std::size_t bytes, std::size_t alignment) {
  require_open(mark);
  return allocate_at(marker_access::depth(mark), bytes, alignment, __builtin_return_address(0));
}

// Its own frameless half: what is not a bump in the side region is one jump away.
void* frame_resource::allocate_bound(scope_binding& binding, std::size_t bytes,
                                     std::size_t alignment) {
  void* block;
  if (engine_.is_open(binding) && engine_.take_beside(binding.depth, bytes, alignment, block))
      [[likely]] {
    return block;
  }
  return allocate_bound_slow(binding, bytes, alignment);
}

void* frame_resource::allocate_bound_slow(scope_binding& binding, std::size_t bytes,
                                          std::size_t alignment) {
  void const* const caller = __builtin_return_address(0);
  if (!engine_.is_open(binding)) engine_.resolve(binding);
  if (!engine_.is_open(binding)) refuse_closed(binding.serial, binding.depth, caller);
  return allocate_at(binding.depth, bytes, alignment, caller);
}

void* frame_resource::try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  try {
    return allocate(bytes, alignment);
  } catch (...) {  // whatever upstream throws: there is no memory
    return nullptr;
  }
}

void* frame_resource::try_allocate_for(marker mark, std::size_t bytes,
                                       std::size_t alignment) noexcept {
  try {
    return allocate_for(mark, bytes, alignment);
  } catch (...) {
    return nullptr;
  }
}

void* frame_resource::obtain_bookkeeping(std::size_t bytes) {
  bytes += sizeof(bookkeeping);
  if (bytes > available_bytes()) throw resource_exhausted(name_, bytes, available_bytes());
  void* const memory = ask_upstream(bytes, alignof(std::max_align_t));
  bookkeeping_ = ::new (memory) bookkeeping{bookkeeping_, bytes};
  return bookkeeping_ + 1;
}

// Freeing and resizing.

void frame_resource::deallocate_slow(std::byte* block, std::size_t bytes) noexcept {
  free_at(engine_.depth(), block, bytes, __builtin_return_address(0));
}

void frame_resource::free_at(std::uint32_t depth, std::byte* block, std::size_t bytes,
                             void const* caller) noexcept {
  if (engine_.is_checked()) {
    frame_checks::free(*this, depth, block, bytes, caller);
  } else if (!engine_.free(depth, block, bytes) && bytes >= detail::large_block_bytes) {
    ++late_frees_;  // a smaller block that is not on top waits for its scope: nothing is known
  }
  give_back_apart();
}

void frame_resource::free_late(std::uint64_t serial, std::byte* block,
                               void const* caller) noexcept {
  if (engine_.is_checked()) {
    frame_checks::free_late(*this, serial, block, caller);
  } else {
    ++late_frees_;
  }
}

void frame_resource::deallocate_below(marker mark, void* block, std::size_t bytes) noexcept {
  auto* const freed = static_cast<std::byte*>(block);
  void const* const caller = __builtin_return_address(0);
  if (!do_is_open(mark)) return free_late(marker_access::serial(mark), freed, caller);
  free_at(marker_access::depth(mark), freed, bytes, caller);
}

void frame_resource::deallocate_bound(scope_binding& binding, std::byte* block,
                                      std::size_t bytes) noexcept {
  void const* const caller = __builtin_return_address(0);
  if (!engine_.is_open(binding)) engine_.resolve(binding);
  if (!engine_.is_open(binding)) return free_late(binding.serial, block, caller);
  free_at(binding.depth, block, bytes, caller);
}

bool frame_resource::expand_at(std::uint32_t depth, std::byte* block, std::size_t old_bytes,
                               std::size_t new_bytes, void const* caller) noexcept {
  if (engine_.is_checked()) {
    return frame_checks::expand(*this, depth, block, old_bytes, new_bytes, caller);
  }
  return engine_.resize(depth, block, old_bytes, new_bytes);
}

bool frame_resource::try_expand(void* block, std::size_t old_bytes,
                                std::size_t new_bytes) noexcept {
  return expand_at(engine_.depth(), static_cast<std::byte*>(block), old_bytes, new_bytes,
                   __builtin_return_address(0));
}

bool frame_resource::try_expand_for(marker mark, void* block, std::size_t old_bytes,
                                    std::size_t new_bytes) noexcept {
  return do_is_open(mark) && expand_at(marker_access::depth(mark), static_cast<std::byte*>(block),
                                       old_bytes, new_bytes, __builtin_return_address(0));
}

// The resource of one checkpoint.

frame_scope_resource::frame_scope_resource(frame_resource& frame,
                                           rewindable_resource* owner) noexcept
    : bound_resource_base(owner != nullptr ? *owner : frame), frame_(frame) {}

void* frame_scope_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (serial == frame_.engine_.top_serial()) [[likely]]
    return frame_.allocate(bytes, alignment);
  return frame_.allocate_bound(*this, bytes, alignment);
}

void frame_scope_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (serial == frame_.engine_.top_serial()) [[likely]] {
    return frame_.deallocate(block, bytes, alignment);
  }
  frame_.deallocate_bound(*this, static_cast<std::byte*>(block), bytes);
}

bool frame_scope_resource::do_is_equal(std::pmr::memory_resource const& other) const noexcept {
  return this == &other;
}

// Memory as a whole.

void frame_resource::reset_slow() noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller};
  if (visit.is_refused()) return;
  if (engine_.in_finalizer()) return report({.kind = misuse_kind::rewind_in_finalizer}, caller);
  reset_all(caller);
}

void frame_resource::reset_all(void const* caller) noexcept {
  if (engine_.is_checked()) static_cast<void>(frame_checks::before_closing(*this, 0, {}, caller));
  {
    window const open{engine_};
    frame_quarantine::retirement const retiring{*this, 0, {}, caller};
    engine_.reset();
  }
  if (engine_.is_checked()) frame_checks::after_closing(*this, 0);
  give_back_apart();
}

void frame_resource::release() noexcept {
  void const* const caller = __builtin_return_address(0);
  frame_checks::visit const visit{*this, caller};
  if (visit.is_refused()) return;
  if (engine_.in_finalizer()) return report({.kind = misuse_kind::rewind_in_finalizer}, caller);
  reset_all(caller);
  window const open{engine_};
  release_chunks();
}

resource_stats frame_resource::stats() const noexcept {
  std::byte const* const cursor = engine_.main_region().cursor;
  return {.name = name_,
          .bytes_in_use = engine_.space.used_bytes(cursor),
          .bytes_peak = engine_.space.peak_bytes(cursor),
          .bytes_reserved = reserved_bytes_,
          .chunk_count = chunk_count_,
          .upstream_calls = upstream_calls_,
          .depth = engine_.depth(),
          .closed_from_below = engine_.closed_from_below(),
          .late_frees = late_frees_};
}

}  // namespace tidemark
