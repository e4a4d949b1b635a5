// SPDX-License-Identifier: BSL-1.0
//
// What do nested functions cost, each with a scope and arrays of its own type, and with a helper
// that takes an array of another type for its caller?
// An operation is one call of the outermost of 1 to 5 functions.
//
// Ours saves a lane when it is first touched; "listed" saves those of the function's own type at
// once, "all" every lane.

#include <bit>
#include <complex>
#include <cstdint>
#include <tuple>

#include "support/array_memory.hpp"
#include "support/program.hpp"

namespace {

using types = std::tuple<double, float, std::int64_t, std::int32_t, std::complex<double>>;
constexpr std::size_t count = 10;  // elements of an array
constexpr std::size_t calls_per_round = 100;

// Noinline, as a function elsewhere: the caller cannot know what it touches.
template <class Scope>
[[gnu::noinline]] std::size_t helper(Scope& scope, std::size_t limit) {
  auto* const flags = scope.template take<bool>(count);
  for (std::size_t i = 0; i < count; ++i) flags[i] = i < limit;
  perf::escape(flags);
  std::size_t set = 0;
  for (std::size_t i = 0; i < count; ++i) set += flags[i] ? 1U : 0U;
  return set;
}

template <std::size_t Depth, std::size_t Level, class Memory>
[[gnu::noinline]] double nested(Memory& memory, double value) {
  if constexpr (Level == Depth) {
    return value;
  } else {
    using element = std::tuple_element_t<Level, types>;
    typename Memory::template scope<element> scope(memory);
    auto* const array = scope.template take<element>(count);
    for (std::size_t i = 0; i < count; ++i)
      array[i] = static_cast<element>(static_cast<float>(Level + i));
    perf::escape(array);
    auto const set = static_cast<double>(helper(scope, Level));
    double const inner = nested<Depth, Level + 1>(memory, value + set);
    element sum{};
    for (std::size_t i = 0; i < count; ++i) sum += array[i];  // as it was before the inner call
    return inner + static_cast<double>(std::abs(sum));
  }
}

template <std::size_t Depth>
class row {
 public:
  row(perf::program& program) {
    std::string const name = "stack_nested_" + std::to_string(Depth);
    auto const work = [](auto& memory) {
      double all = 1;
      for (std::size_t i = 0; i < calls_per_round; ++i) {
        all += nested<Depth, 0>(memory, static_cast<double>(i));
      }
      return std::bit_cast<std::uint64_t>(all);
    };
    memories_.add(program, name, calls_per_round, work);
    perf::add_workload(program, name, "listed", listed_, calls_per_round, work);
    perf::add_workload(program, name, "all", all_, calls_per_round, work);
  }

 private:
  perf::array_memories memories_;
  perf::listed_memory<false> listed_;
  perf::listed_memory<true> all_;
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  row<1> const one(program);
  row<2> const two(program);
  row<3> const three(program);
  row<4> const four(program);
  row<5> const five(program);
  return program.run();
}
