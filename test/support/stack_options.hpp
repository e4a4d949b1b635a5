// SPDX-License-Identifier: BSL-1.0
#pragma once

// Options of typed stacks for tests that know where arrays lie: in lanes, with and without
// sanitizers.

#include <cstddef>
#include <tidemark/typed_stack_options.hpp>

namespace tidemark::test {

inline typed_stack_options in_lanes(typed_stack_options options = {}) {
  options.check = check_level::off;
  return options;
}

}  // namespace tidemark::test
