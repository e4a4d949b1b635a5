# SPDX-License-Identifier: BSL-1.0

# Every header and source of the library, one per line, sorted. test/house compares the lists with
# the tree.
set(TIDEMARK_HEADERS
  include/tidemark/config.hpp
  include/tidemark/detail/serial_source.hpp
  include/tidemark/error.hpp
  include/tidemark/literals.hpp
  include/tidemark/marker.hpp
  include/tidemark/rewindable_resource.hpp
  include/tidemark/stats.hpp
  include/tidemark/upstream/default_upstream.hpp
  include/tidemark/upstream/mimalloc_resource.hpp
)

set(TIDEMARK_SOURCES
  src/detail/serial_source.cpp
  src/error.cpp
  src/rewindable_resource.cpp
  src/stats.cpp
  src/upstream/default_upstream.cpp
  src/upstream/mimalloc_resource.cpp
)
