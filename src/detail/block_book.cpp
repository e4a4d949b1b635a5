// SPDX-License-Identifier: BSL-1.0
#include <iterator>
#include <tidemark/detail/block_book.hpp>
#include <utility>

namespace tidemark::detail {

block_book::~block_book() {
  for (list& blocks : lists_) blocks.clear();
}

void block_book::prepare(std::uint32_t depth) {
  if (lists_.size() <= depth) lists_.resize(depth + 1);
  if (!spare_.empty()) return;
  // The only way to make a node is to insert it; its bucket is reserved on the way.
  blocks_.reserve(blocks_.size() + 1);
  auto const made = blocks_.try_emplace(nullptr).first;
  spare_ = blocks_.extract(made);
}

void block_book::add(std::byte* address, std::size_t bytes, std::uint32_t depth,
                     std::uint64_t serial) noexcept {
  known_block* block = find(address);
  if (block == nullptr) {
    spare_.key() = address;
    block = &blocks_.insert(std::move(spare_)).position->second;
    spare_ = {};
  } else if (block->is_linked()) {  // popped by an enclosing scope, and handed out again
    block->unlink();
  }
  block->address = address;
  block->bytes = bytes;
  block->serial = serial;
  block->state = block_state::live;
  lists_[depth].push_back(*block);
}

known_block* block_book::find(void const* address) noexcept {
  auto const found = blocks_.find(static_cast<std::byte const*>(address));
  return found != blocks_.end() ? &found->second : nullptr;
}

void block_book::close(std::uint32_t depth) noexcept {
  for (std::size_t d = depth; d < lists_.size(); ++d) {
    for (known_block& block : lists_[d]) {
      if (block.state == block_state::live) block.state = block_state::closed;
    }
    lists_[d].clear();
  }
}

void block_book::keep(std::uint32_t depth) noexcept {
  if (depth >= lists_.size()) return;
  list& outer = lists_[depth - 1];
  outer.splice(outer.end(), lists_[depth]);
}

void block_book::remember(closed_scope const& scope) noexcept {
  scopes_[next_scope_] = scope;
  next_scope_ = (next_scope_ + 1) % std::size(scopes_);
}

closed_scope const* block_book::find_scope(std::uint64_t serial) const noexcept {
  for (closed_scope const& scope : scopes_) {
    if (scope.serial == serial) return &scope;
  }
  return nullptr;
}

}  // namespace tidemark::detail
