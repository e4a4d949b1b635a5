// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which resources one thread at a time uses, by their type.
//
// Use it where something that goes with a resource is cheaper for one thread than for many: the
// numbers of an adaptor, its lock.
//
// Thread rule: compile time.

namespace tidemark {

class fixed_block_resource;
class frame_resource;
class typed_stack_resource;

namespace detail {

/// False where nothing is known. An adaptor's is that of the resource it wraps.
template <class R>
inline constexpr bool serves_one_thread = false;
template <>
inline constexpr bool serves_one_thread<fixed_block_resource> = true;
template <>
inline constexpr bool serves_one_thread<frame_resource> = true;
template <>
inline constexpr bool serves_one_thread<typed_stack_resource> = true;

}  // namespace detail
}  // namespace tidemark
