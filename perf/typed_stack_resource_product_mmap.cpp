// SPDX-License-Identifier: BSL-1.0
//
// The same products where glibc takes every large array from the system: a program that frees one
// raises the limit above which it does, unless it was told a limit.

#include <malloc.h>

#include "support/product.hpp"

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  perf::program program(argc, argv);
  perf::product_rows rows(program);
  rows.add("stack_product_mmap_", {128, 256});
  return program.run();
}
