// SPDX-License-Identifier: BSL-1.0
#pragma once

// A view of bits, 64 to a word.
//
//   bit_span b{words, 70}:    words[0]  | b[63] ........ b[1] b[0] |
//                             words[1]  | 0 .. 0   b[69] ... b[64] |    the tail is zero
//
// Use it for masks: an eighth of the memory of bools, and counts, tests and bitwise operations take
// 64 at a time. Do not use it where neighbouring bits belong to different threads.
//
// Thread rule: a value. Bits of one word are one object: they need one owner.
//
// Invariants:
//  1. The bits of the last word from size() on, the tail, are zero before and after every call.
//  2. A const bit_span still writes its bits, as a const `std::span` does.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <type_traits>

namespace tidemark {

class bit_span {
 public:
  static constexpr std::size_t bits_per_word = 64;

  /// Stands for one bit: reads as a bool, and is assigned one.
  class reference {
   public:
    constexpr reference(reference const&) noexcept = default;
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment, cert-oop54-cpp): assigns the bit
    constexpr reference& operator=(reference const& other) noexcept {
      return *this = static_cast<bool>(other);
    }
    constexpr reference& operator=(bool value) noexcept {
      *word_ = value ? *word_ | mask_ : *word_ & ~mask_;
      return *this;
    }
    constexpr operator bool() const noexcept {  // NOLINT(google-explicit-constructor)
      return (*word_ & mask_) != 0;
    }
    constexpr void flip() const noexcept { *word_ ^= mask_; }

   private:
    friend bit_span;
    constexpr reference(std::uint64_t* word, std::uint64_t mask) noexcept
        : word_(word), mask_(mask) {}

    std::uint64_t* word_;
    std::uint64_t mask_;  // has the one bit
  };

  constexpr bit_span() noexcept = default;

  /// Preconditions: `words` points to words_for(bits) words, whose tail is zero; it may be null if
  ///                `bits` is 0.
  constexpr bit_span(std::uint64_t* words, std::size_t bits) noexcept
      : words_(words), size_(bits) {}

  /// Returns:       How many words hold `bits` bits, whatever their count.
  static constexpr std::size_t words_for(std::size_t bits) noexcept {
    return bits / bits_per_word + (bits % bits_per_word != 0 ? 1 : 0);
  }

  // One bit. Preconditions of all but `at`: index < size().
  constexpr reference operator[](std::size_t index) const noexcept {
    return {words_ + index / bits_per_word, std::uint64_t{1} << (index % bits_per_word)};
  }
  constexpr bool test(std::size_t index) const noexcept { return (*this)[index]; }
  constexpr void set(std::size_t index, bool value = true) const noexcept {
    (*this)[index] = value;
  }
  constexpr void reset(std::size_t index) const noexcept { set(index, false); }
  constexpr void flip(std::size_t index) const noexcept { (*this)[index].flip(); }
  /// Throws:        `std::out_of_range` if index >= size().
  constexpr reference at(std::size_t index) const {
    if (index >= size_) throw std::out_of_range("bit_span::at: the index is not below the size");
    return (*this)[index];
  }

  // All bits, a word at a time.
  void fill(bool value) const noexcept;
  void flip() const noexcept;

  /// Effects:       Each bit becomes that of the operation on it and the same bit of `other`.
  /// Preconditions: The words of both are the same or do not overlap.
  /// Throws:        `std::invalid_argument` if the sizes differ; nothing is changed then.
  bit_span const& operator&=(bit_span other) const;
  bit_span const& operator|=(bit_span other) const;
  bit_span const& operator^=(bit_span other) const;

  /// Returns:       How many bits are set.
  /// Remarks:       Needs no POPCNT: 16 words are added to one before it is counted, after Harley
  ///                and Seal (H. S. Warren, Hacker's Delight, 2nd edition, 5-1).
  std::size_t count() const noexcept;

  /// Of no bits: all() and none() are true.
  /// Complexity:    O(words); any and none end at a word with a bit set, all at one without.
  bool any() const noexcept { return find_first() != size_; }
  bool all() const noexcept;
  bool none() const noexcept { return !any(); }

  /// Returns:       The index of the first bit that is set at `from` or behind; size() if none is.
  std::size_t find_first(std::size_t from = 0) const noexcept;

  constexpr std::size_t size() const noexcept { return size_; }  // in bits
  constexpr bool empty() const noexcept { return size_ == 0; }
  /// Returns:       All words. Who writes them keeps the tail zero.
  constexpr std::span<std::uint64_t> words() const noexcept { return {words_, words_for(size_)}; }

 private:
  std::uint64_t* words_ = nullptr;
  std::size_t size_ = 0;  // count of bits
};

static_assert(std::is_trivially_copyable_v<bit_span>);

}  // namespace tidemark
