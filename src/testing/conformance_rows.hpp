// SPDX-License-Identifier: BSL-1.0
#pragma once

// The rows of the conformance battery.
//
// Thread rule: one thread.

#include <span>
#include <tidemark/testing/conformance.hpp>

namespace tidemark::testing {

struct row_definition {
  char const* name;
  /// Returns if the promise is kept, else throws: a `violation` or what the resource threw.
  void (*run)(resource_factory const& make, conformance_traits const& traits);
};

std::span<row_definition const> all_rows() noexcept;

}  // namespace tidemark::testing
