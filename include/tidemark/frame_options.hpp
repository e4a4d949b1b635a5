// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a frame_resource is told when it is made.
//
// Use it with designated initialisers: `frame_resource f{{.name = "parse", .limit_bytes = 1_MiB}};`
//
// Thread rule: a value.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tidemark/check_level.hpp>

namespace tidemark {

enum class frame_owner : std::uint8_t {
  thread,  // the thread that opened the outermost checkpoint
  lease    // whoever holds it: a task that may move between threads
};

struct frame_options {
  std::string_view name = {};                 // copied, up to 31 bytes
  std::size_t initial_bytes = 4096 - 64;      // capacity of the first chunk: with its header a page
  std::size_t max_chunk_bytes = 1024 * 1024;  // growth doubles up to here; a power of two
  std::size_t limit_bytes = SIZE_MAX;         // of all that upstream gave
  bool recycle_outgrown = true;               // reuse freed arrays of 2 KiB and more in their scope
  std::size_t quarantine_count = 0;           // retired frames kept unreadable: quarantine.hpp
  frame_owner owner = frame_owner::thread;
  check_level check = check_level::automatic;
};

}  // namespace tidemark
