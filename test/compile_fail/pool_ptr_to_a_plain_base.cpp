// SPDX-License-Identifier: BSL-1.0
#include <tidemark/frame_resource.hpp>
#include <tidemark/objects/pool_ptr.hpp>

using namespace tidemark;

struct base {};
struct derived : base {};

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  pool_ptr<derived> p = make_pooled<derived>(&frame);
#else
  pool_ptr<base> p = make_pooled<derived>(&frame);
#endif
}
