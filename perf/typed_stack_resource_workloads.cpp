// SPDX-License-Identifier: BSL-1.0
//
// What do scopes cost in which the arrays of a small computation live?
// An operation is one scope: its arrays are taken, written, read and given back.
//
// "arrays": three matrices of 10 x 10; "shapes": one matrix, whose extents change from scope to
// scope; "mixed": vectors, matrices and masks; "own types": four types that are not built in.
//
// Source: the tests and benchmarks of AdaptiveArrayPools.jl.

#include <array>
#include <bit>
#include <cstdint>
#include <numeric>
#include <tidemark/nd_span.hpp>

#include "support/array_memory.hpp"
#include "support/program.hpp"

namespace {

template <class T>
void fill(T* array, std::size_t count, T value) {
  for (std::size_t i = 0; i < count; ++i) array[i] = value;
  perf::escape(array);
}

template <class T>
double sum(T const* array, std::size_t count) {
  double all = 0;
  for (std::size_t i = 0; i < count; ++i) all += static_cast<double>(array[i]);
  return all;
}

// Calls `one(memory, i)` for each i below `count`.
template <class One>
auto repeated(std::size_t count, One one) {
  return [=](auto& memory) {
    double all = 1;
    for (std::size_t i = 0; i < count; ++i) all += one(memory, i);
    return std::bit_cast<std::uint64_t>(all);
  };
}

constexpr std::size_t matrix_size = 100;  // 10 x 10

constexpr auto arrays = []<class Memory>(Memory& memory, std::size_t i) {
  typename Memory::template scope<double> scope(memory);
  auto* const a = scope.template take<double>(matrix_size);
  auto* const b = scope.template take<double>(matrix_size);
  auto* const c = scope.template take<double>(matrix_size);
  fill(a, matrix_size, static_cast<double>(i));
  fill(b, matrix_size, 2.0);
  for (std::size_t at = 0; at < matrix_size; ++at) c[at] = a[at] + b[at];
  return sum(c, matrix_size);
};

using shape = std::array<std::size_t, 2>;
constexpr shape shapes[] = {{5, 10}, {10, 5}, {7, 7},   {3, 16}, {4, 12},
                            {2, 50}, {50, 2}, {1, 100}, {25, 4}, {100, 1}};

constexpr auto one_shape = []<class Memory>(Memory& memory, shape const& extents) {
  typename Memory::template scope<double> scope(memory);
  auto const [rows, columns] = extents;
  auto* const first = scope.template take<double>(rows * columns);
  fill(first, rows * columns, static_cast<double>(rows));
  tidemark::nd_span<double, 2> const matrix(first, extents);
  double diagonal = 0;
  for (std::size_t at = 0; at < rows && at < columns; ++at) diagonal += matrix(at, at);
  return diagonal;
};

constexpr auto mixed = []<class Memory>(Memory& memory, std::size_t i) {
  typename Memory::template scope<double, float> scope(memory);
  auto* const doubles = scope.template take<double>(10);
  auto* const floats = scope.template take<float>(10);
  auto* const matrix = scope.template take<double>(matrix_size);
  auto* const small = scope.template take<float>(matrix_size);
  fill(doubles, 10, 1.5);
  fill(floats, 10, 2.5F);
  fill(matrix, matrix_size, static_cast<double>(i));
  fill(small, matrix_size, 0.5F);
  std::size_t set = 0;
  for (std::size_t const bits : {100u, 100u, 100u, 256u, 500u}) {
    auto const mask = scope.bits(bits);
    mask.set(i % bits);
    if (bits == 256) mask.flip();
    set += mask.count();
  }
  return sum(doubles, 10) + sum(floats, 10) + sum(matrix, matrix_size) + sum(small, matrix_size) +
         static_cast<double>(set);
};

// A number with a derivative: what automatic differentiation puts into arrays.
template <int>
struct dual {
  double value;
  double derivative;
  explicit operator double() const { return value + derivative; }
};

constexpr std::size_t dual_count = 44;

constexpr auto own_types = []<class Memory>(Memory& memory, std::size_t i) {
  using first = dual<0>;
  using second = dual<1>;
  using third = dual<2>;
  using fourth = dual<3>;
  typename Memory::template scope<first, second, third, fourth> scope(memory);
  auto const number = static_cast<double>(i);
  auto* const a = scope.template take<first>(dual_count);
  auto* const b = scope.template take<second>(dual_count);
  auto* const c = scope.template take<third>(dual_count);
  auto* const d = scope.template take<fourth>(dual_count);
  fill(a, dual_count, {number, 1});
  fill(b, dual_count, {number, 2});
  fill(c, dual_count, {number, 3});
  fill(d, dual_count, {number, 4});
  return sum(a, dual_count) + sum(b, dual_count) + sum(c, dual_count) + sum(d, dual_count);
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::array_memories memories;

  memories.add(program, "stack_arrays", 100, repeated(100, arrays));
  for (std::size_t const count : {4u, 5u, 10u}) {
    auto const next = [count](auto& memory, std::size_t i) {
      return one_shape(memory, shapes[i % count]);
    };
    memories.add(program, "stack_shapes_" + std::to_string(count), 100, repeated(100, next));
  }
  memories.add(program, "stack_mixed", 100, repeated(100, mixed));
  memories.add(program, "stack_own_types", 500, repeated(500, own_types));
  return program.run();
}
