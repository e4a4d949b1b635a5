// SPDX-License-Identifier: BSL-1.0
//
// What does a scope cost that touches some lanes, and does it cost more where others lie idle?
// Ours has 100 idle lanes; a row's other contestants are the same with 10 and with none.
//
// "touched": each lane by an array of 8 elements; "listed": each at once by `checkpoint<Ts...>()`;
// "all": every lane there is.

#include <array>
#include <complex>
#include <cstdint>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/idle_lanes.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

using tidemark::marker;
using tidemark::stack_scope;
using tidemark::typed_stack_resource;

constexpr std::size_t scopes_per_round = 1000;

template <class... Ts>
struct types {};

// The lanes with a number of their own, but that of bits.
using one_type = types<double>;
using two_types = types<double, float>;
using three_types = types<double, float, std::int64_t>;
using four_types = types<double, float, std::int64_t, std::int32_t>;
using eight_types = types<double, float, std::int64_t, std::int32_t, std::complex<double>,
                          std::complex<float>, bool, perf::idle_element<0>>;

// All contestants of a row run these functions at one address.

template <class... Ts>
[[gnu::noinline]] void touch(typed_stack_resource& stack, types<Ts...>) {
  stack_scope scope(stack);
  (perf::escape(scope.acquire<Ts>(8u).data()), ...);
}

template <class... Ts>
[[gnu::noinline]] void list(typed_stack_resource& stack, types<Ts...>) {
  marker const mark = stack.checkpoint<Ts...>();
  perf::escape(&stack);
  stack.rewind(mark);
}

[[gnu::noinline]] void list_all(typed_stack_resource& stack) {
  marker const mark = stack.checkpoint_all();
  perf::escape(&stack);
  stack.rewind(mark);
}

// Where the next array of a lane lies, for each lane that a row may have touched.
template <class... Ts>
std::array<void const*, sizeof...(Ts)> next_arrays(typed_stack_resource& stack, types<Ts...>) {
  stack_scope scope(stack);
  return {scope.acquire<Ts>(8u).data()...};
}

template <class Scope>
void add(perf::program& program, std::string const& row, perf::idle_lane_stacks& stacks,
         Scope scope) {
  auto const add_one = [&](std::string const& name, typed_stack_resource& stack) {
    auto const round = [&stack, scope] {
      for (std::size_t i = 0; i < scopes_per_round; ++i) scope(stack);
    };
    auto const check = [&stack, round] {
      auto const before = next_arrays(stack, eight_types{});
      round();
      bool const kept = next_arrays(stack, eight_types{}) != before;
      return kept ? std::uint64_t{0} : scopes_per_round;
    };
    program.add(row, name, scopes_per_round, round, check);
  };
  add_one("ours", stacks.hundred);
  add_one("10 idle", stacks.ten);
  add_one("0 idle", stacks.none);
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::idle_lane_stacks stacks;
  for (auto* const stack : {&stacks.none, &stacks.ten, &stacks.hundred}) {
    next_arrays(*stack, eight_types{});
  }
  auto const add_touch = [&](std::string const& row, auto listed) {
    add(program, row, stacks, [=](auto& stack) { return touch(stack, listed); });
  };
  auto const add_list = [&](std::string const& row, auto listed) {
    add(program, row, stacks, [=](auto& stack) { return list(stack, listed); });
  };
  add_touch("stack_touched_0", types<>{});
  add_touch("stack_touched_1", one_type{});
  add_touch("stack_touched_2", two_types{});
  add_touch("stack_touched_4", four_types{});
  add_touch("stack_touched_8", eight_types{});
  add_list("stack_listed_1", one_type{});
  add_list("stack_listed_3", three_types{});
  add_list("stack_listed_8", eight_types{});
  add(program, "stack_all", stacks, [](auto& stack) { return list_all(stack); });
  return program.run();
}
