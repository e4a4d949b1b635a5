// SPDX-License-Identifier: BSL-1.0
#pragma once

// The rows about the product of two matrices whose memory is taken anew for each product.
//
// Thread rule: one thread.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory_resource>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "peers.hpp"
#include "program.hpp"

namespace perf {

/// The work of every contestant, at one address. Only where the three arrays lie differs.
/// Returns:        The sum of all elements of the product.
[[gnu::noinline]] inline double product(double* a, double* b, double* c, std::size_t n) {
  for (std::size_t i = 0; i < n * n; ++i) a[i] = static_cast<double>(i & 7U);
  for (std::size_t i = 0; i < n * n; ++i) b[i] = static_cast<double>(i & 3U) - 1;
  for (std::size_t row = 0; row < n; ++row) {
    double* const sums = c + row * n;
    for (std::size_t j = 0; j < n; ++j) sums[j] = 0;
    for (std::size_t k = 0; k < n; ++k) {
      double const factor = a[row * n + k];
      for (std::size_t j = 0; j < n; ++j) sums[j] += factor * b[k * n + j];
    }
  }
  double sum = 0;
  for (std::size_t i = 0; i < n * n; ++i) sum += c[i];
  return sum;
}

class product_rows {
 public:
  explicit product_rows(program& to) : to_(to) {}
  product_rows(product_rows const&) = delete;
  product_rows& operator=(product_rows const&) = delete;

  /// Adds the row `prefix + n` for each n. `before`: elements of an array that is taken before the
  /// matrices; 0: none.
  void add(std::string const& prefix, std::initializer_list<std::size_t> sizes,
           std::size_t before = 0) {
    for (std::size_t const n : sizes) {
      std::string const row = prefix + std::to_string(n);
      contestant(row, "ours", [this, n, before] { return on_stack(n, before); });
      contestant(row, "new/delete", [this, n, before] { return on_heap(new_delete_, n, before); });
      contestant(row, "mimalloc", [this, n, before] { return on_heap(*mimalloc_, n, before); });
      contestant(row, "std mono", [this, n, before] {
        double const sum = on_heap(std_mono_, n, before);
        std_mono_.release();
        return sum;
      });
    }
  }

 private:
  template <class Work>
  void contestant(std::string const& row, std::string const& name, Work work) {
    auto const round = [work] { benchmark::DoNotOptimize(work()); };
    to_.add(row, name, 1, round, [work] { return std::bit_cast<std::uint64_t>(work()); });
  }
  double on_stack(std::size_t n, std::size_t before) {
    tidemark::stack_scope scope(stack_);
    if (before != 0) escape(scope.acquire<double>(before).data());
    auto const a = scope.acquire<double>(n, n);
    auto const b = scope.acquire<double>(n, n);
    auto const c = scope.acquire<double>(n, n);
    return product(a.data(), b.data(), c.data(), n);
  }
  template <class Resource>
  static double on_heap(Resource& resource, std::size_t n, std::size_t before) {
    auto const take = [&](std::size_t count) {
      return static_cast<double*>(resource.allocate(count * sizeof(double), alignof(double)));
    };
    auto const free = [&](double* array, std::size_t count) {
      resource.deallocate(array, count * sizeof(double), alignof(double));
    };
    double* const first = before != 0 ? take(before) : nullptr;
    double* const a = take(n * n);
    double* const b = take(n * n);
    double* const c = take(n * n);
    double const sum = product(a, b, c, n);
    free(c, n * n);
    free(b, n * n);
    free(a, n * n);
    if (first != nullptr) free(first, before);
    return sum;
  }

  program& to_;
  tidemark::typed_stack_resource stack_;
  plain_new_delete new_delete_;
  std::pmr::memory_resource* mimalloc_ = tidemark::mimalloc_resource();
  warm_buffer buffer_{std::size_t{4} << 20};
  std::pmr::monotonic_buffer_resource std_mono_{buffer_.bytes.data(), buffer_.bytes.size()};
};

}  // namespace perf
