// SPDX-License-Identifier: BSL-1.0
#include <new>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <utility>

namespace tidemark::detail {

template <class Count>
auto secondary_account<Count>::allocate_from_secondary(std::size_t bytes, std::size_t alignment)
    -> served {
  spilled_piece piece = spilled_block::piece_for(bytes, alignment);
  if (piece.bytes == 0) throw std::bad_alloc();
  piece.memory = secondary_->allocate(piece.bytes, piece.alignment);
  spilled_block& block = spilled_.insert(piece);
  return {.block = block.address(), .header = &block};
}

template <class Count>
void secondary_account<Count>::refund(content&& all) noexcept {
  spilled_.release(std::move(all), [this](spilled_piece const& piece) { give_back(piece); });
}

template <class Count>
bool secondary_account<Count>::give_back_if_known(void* block) noexcept {
  spilled_piece const piece = spilled_.take(block);
  if (piece.memory == nullptr) return false;
  give_back(piece);
  return true;
}

template class secondary_account<owned_count>;
template class secondary_account<shared_count>;

}  // namespace tidemark::detail
