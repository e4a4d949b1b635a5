// SPDX-License-Identifier: BSL-1.0
#pragma once

// Lanes of a typed stack that were used once and lie idle since.
//
// Thread rule: one thread.

#include <cstddef>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <utility>

namespace perf {

/// Element types that nothing but this header uses: a lane for each number.
template <std::size_t Number>
struct idle_element {
  double value;
};

/// Adds `Count` lanes to the stack.
template <std::size_t Count>
void add_idle_lanes(tidemark::typed_stack_resource& stack) {
  tidemark::stack_scope scope(stack);
  [&]<std::size_t... Number>(std::index_sequence<Number...>) {
    (static_cast<void>(scope.template acquire<idle_element<Number>>(1u)), ...);
  }(std::make_index_sequence<Count>{});
}

/// Three stacks of equal options: what a row costs must not depend on which of them it uses.
struct idle_lane_stacks {
  explicit idle_lane_stacks(tidemark::typed_stack_options const& options = {})
      : none(options), ten(options), hundred(options) {
    add_idle_lanes<10>(ten);
    add_idle_lanes<100>(hundred);
  }

  tidemark::typed_stack_resource none;
  tidemark::typed_stack_resource ten;
  tidemark::typed_stack_resource hundred;
};

}  // namespace perf
