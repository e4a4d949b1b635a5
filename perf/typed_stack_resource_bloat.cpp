// SPDX-License-Identifier: BSL-1.0
//
// How much memory is kept when one scope has needed a great deal, and all later ones need little?
// The figure is bytes held from upstream after 100 small scopes, for each byte of the large one.

#include <cstdint>
#include <memory_resource>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

using tidemark::stack_scope;
using tidemark::typed_stack_resource;

constexpr std::size_t large_count = 1'000'000;
constexpr std::size_t small_count = 100;
constexpr std::size_t small_scopes = 100;

// `scope(count)` takes that many doubles, writes the first and the last, and gives them back.
template <class Scope, class Between>
void add(perf::program& program, std::string const& name, perf::counting_upstream const& upstream,
         Scope scope, Between between) {
  auto const work = [scope, between] {
    double sum = scope(large_count);
    between();
    for (std::size_t i = 0; i < small_scopes; ++i) sum += scope(small_count);
    return static_cast<std::uint64_t>(sum);
  };
  auto const round = [work] { benchmark::DoNotOptimize(work()); };
  auto const bytes_per_byte = [&upstream] {
    return static_cast<double>(upstream.bytes_held()) / (large_count * sizeof(double));
  };
  program.add("stack_bloat", name, small_scopes, round, work, bytes_per_byte);
}

double use(double* array, std::size_t count) {
  array[0] = 1;
  array[count - 1] = static_cast<double>(count);
  perf::escape(array);
  return array[0] + array[count - 1];
}

auto scopes_of(typed_stack_resource& stack) {
  return [&stack](std::size_t count) {
    stack_scope scope(stack);
    return use(scope.acquire<double>(count).data(), count);
  };
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::counting_upstream upstreams[3];

  typed_stack_resource stack(&upstreams[0]);
  add(program, "ours", upstreams[0], scopes_of(stack), [] {});

  typed_stack_resource trimmed(&upstreams[1]);
  add(program, "trimmed", upstreams[1], scopes_of(trimmed), [&] {
    trimmed.request_trim();
    // What the first scope after the request needed is all there is to keep at the second.
    scopes_of(trimmed)(small_count);
    trimmed.request_trim();
  });

  std::pmr::unsynchronized_pool_resource std_pool(&upstreams[2]);
  auto const on_heap = [&std_pool](std::size_t count) {
    std::size_t const bytes = count * sizeof(double);
    auto* const array = static_cast<double*>(std_pool.allocate(bytes, alignof(double)));
    double const sum = use(array, count);
    std_pool.deallocate(array, bytes, alignof(double));
    return sum;
  };
  add(program, "std unsync", upstreams[2], on_heap, [] {});
  return program.run();
}
