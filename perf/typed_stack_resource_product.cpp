// SPDX-License-Identifier: BSL-1.0
//
// What does where temporaries come from do to the time of a computation that needs three?
// One operation: two n x n matrices are filled and multiplied, the product is summed.
//
// "after odd": behind an array of 5 elements. In the same chunk a bump then puts the next array at
// an address that is no multiple of 16, which costs vector instructions time; a heap never does.

#include "support/product.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::product_rows rows(program);
  rows.add("stack_product_", {16, 32, 64, 100, 128, 256});
  rows.add("stack_product_after_odd_", {16, 64}, 5);
  return program.run();
}
