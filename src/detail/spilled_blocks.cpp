// SPDX-License-Identifier: BSL-1.0
#include <new>
#include <tidemark/detail/spilled_blocks.hpp>

namespace tidemark::detail {

spilled_piece spilled_block::piece() noexcept {
  return {.memory = static_cast<std::byte*>(address()) - front_bytes(piece_alignment_),
          .bytes = piece_bytes_,
          .alignment = piece_alignment_};
}

template <class Mutex>
auto spilled_blocks<Mutex>::holding::take_all() noexcept -> content {
  content all;
  std::lock_guard const lock{all_.mutex_};
  all.blocks_.swap(blocks_);
  return all;
}

template <class Mutex>
void spilled_blocks<Mutex>::holding::add(content&& more) noexcept {
  if (more.empty()) return;
  std::lock_guard const lock{all_.mutex_};
  for (spilled_block& block : more.blocks_) block.holder_ = this;
  blocks_.splice(blocks_.begin(), more.blocks_);
}

template <class Mutex>
bool spilled_blocks<Mutex>::holding::contains(void const* block) const noexcept {
  std::lock_guard const lock{all_.mutex_};
  spilled_block const* const known = all_.find(block);
  return known != nullptr && known->holder_ == this;
}

template <class Mutex>
spilled_block& spilled_blocks<Mutex>::insert(spilled_piece const& piece) noexcept {
  std::size_t const front = spilled_block::front_bytes(piece.alignment);
  std::byte* const place = static_cast<std::byte*>(piece.memory) + front - sizeof(spilled_block);
  auto& block = *::new (place) spilled_block{piece};
  std::lock_guard const lock{mutex_};
  tree_.insert(block);
  size_.add(1);
  return block;
}

template <class Mutex>
void spilled_blocks<Mutex>::hold(holding& to, spilled_block& block) noexcept {
  std::lock_guard const lock{mutex_};
  block.holder_ = &to;
  to.blocks_.push_front(block);
}

template <class Mutex>
bool spilled_blocks<Mutex>::contains(void const* block) const noexcept {
  std::lock_guard const lock{mutex_};
  return find(block) != nullptr;
}

template <class Mutex>
spilled_piece spilled_blocks<Mutex>::take(void* block) noexcept {
  std::lock_guard const lock{mutex_};
  auto const found = tree_.find(address_of(block));
  if (found == tree_.end()) return {};
  spilled_block& known = *found;
  tree_.erase(found);
  size_.subtract(1);
  if (known.spilled_list_hook::is_linked()) known.spilled_list_hook::unlink();
  return known.piece();
}

/// Preconditions: locked.
template <class Mutex>
spilled_block const* spilled_blocks<Mutex>::find(void const* block) const noexcept {
  auto const found = tree_.find(address_of(block));
  return found != tree_.end() ? &*found : nullptr;
}

template <class Mutex>
void spilled_blocks<Mutex>::forget(content& blocks) noexcept {
  std::lock_guard const lock{mutex_};
  for (spilled_block& block : blocks.blocks_) {
    tree_.erase(tree_.iterator_to(block));
    size_.subtract(1);
  }
}

// The header ends with this: the piece is the secondary's again.
template <class Mutex>
spilled_piece spilled_blocks<Mutex>::pop(content& blocks) noexcept {
  spilled_block& first = blocks.blocks_.front();
  blocks.blocks_.pop_front();
  return first.piece();
}

template class spilled_blocks<no_mutex>;
template class spilled_blocks<std::mutex>;

}  // namespace tidemark::detail
