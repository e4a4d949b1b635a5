// SPDX-License-Identifier: BSL-1.0
#pragma once

// Frames of arrays and blocks that only a seed tells from another, for tests that run a typed stack
// through the same history twice.
//
// Thread rule: one thread.

#include <complex>
#include <cstddef>
#include <cstdint>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/model_source.hpp"

namespace tidemark::test {

template <int>
struct dual {
  double value, derivative;
};
struct alignas(128) over_aligned {
  char bytes[128];
};

/// Takes an array of one of nine types, five of which are built in.
template <class Owner>
void take_some_type(Owner& owner, std::uint32_t type, std::size_t count) {
  switch (type % 9) {
    case 0:
      return static_cast<void>(owner.template acquire<double>(count));
    case 1:
      return static_cast<void>(owner.template acquire<float>(count));
    case 2:
      return static_cast<void>(owner.template acquire<std::complex<double>>(count));
    case 3:
      return static_cast<void>(owner.template acquire<dual<0>>(count));
    case 4:
      return static_cast<void>(owner.template acquire<dual<1>>(count));
    case 5:
      return static_cast<void>(owner.template acquire<over_aligned>(count / 16));
    case 6:
      return static_cast<void>(owner.bits(count));
    case 7:
      return static_cast<void>(owner.template acquire<char>(count));
    default:
      return static_cast<void>(owner.template acquire<std::int32_t>(count));
  }
}

/// Scopes within scopes; small and large arrays of the stack, of the scope on top and of scopes
/// below; blocks and objects among them; some scopes are kept, or emptied and used again.
inline void random_frame(typed_stack_resource& stack, model::command_source& source, int depth) {
  memory_scope scope{stack};
  for (std::uint32_t n = source.below(12); n != 0; --n) {
    std::uint32_t const type = source.below(9);
    switch (source.below(10)) {
      case 0:
      case 1:
        if (depth < 7) random_frame(stack, source, depth + 1);
        break;
      case 2:
        take_some_type(stack, type, source.below(60'000));
        break;
      case 3: {
        memory_scope above{stack};
        take_some_type(scope, type, source.below(2000));
        take_some_type(above, type + 1, source.below(2000));
        break;
      }
      case 4:
        static_cast<void>(scope.allocate(source.below(5000), std::size_t{1} << source.below(9)));
        static_cast<void>(scope.acquire_objects<std::pmr::vector<int>>(2, source.below(900)));
        break;
      case 5:
        if (source.one_in(3)) scope.reset();
        break;
      default:
        take_some_type(stack, type, source.below(600));
    }
  }
  if (source.one_in(3)) scope.keep();
}

}  // namespace tidemark::test
