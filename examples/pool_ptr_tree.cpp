// SPDX-License-Identifier: BSL-1.0

// A tree of objects of several types in one resource: each pointer returns its whole block.

#include <cstdlib>
#include <memory_resource>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

struct expression {
  virtual ~expression() = default;
  virtual double value() const = 0;
};
struct number final : expression {
  explicit number(double v) : value_(v) {}
  double value() const override { return value_; }
  double value_;
};
struct product final : expression {
  product(pool_ptr<expression> a, pool_ptr<expression> b)
      : left(std::move(a)), right(std::move(b)) {}
  double value() const override { return left->value() * right->value(); }
  pool_ptr<expression> left, right;
};

int main() {
  frame_resource frame;
  memory_scope scope{frame};
  double result = 0;
  {
    pool_ptr<expression> tree =
        make_pooled<product>(scope, make_pooled<number>(scope, 6), make_pooled<number>(scope, 7));
    result = tree->value();
  }
  scope.reset();
  return result == 42 && frame.stats().bytes_in_use == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
