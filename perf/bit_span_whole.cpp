// SPDX-License-Identifier: BSL-1.0
//
// What do the operations on all bits of a mask cost, packed and as bytes?
// An operation is one call for 10 000 bits. Every bit decides: `any` meets a bit that is set at the
// end only, `all` meets none that is not.

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <functional>
#include <random>
#include <tidemark/bit_span.hpp>
#include <vector>

#include "support/program.hpp"

namespace {

constexpr std::size_t bit_count = 10'000;

// Two masks in the form of each contestant.
struct masks {
  // `bit(random, i)` tells each bit, in order.
  template <class Bit>
  explicit masks(Bit bit) {
    std::mt19937 random(2024);
    for (std::size_t i = 0; i < bit_count; ++i) {
      bool const one = bit(random, i);
      bool const other = random() % 2 != 0;
      chars[i] = one ? 1 : 0;
      other_chars[i] = other ? 1 : 0;
      packed.set(i, one);
      other_packed.set(i, other);
      bools[i] = one;
      bits.set(i, one);
      other_bits.set(i, other);
    }
  }
  masks(masks const&) = delete;
  masks& operator=(masks const&) = delete;

  std::vector<char> chars = std::vector<char>(bit_count);
  std::vector<char> other_chars = std::vector<char>(bit_count);
  std::vector<std::uint64_t> words =
      std::vector<std::uint64_t>(tidemark::bit_span::words_for(bit_count));
  std::vector<std::uint64_t> other_words = words;
  tidemark::bit_span packed{words.data(), bit_count};
  tidemark::bit_span other_packed{other_words.data(), bit_count};
  std::vector<bool> bools = std::vector<bool>(bit_count);
  std::bitset<bit_count> bits;
  std::bitset<bit_count> other_bits;
};

class row {
 public:
  row(perf::program& program, std::string name) : program_(program), name_(std::move(name)) {}

  /// `work()` returns what the operation tells, which is not 0.
  template <class Work>
  row& add(std::string const& contestant, Work work) {
    auto const round = [work] {
      benchmark::ClobberMemory();
      benchmark::DoNotOptimize(work());
    };
    program_.add(name_, contestant, 1, round, [work] { return std::uint64_t{work()}; });
    return *this;
  }
  /// The same, where the operation changes what it works on: two of them change it back.
  template <class Work, class Tell>
  row& add(std::string const& contestant, Work work, Tell tell) {
    auto const round = [work] {
      work();
      benchmark::ClobberMemory();
      work();
      benchmark::ClobberMemory();
    };
    auto const check = [work, tell] {
      work();
      std::uint64_t const told = tell();
      work();
      return told;
    };
    program_.add(name_, contestant, 2, round, check);
    return *this;
  }

 private:
  perf::program& program_;
  std::string name_;
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);

  masks random([](std::mt19937& source, std::size_t) { return source() % 2 != 0; });
  auto const ones = [](std::vector<char> const& chars) {
    return static_cast<std::size_t>(std::count(chars.begin(), chars.end(), 1));
  };
  row(program, "bits_count")
      .add("ours", [&] { return random.packed.count(); })
      .add("char", [&] { return ones(random.chars); })
      .add("vector<bool>",
           [&] {
             return static_cast<std::size_t>(
                 std::count(random.bools.begin(), random.bools.end(), true));
           })
      .add("bitset", [&] { return random.bits.count(); });
  row(program, "bits_xor")
      .add(
          "ours", [&] { random.packed ^= random.other_packed; },
          [&] { return random.packed.count(); })
      .add(
          "char",
          [&] {
            std::transform(random.chars.begin(), random.chars.end(), random.other_chars.begin(),
                           random.chars.begin(), std::bit_xor<char>{});
          },
          [&] { return ones(random.chars); })
      .add(
          "bitset", [&] { random.bits ^= random.other_bits; }, [&] { return random.bits.count(); });

  masks last([](std::mt19937&, std::size_t i) { return i + 1 == bit_count; });
  auto const is_set = [](char each) { return each != 0; };
  row(program, "bits_any")
      .add("ours", [&] { return last.packed.any(); })
      .add("char", [&] { return std::any_of(last.chars.begin(), last.chars.end(), is_set); })
      .add("bitset", [&] { return last.bits.any(); });

  masks full([](std::mt19937&, std::size_t) { return true; });
  row(program, "bits_all")
      .add("ours", [&] { return full.packed.all(); })
      .add("char", [&] { return std::all_of(full.chars.begin(), full.chars.end(), is_set); })
      .add("bitset", [&] { return full.bits.all(); });

  return program.run();
}
