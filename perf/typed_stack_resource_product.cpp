// SPDX-License-Identifier: BSL-1.0
//
// What does where temporaries come from do to the time of a computation that needs three?
// One operation: two n x n matrices are filled and multiplied, the product is summed.

#include "support/product.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::product_rows const rows(program, "stack_product_", {16, 32, 64, 100, 128, 256});
  return program.run();
}
