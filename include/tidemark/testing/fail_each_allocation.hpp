// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs a function once for every allocation it makes, failing that one.
//
// Use it to prove that code leaks nothing and lets nothing but `std::bad_alloc` out, wherever
// memory runs out. To fail one chosen allocation use `adaptors/failing_resource.hpp`.
//
// Thread rule: `f` may use threads, if they are done when it returns.
//
// Source: the exception tests of bdlma, which count an allocation limit up until the test succeeds.

#include <cstddef>
#include <functional>
#include <memory_resource>
#include <stdexcept>

namespace tidemark::testing {

/// A round of `fail_each_allocation` that went wrong; what() says which and how.
struct allocation_failure_mishandled : std::logic_error {
  using std::logic_error::logic_error;
};

/// Runs `f` with a fresh resource that fails at its 1st allocation, then at its 2nd, ... until a
/// round ends before the failure is reached.
/// Preconditions: `f` makes the same allocations in every round.
/// Returns:       Count of rounds that met their failure: the failure points of `f`.
/// Throws:        `allocation_failure_mishandled` if a round did not give everything back, gave it
///                back wrongly, or let another exception than `std::bad_alloc` out after the
///                failure; it is nested then. What `f` throws with no failure injected passes.
/// Remarks:       `f` may catch the failure and go on; it still counts.
std::size_t fail_each_allocation(std::function<void(std::pmr::memory_resource*)> const& f);

}  // namespace tidemark::testing
