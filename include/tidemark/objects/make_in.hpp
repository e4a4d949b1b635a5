// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes a value whose memory comes from a given resource.
//
// Use it where the type is a template parameter: `make_in<T>(scope, args...)` is right for a pmr
// container, for a class that takes an allocator first or last, for a pair of these, and for an
// int.
//
// Thread rule: that of the resource.

#include <memory>
#include <memory_resource>
#include <utility>

namespace tidemark {

/// Effects:        Uses-allocator construction: `where` goes to the constructor of T, and of what a
///                 pair or tuple T holds, wherever it takes a polymorphic_allocator.
/// Returns:        The value, not moved.
/// Throws:         What the constructor throws.
/// Remarks:        `where` is a resource's address, a scope, or an allocator.
template <class T, class... Args>
[[nodiscard]] T make_in(std::pmr::polymorphic_allocator<> where, Args&&... args) {
  return std::make_obj_using_allocator<T>(where, std::forward<Args>(args)...);
}

}  // namespace tidemark
