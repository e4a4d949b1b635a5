// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the programs with a memory bug make their frame of, so that one leg can run them under
// quarantine: with PLANTED_QUARANTINE in the environment.
//
// Thread rule: one thread.

#include <cstdlib>
#include <memory_resource>
#include <tidemark/tidemark.hpp>

namespace planted {

inline bool is_quarantined() { return std::getenv("PLANTED_QUARANTINE") != nullptr; }

inline tidemark::frame_options options() {
  return {.name = "planted", .quarantine_count = is_quarantined() ? 4U : 0U};
}

inline std::pmr::memory_resource* upstream() {
  if (!is_quarantined()) return tidemark::default_upstream();
  static tidemark::page_resource pages;
  tidemark::install_quarantine_handler();
  return &pages;
}

}  // namespace planted
