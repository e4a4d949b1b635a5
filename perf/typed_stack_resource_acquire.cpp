// SPDX-License-Identifier: BSL-1.0
//
// What does `acquire<double>(n)` cost in a scope, and does it cost more where other lanes lie idle?
// One round: 1000 arrays of 1 to 32 elements, then the scope closes.

#include <cstdint>
#include <memory_resource>
#include <random>
#include <span>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>
#include <vector>

#include "support/floor.hpp"
#include "support/idle_lanes.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

using tidemark::typed_stack_resource;

constexpr std::size_t arrays_per_round = 1000;
constexpr std::size_t lane_bytes = std::size_t{1} << 18;  // holds a round

std::vector<std::size_t> random_counts() {
  std::mt19937 random(2024);
  std::vector<std::size_t> counts(arrays_per_round);
  for (auto& count : counts) count = 1 + random() % 32;
  return counts;
}

class arrays {
 public:
  template <class Take>
  void take(Take one) {
    double** next = first_.data();
    for (std::size_t const count : counts_) {
      double* const array = one(count);
      perf::escape(array);
      *next++ = array;
    }
  }
  // One function for every stack, so that all run at one address.
  [[gnu::noinline]] void take_from(tidemark::stack_scope& scope) {
    take([&scope](std::size_t count) { return scope.acquire<double>(count).data(); });
  }
  template <class Resource>
  [[gnu::noinline]] void take_from(Resource& resource) {
    auto* const any = perf::launder<std::pmr::memory_resource>(&resource);
    take([any](std::size_t count) {
      return static_cast<double*>(any->allocate(count * sizeof(double), alignof(double)));
    });
  }
  template <class Resource>
  [[gnu::noinline]] void give_back(Resource& resource) {
    auto* const any = perf::launder<std::pmr::memory_resource>(&resource);
    for (std::size_t i = 0; i < arrays_per_round; ++i) {
      any->deallocate(first_[i], counts_[i] * sizeof(double), alignof(double));
    }
  }
  /// Writes every element of every array, and then sums them: arrays that overlap change the sum.
  std::uint64_t written() {
    for (std::size_t i = 0; i < arrays_per_round; ++i) {
      for (double& each : std::span(first_[i], counts_[i])) each = static_cast<double>(i);
    }
    std::uint64_t sum = 1;
    for (std::size_t i = 0; i < arrays_per_round; ++i) {
      for (double const each : std::span(first_[i], counts_[i])) {
        sum = sum * 31 + static_cast<std::uint64_t>(each);
      }
    }
    return sum;
  }

 private:
  std::vector<std::size_t> counts_ = random_counts();
  std::vector<double*> first_ = std::vector<double*>(arrays_per_round);
};

void add_stack(perf::program& program, std::string const& row, std::string const& name,
               arrays& work, typed_stack_resource& stack) {
  auto const round = [&work, &stack] {
    tidemark::stack_scope scope(stack);
    work.take_from(scope);
  };
  auto const check = [&work, &stack] {
    tidemark::stack_scope scope(stack);
    work.take_from(scope);
    return work.written();
  };
  program.add(row, name, arrays_per_round, round, check);
}

template <class Resource, class Reset>
void add(perf::program& program, std::string const& row, std::string const& name, arrays& work,
         Resource& resource, Reset reset) {
  auto const round = [&work, &resource, reset] {
    work.take_from(resource);
    reset();
  };
  auto const check = [&work, &resource, reset] {
    work.take_from(resource);
    std::uint64_t const sum = work.written();
    reset();
    return sum;
  };
  program.add(row, name, arrays_per_round, round, check);
}

template <class Resource>
void add_heap(perf::program& program, std::string const& row, std::string const& name, arrays& work,
              Resource& resource) {
  add(program, row, name, work, resource, [&work, &resource] { work.give_back(resource); });
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  arrays work;
  perf::idle_lane_stacks stacks({.initial_bytes = lane_bytes});
  typed_stack_resource lazy;  // as a user writes it who names no size
  perf::three<perf::bump_floor> floors;
  perf::warm_buffer buffer;
  std::pmr::monotonic_buffer_resource std_mono(buffer.bytes.data(), buffer.bytes.size());
  perf::plain_new_delete new_delete;

  auto const add_floors = [&](std::string const& row) {
    floors.each([&](auto& floor, auto copy) {
      add(program, row, std::string("floor") + copy, work, floor, [&floor] { floor.reset(); });
    });
  };
  std::string const row = "stack_acquire";
  add_stack(program, row, "ours", work, stacks.none);
  add_stack(program, row, "stack{}", work, lazy);
  add_floors(row);
  add(program, row, "std mono", work, std_mono, [&std_mono] { std_mono.release(); });
  add_heap(program, row, "new/delete", work, new_delete);
  add_heap(program, row, "mimalloc", work, *tidemark::mimalloc_resource());

  add_stack(program, "stack_acquire_10_idle", "ours", work, stacks.ten);
  add_stack(program, "stack_acquire_10_idle", "0 idle", work, stacks.none);
  add_floors("stack_acquire_10_idle");
  add_stack(program, "stack_acquire_100_idle", "ours", work, stacks.hundred);
  add_stack(program, "stack_acquire_100_idle", "0 idle", work, stacks.none);
  add_floors("stack_acquire_100_idle");

  return program.run();
}
