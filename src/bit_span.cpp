// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <bit>
#include <functional>
#include <string>
#include <tidemark/bit_span.hpp>

namespace tidemark {
namespace {

using word = std::uint64_t;

constexpr word all_ones = ~word{0};

// The bits of the last word that are not its tail.
constexpr word last_mask(std::size_t bits) noexcept {
  std::size_t const used = bits % bit_span::bits_per_word;
  return used == 0 ? all_ones : (word{1} << used) - 1;
}

template <class Operation>
void combine(bit_span to, bit_span from, Operation operation) {
  if (to.size() != from.size()) {
    throw std::invalid_argument("bit_span: one has " + std::to_string(to.size()) +
                                " bits, the other has " + std::to_string(from.size()));
  }
  auto const words = to.words();
  std::transform(words.begin(), words.end(), from.words().begin(), words.begin(), operation);
}

// Adds fields of 2, 4 and 8 bits side by side. Not std::popcount: where the target has no
// instruction for it, g++ calls a function that looks up each byte in a table.
constexpr std::size_t ones_in(word bits) noexcept {
  bits -= (bits >> 1U) & 0x5555'5555'5555'5555;
  bits = (bits & 0x3333'3333'3333'3333) + ((bits >> 2U) & 0x3333'3333'3333'3333);
  bits = (bits + (bits >> 4U)) & 0x0F0F'0F0F'0F0F'0F0F;
  return (bits * 0x0101'0101'0101'0101) >> 56U;
}

// 64 adders of one bit each: leaves the sums in `sum` and returns the carries.
constexpr word carry_save(word& sum, word a, word b) noexcept {
  word const half = sum ^ a;
  word const carry = (sum & a) | (half & b);
  sum = half ^ b;
  return carry;
}

// Counts per bit position, in binary: what `ones` has counts once, what `eights` has eight times.
struct sliced_count {
  word ones = 0;
  word twos = 0;
  word fours = 0;
  word eights = 0;

  // Each adds its words and returns what is carried out of the slice it is named for.
  constexpr word add_2(word const* from) noexcept { return carry_save(ones, from[0], from[1]); }
  constexpr word add_4(word const* from) noexcept {
    word const first = add_2(from);
    return carry_save(twos, first, add_2(from + 2));
  }
  constexpr word add_8(word const* from) noexcept {
    word const first = add_4(from);
    return carry_save(fours, first, add_4(from + 4));
  }
  constexpr word add_16(word const* from) noexcept {
    word const first = add_8(from);
    return carry_save(eights, first, add_8(from + 8));
  }
  constexpr std::size_t total() const noexcept {
    return ones_in(ones) + 2 * ones_in(twos) + 4 * ones_in(fours) + 8 * ones_in(eights);
  }
};

}  // namespace

void bit_span::fill(bool value) const noexcept {
  if (empty()) return;
  std::ranges::fill(words(), value ? all_ones : 0);
  words().back() &= last_mask(size_);
}

void bit_span::flip() const noexcept {
  if (empty()) return;
  for (word& bits : words()) bits = ~bits;
  words().back() &= last_mask(size_);
}

bit_span const& bit_span::operator&=(bit_span other) const {
  combine(*this, other, std::bit_and{});
  return *this;
}

bit_span const& bit_span::operator|=(bit_span other) const {
  combine(*this, other, std::bit_or{});
  return *this;
}

bit_span const& bit_span::operator^=(bit_span other) const {
  combine(*this, other, std::bit_xor{});
  return *this;
}

std::size_t bit_span::count() const noexcept {
  std::size_t const end = words_for(size_);
  sliced_count below;
  std::size_t sixteens = 0;
  std::size_t i = 0;
  for (; end - i >= 16; i += 16) sixteens += ones_in(below.add_16(words_ + i));
  std::size_t total = 16 * sixteens + below.total();
  for (; i != end; ++i) total += ones_in(words_[i]);
  return total;
}

bool bit_span::all() const noexcept {
  if (empty()) return true;
  auto const whole = words().first(words().size() - 1);
  return std::ranges::all_of(whole, [](word bits) { return bits == all_ones; }) &&
         words().back() == last_mask(size_);
}

std::size_t bit_span::find_first(std::size_t from) const noexcept {
  if (from >= size_) return size_;
  std::size_t i = from / bits_per_word;
  word bits = words_[i] & (all_ones << (from % bits_per_word));
  while (bits == 0) {
    if (++i == words_for(size_)) return size_;
    bits = words_[i];
  }
  return i * bits_per_word + static_cast<std::size_t>(std::countr_zero(bits));
}

}  // namespace tidemark
