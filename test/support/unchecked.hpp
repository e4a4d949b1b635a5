// SPDX-License-Identifier: BSL-1.0
#pragma once

// Options for tests that count bytes: the same numbers with and without sanitizers.

#include <cstddef>
#include <tidemark/frame_resource.hpp>

inline tidemark::frame_options unchecked(tidemark::frame_options options = {}) {
  options.check = tidemark::check_level::off;
  return options;
}

/// A first chunk of `bytes`, for tests that know what lies where.
inline tidemark::frame_options unchecked_first(std::size_t bytes) {
  tidemark::frame_options options = unchecked();
  options.initial_bytes = bytes;
  return options;
}
