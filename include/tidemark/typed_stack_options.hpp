// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a typed_stack_resource is told when it is made: what a frame is told, and policies.
//
// Use it with designated initialisers: `typed_stack_resource s{{.name = "solve"}};`
//
// Thread rule: a value.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/check_level.hpp>
#include <tidemark/frame_options.hpp>

namespace tidemark {

struct typed_stack_options {
  std::string_view name = {};                 // copied, up to 31 bytes
  std::size_t initial_bytes = 4096 - 64;      // capacity of each lane's first chunk
  std::size_t max_chunk_bytes = 1024 * 1024;  // growth doubles up to here; a power of two
  std::size_t limit_bytes = SIZE_MAX;         // of all that upstream gave
  bool recycle_outgrown = true;               // reuse freed arrays of 2 KiB and more in their scope
  std::size_t quarantine_count = 0;           // retired frames kept unreadable: quarantine.hpp
  frame_owner owner = frame_owner::thread;
  check_level check = check_level::automatic;
  bool pooled = true;          // false: each block is upstream's own, returned when its scope ends
  bool require_scope = false;  // report and refuse what the bare pool is asked for with none open
};

}  // namespace tidemark
