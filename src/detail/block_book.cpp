// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <tidemark/detail/block_book.hpp>
#include <utility>

namespace tidemark::detail {

block_book::~block_book() {
  for (list& blocks : lists_) blocks.clear();
}

void block_book::prepare_slow(std::uint32_t depth) {
  if (lists_.size() <= depth) lists_.resize(depth + 1);
  if (spare_ != nullptr) return;
  if (2 * (entries_.size() + 1) > table_.size()) grow_table();
  spare_ = &entries_.emplace_back();
}

void block_book::grow_table() {
  decltype(table_) larger(std::max<std::size_t>(1024, 2 * table_.size()));
  table_.swap(larger);
  for (known_block& block : entries_) slot_of(block.address) = &block;
}

// Neighbours in memory are neighbours in the table, because they are used one after another; each
// window of 2 KiB has a place of its own, so that chunks do not pile up on each other.
known_block*& block_book::slot_of(std::byte const* address) noexcept {
  auto const number = reinterpret_cast<std::uintptr_t>(address);
  std::uint64_t const window = (number >> 11) * 0x9E3779B97F4A7C15U >> 32;
  std::size_t slot = window * 64 + (number >> 5) % 64;
  for (;; ++slot) {
    known_block*& found = table_[slot & (table_.size() - 1)];
    if (found == nullptr || found->address == address) return found;
  }
}

known_block& block_book::add(std::byte* address, std::size_t bytes, std::uint32_t depth,
                             std::uint64_t serial) noexcept {
  known_block*& slot = slot_of(address);
  if (slot == nullptr) {
    slot = std::exchange(spare_, nullptr);
    slot->address = address;
  }
  known_block& block = *slot;
  if (block.is_linked()) block.unlink();  // freed, or above what is closing, and handed out again
  block.bytes = bytes;
  block.serial = serial;
  block.closing = 0;
  block.state = block_state::live;
  lists_[depth].push_back(block);
  return block;
}

known_block* block_book::find(void const* address) noexcept {
  return table_.empty() ? nullptr : slot_of(static_cast<std::byte const*>(address));
}

void block_book::close(std::uint32_t depth) noexcept {
  for (std::size_t d = depth; d < lists_.size(); ++d) {
    lists_[d].clear_and_dispose([](known_block* block) {
      if (block->state == block_state::live) block->state = block_state::closed;
    });
  }
}

void block_book::keep(std::uint32_t depth) noexcept {
  if (depth >= lists_.size()) return;
  list& outer = lists_[depth - 1];
  outer.splice(outer.end(), lists_[depth]);
}

std::uint64_t block_book::remember(closed_scope const& scope) noexcept {
  scopes_[++closings_ % remembered_scopes] = scope;
  return closings_;
}

closed_scope const* block_book::find_closing(std::uint64_t number) const noexcept {
  bool const known = number != 0 && number <= closings_ && closings_ - number < remembered_scopes;
  return known ? &scopes_[number % remembered_scopes] : nullptr;
}

closed_scope const* block_book::find_scope(std::uint64_t serial) const noexcept {
  for (std::uint64_t number = closings_; closed_scope const* scope = find_closing(number);
       --number) {
    if (scope->serial == serial) return scope;
  }
  return nullptr;
}

}  // namespace tidemark::detail
