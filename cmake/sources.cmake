# SPDX-License-Identifier: BSL-1.0

# Every header and source of the library, one per line, sorted. test/house compares the lists with
# the tree.
set(TIDEMARK_HEADERS
  include/tidemark/config.hpp
  include/tidemark/literals.hpp
  include/tidemark/marker.hpp
  include/tidemark/rewindable_resource.hpp
)

set(TIDEMARK_SOURCES
)
