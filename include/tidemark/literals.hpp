// SPDX-License-Identifier: BSL-1.0
#pragma once

// Byte counts as literals: `using namespace tidemark::literals; frame_resource f{64_KiB};`
//
// Use them in binary units only: KiB, MiB and GiB are 2^10, 2^20 and 2^30 bytes. A count that does
// not fit `std::size_t` does not compile.

#include <cstddef>
#include <cstdint>

namespace tidemark::literals {
namespace detail {

// Throws in constant evaluation, which is the only one there is: the literal does not compile.
consteval std::size_t scaled(unsigned long long count, unsigned shift) {
  if (count > (SIZE_MAX >> shift)) throw "a byte count that does not fit std::size_t";
  return static_cast<std::size_t>(count) << shift;
}

}  // namespace detail

consteval std::size_t operator""_KiB(unsigned long long count) { return detail::scaled(count, 10); }
consteval std::size_t operator""_MiB(unsigned long long count) { return detail::scaled(count, 20); }
consteval std::size_t operator""_GiB(unsigned long long count) { return detail::scaled(count, 30); }

}  // namespace tidemark::literals
