// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which ranges of memory are unreadable on purpose, for a signal handler to look up.
//
// Thread rule: any thread; `find` also inside a signal handler.
//
// Invariants:
//  1. A slot's text is written before its `begin` and not changed while that stands: the release of
//     `begin` pairs with the acquire in `find`.
//  2. A slot that is being written or freed has a `begin` below any address.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <tidemark/config.hpp>

namespace tidemark::detail {

/// What a report of a fault says.
struct fault_place {
  char name[32] = {};        // of the pool
  source_location opened{};  // the scope that took the memory
  source_location closed{};  // where it ended, if that call carried a place
  char closed_by[128] = {};  // else the function it ended in
};

/// Adds a range.
/// Returns: Its slot, for `forget_fault_range`; SIZE_MAX if the table is full.
std::size_t remember_fault_range(void const* begin, std::size_t bytes,
                                 fault_place const& place) noexcept;
void forget_fault_range(std::size_t slot) noexcept;

/// Copies the place of the range that holds `address`.
/// Returns: False if no range does.
bool find_fault_range(void const* address, fault_place& place) noexcept;

}  // namespace tidemark::detail
