// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <tidemark/detail/array_recycler.hpp>

namespace tidemark::detail {

static_assert(std::size_t{1} << 11 == large_block_bytes, "least_class is its logarithm");

std::size_t array_recycler::list_of(std::size_t bytes) noexcept {
  auto const floor_of_log2 = static_cast<std::size_t>(std::bit_width(bytes)) - 1;
  return std::min(floor_of_log2 - least_class, list_count - 1);
}

// Links are copied bytewise because a block of chars may start at any address.
array_recycler::link array_recycler::read(std::byte const* block) noexcept {
  link value;
  std::memcpy(&value, block, sizeof value);
  return value;
}

void array_recycler::write(std::byte* block, link value) noexcept {
  std::memcpy(block, &value, sizeof value);
}

void array_recycler::push(std::byte* block, std::size_t bytes) noexcept {
  std::size_t const list = list_of(bytes);
  write(block, {heads_[list], bytes});
  heads_[list] = block;
  nonempty_ |= std::uint32_t{1} << list;
}

void array_recycler::give(array_recycler*& table, std::byte* block, std::size_t bytes) noexcept {
  if (table != nullptr) {
    table->push(block, bytes);
    return;
  }
  std::size_t const padding = padding_to(block, alignof(array_recycler));
  table = ::new (block + padding) array_recycler{};
  std::size_t const taken = padding + sizeof(array_recycler);
  if (bytes - taken >= large_block_bytes) table->push(block + taken, bytes - taken);
}

std::byte* array_recycler::take_from(std::size_t list, std::size_t bytes,
                                     std::size_t alignment) noexcept {
  std::byte* previous = nullptr;
  std::byte* block = heads_[list];
  for (int looked_at = 0; block != nullptr && looked_at < 4; ++looked_at) {
    link const here = read(block);
    if (here.bytes >= bytes && padding_to(block, alignment) == 0) {
      if (previous != nullptr) {
        write(previous, {here.next, read(previous).bytes});
      } else {
        heads_[list] = here.next;
        if (here.next == nullptr) nonempty_ &= ~(std::uint32_t{1} << list);
      }
      if (here.bytes - bytes >= large_block_bytes) push(block + bytes, here.bytes - bytes);
      return block;
    }
    previous = block;
    block = here.next;
  }
  return nullptr;
}

std::byte* array_recycler::take(std::size_t bytes, std::size_t alignment) noexcept {
  std::size_t const own = list_of(bytes);
  for (std::uint32_t rest = nonempty_ >> own << own; rest != 0; rest &= rest - 1) {
    auto const list = static_cast<std::size_t>(std::countr_zero(rest));
    if (std::byte* const block = take_from(list, bytes, alignment)) return block;
  }
  return nullptr;
}

void array_recycler::merge(array_recycler& other) noexcept {
  for (std::size_t list = 0; list < list_count; ++list) {
    std::byte* block = other.heads_[list];
    for (int moved = 0; block != nullptr && moved < 16; ++moved) {
      link const here = read(block);
      push(block, here.bytes);
      block = here.next;
    }
  }
  other = {};
}

}  // namespace tidemark::detail
