// SPDX-License-Identifier: BSL-1.0
#pragma once

// The element types that a random history of a typed stack knows, and the checkpoints that list
// some of them.
//
// Thread rule: constants.

#include <algorithm>
#include <array>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/detail/lane.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>

namespace model {

/// A type without a lane of its own until its first use; sizes of 1, 6, 11 and 16 bytes.
template <std::size_t N>
struct other {
  std::array<char, 1 + 5 * (N % 4)> value;
};
struct alignas(64) line {
  std::array<char, 64> value;
};
struct alignas(128) over_aligned {  // more than a lane's chunks are: lies beside
  std::array<char, 128> value;
};

struct lane_kind {
  using stack = tidemark::typed_stack_resource;
  using scope = tidemark::memory_scope<stack>;

  std::string_view name;
  std::size_t element_bytes;
  std::size_t alignment;
  std::byte* (*of_stack)(stack&, std::size_t count);
  std::byte* (*of_scope)(scope&, std::size_t count);
};

template <class T, class From>
std::byte* take_from(From& from, std::size_t count) {
  if constexpr (std::same_as<T, tidemark::detail::bit_words>) {
    return reinterpret_cast<std::byte*>(from.bits(count * 64).words().data());
  } else {
    return reinterpret_cast<std::byte*>(from.template acquire<T>(count).data());
  }
}

template <class T>
constexpr lane_kind kind_of() {
  using element = tidemark::detail::lane_element<T>;
  return {.name = element::name,
          .element_bytes = sizeof(typename element::type),
          .alignment = std::max<std::size_t>(alignof(typename element::type), 16),
          .of_stack = &take_from<T, lane_kind::stack>,
          .of_scope = &take_from<T, lane_kind::scope>};
}

// More than 16 that are not built in: their table grows.
inline constexpr std::array lane_kinds{kind_of<double>(),
                                       kind_of<float>(),
                                       kind_of<std::int64_t>(),
                                       kind_of<std::int32_t>(),
                                       kind_of<std::complex<double>>(),
                                       kind_of<std::complex<float>>(),
                                       kind_of<bool>(),
                                       kind_of<tidemark::detail::bit_words>(),
                                       kind_of<std::uint16_t>(),
                                       kind_of<std::byte>(),
                                       kind_of<line>(),
                                       kind_of<over_aligned>(),
                                       kind_of<other<0>>(),
                                       kind_of<other<1>>(),
                                       kind_of<other<2>>(),
                                       kind_of<other<3>>(),
                                       kind_of<other<4>>(),
                                       kind_of<other<5>>(),
                                       kind_of<other<6>>(),
                                       kind_of<other<7>>(),
                                       kind_of<other<8>>(),
                                       kind_of<other<9>>(),
                                       kind_of<other<10>>(),
                                       kind_of<other<11>>(),
                                       kind_of<other<12>>(),
                                       kind_of<other<13>>()};

/// Returns: lane_kinds.size() if there is none.
inline std::size_t kind_called(std::string_view name) noexcept {
  std::size_t kind = 0;
  while (kind < lane_kinds.size() && lane_kinds[kind].name != name) ++kind;
  return kind;
}

using opener = tidemark::marker (*)(tidemark::typed_stack_resource&);
template <class... Ts>
tidemark::marker open(tidemark::typed_stack_resource& stack) {
  return stack.checkpoint<Ts...>();
}

/// One type, several, the same twice, more than the journal holds without asking for memory.
inline constexpr std::array<opener, 9> openers{
    &open<double>,
    &open<float>,
    &open<other<0>>,
    &open<double, float>,
    &open<double, double, other<3>>,
    &open<std::int64_t, other<12>, bool>,
    &open<over_aligned, line>,
    &open<tidemark::detail::bit_words, std::complex<double>>,
    &open<double, float, std::int64_t, std::int32_t, bool, std::byte, other<1>, other<2>, other<3>,
          other<4>, other<5>, other<6>>};

struct trimmer {
  std::size_t (*trim)(tidemark::typed_stack_resource&);
  std::array<std::string_view, 2> names;
};
template <class T, class U>
constexpr trimmer trimmer_of() {
  return {[](tidemark::typed_stack_resource& stack) { return stack.trim<T, U>(); },
          {tidemark::detail::lane_element<T>::name, tidemark::detail::lane_element<U>::name}};
}
inline constexpr std::array trimmers{trimmer_of<double, float>(), trimmer_of<other<0>, line>(),
                                     trimmer_of<std::int32_t, other<13>>()};

}  // namespace model
