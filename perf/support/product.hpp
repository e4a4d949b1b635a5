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
  /// Adds the row `prefix + n` for each n.
  product_rows(program& to, std::string const& prefix, std::initializer_list<std::size_t> sizes) {
    for (std::size_t const n : sizes) {
      std::string const row = prefix + std::to_string(n);
      add(to, row, "ours", [this, n] {
        tidemark::stack_scope scope(stack_);
        auto const a = scope.acquire<double>(n, n);
        auto const b = scope.acquire<double>(n, n);
        auto const c = scope.acquire<double>(n, n);
        return product(a.data(), b.data(), c.data(), n);
      });
      add(to, row, "new/delete", [this, n] { return on_heap(new_delete_, n); });
      add(to, row, "mimalloc", [n] { return on_heap(*tidemark::mimalloc_resource(), n); });
      add(to, row, "std mono", [this, n] {
        double const sum = on_heap(std_mono_, n);
        std_mono_.release();
        return sum;
      });
    }
  }
  product_rows(product_rows const&) = delete;
  product_rows& operator=(product_rows const&) = delete;

 private:
  template <class Work>
  static void add(program& to, std::string const& row, std::string const& name, Work work) {
    auto const round = [work] { benchmark::DoNotOptimize(work()); };
    to.add(row, name, 1, round, [work] { return std::bit_cast<std::uint64_t>(work()); });
  }
  template <class Resource>
  static double on_heap(Resource& resource, std::size_t n) {
    std::size_t const bytes = n * n * sizeof(double);
    void* const a = resource.allocate(bytes, alignof(double));
    void* const b = resource.allocate(bytes, alignof(double));
    void* const c = resource.allocate(bytes, alignof(double));
    double const sum =
        product(static_cast<double*>(a), static_cast<double*>(b), static_cast<double*>(c), n);
    resource.deallocate(c, bytes, alignof(double));
    resource.deallocate(b, bytes, alignof(double));
    resource.deallocate(a, bytes, alignof(double));
    return sum;
  }

  tidemark::typed_stack_resource stack_;
  plain_new_delete new_delete_;
  warm_buffer buffer_{std::size_t{4} << 20};
  std::pmr::monotonic_buffer_resource std_mono_{buffer_.bytes.data(), buffer_.bytes.size()};
};

}  // namespace perf
