// SPDX-License-Identifier: BSL-1.0

// Masks of packed bits: which measurements to leave out, by two rules that are then combined.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

template <class Rule>
static bit_span where(stack_scope& memory, std::span<double const> values, Rule rule) {
  auto mask = memory.bits(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) mask[i] = rule(values[i]);
  return mask;
}

int main() {
  constexpr std::size_t n = 10'000;
  stack_scope s;
  auto values = s.acquire<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = i % 100 == 7 ? NAN : static_cast<double>(i % 50);
  }
  auto const missing = where(s, values, [](double v) { return std::isnan(v); });
  auto const large = where(s, values, [](double v) { return v >= 40; });

  auto usable = s.trues(n);
  usable ^= missing;
  auto dropped = s.bits(n);
  dropped |= missing;
  dropped |= large;
  usable &= where(s, values, [](double v) { return v < 40; });

  double sum = 0;  // only the words with a bit set cost a look at the values
  for (auto i = usable.find_first(); i != n; i = usable.find_first(i + 1)) sum += values[i];
  std::printf("%zu of %zu usable in %zu bytes a mask, mean %.3f\n", usable.count(), n,
              usable.words().size_bytes(), sum / static_cast<double>(usable.count()));

  dropped.flip();
  dropped ^= usable;  // the two ways to say it agree in every bit
  bool const right = missing.count() == 100 && large.count() == 2000 && usable.count() == 7900;
  return right && dropped.none() && sum == 155'300 ? EXIT_SUCCESS : EXIT_FAILURE;
}
