// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a typed stack tells whoever listens: its checkpoints and arrays as they come and go, and
// lanes that grow because nobody opened a scope.
//
// Use it to print the flow of memory of a real run, or to find the caller that forgot its scope.
// With no handler set nothing is told, and nothing is slower.
//
// Thread rule: handlers are called on the thread that uses the stack. They may read the stack, and
// must not change it.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/config.hpp>
#include <tidemark/error.hpp>

namespace tidemark {

struct stack_event {
  enum class action : std::uint8_t { open, acquire, close };

  action what = action::open;
  std::uint32_t depth = 0;       // of the checkpoint that opens, closes or owns the array; 0: none
  std::string_view lane{};       // acquire: the element type as the compiler spells it
  std::size_t bytes = 0;         // acquire: of the array's elements
  std::size_t bytes_in_use = 0;  // of the stack, afterwards
  source_location where{};       // open: where; else empty
};

/// A lane has many arrays that no checkpoint will take back.
struct stack_growth {
  static constexpr std::size_t first_count = 512;  // told then, and at each power of two above

  resource_name resource{};
  std::string_view lane{};
  std::size_t array_count = 0;   // taken with no checkpoint open, since the last reset
  std::size_t bytes_in_use = 0;  // of the lane
};

using stack_trace_handler = void (*)(stack_event const&, void* context) noexcept;
using stack_growth_handler = void (*)(stack_growth const&, void* context) noexcept;

}  // namespace tidemark
