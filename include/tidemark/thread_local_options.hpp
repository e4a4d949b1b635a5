// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a thread_local_resource is told when it is made.
//
// Thread rule: a value.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/check_level.hpp>

namespace tidemark {

struct thread_local_options {
  std::string_view name = {};                    // copied, up to 31 bytes
  std::size_t largest_pooled_bytes = 32 * 1024;  // up to 32 KiB; larger blocks come from upstream
  std::size_t limit_bytes = SIZE_MAX;            // of all that upstream gave, to all threads
  std::size_t max_idle_bytes = SIZE_MAX;  // a thread that needs more memory has at most so much
                                          // free; what it has beyond goes back first
  check_level check = check_level::automatic;
};

}  // namespace tidemark
