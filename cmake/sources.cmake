# SPDX-License-Identifier: BSL-1.0

# Every header and source of the library, one per line, sorted. test/house compares the lists with
# the tree.
set(TIDEMARK_HEADERS
  include/tidemark/adaptors/failing_resource.hpp
  include/tidemark/check_level.hpp
  include/tidemark/config.hpp
  include/tidemark/detail/alignment.hpp
  include/tidemark/detail/array_recycler.hpp
  include/tidemark/detail/bump_region.hpp
  include/tidemark/detail/chunk_list.hpp
  include/tidemark/detail/finalizer_list.hpp
  include/tidemark/detail/frame_engine.hpp
  include/tidemark/detail/frame_space.hpp
  include/tidemark/detail/poison.hpp
  include/tidemark/detail/scope_record.hpp
  include/tidemark/detail/serial_source.hpp
  include/tidemark/error.hpp
  include/tidemark/frame_resource.hpp
  include/tidemark/literals.hpp
  include/tidemark/marker.hpp
  include/tidemark/memory_scope.hpp
  include/tidemark/rewindable_resource.hpp
  include/tidemark/stats.hpp
  include/tidemark/testing/checked_upstream.hpp
  include/tidemark/testing/conformance.hpp
  include/tidemark/testing/fail_each_allocation.hpp
  include/tidemark/testing/misuse_recorder.hpp
  include/tidemark/testing/testing.hpp
  include/tidemark/tidemark.hpp
  include/tidemark/upstream/default_upstream.hpp
  include/tidemark/upstream/mimalloc_resource.hpp
)

set(TIDEMARK_SOURCES
  src/adaptors/failing_resource.cpp
  src/check_level.cpp
  src/detail/array_recycler.cpp
  src/detail/chunk_list.cpp
  src/detail/frame_engine.cpp
  src/detail/frame_space.cpp
  src/detail/poison.cpp
  src/detail/serial_source.cpp
  src/error.cpp
  src/frame_resource.cpp
  src/frame_resource_scopes.cpp
  src/rewindable_resource.cpp
  src/stats.cpp
  src/testing/checked_upstream.cpp
  src/testing/conformance.cpp
  src/testing/conformance_rows.cpp
  src/testing/fail_each_allocation.cpp
  src/testing/live_blocks.cpp
  src/upstream/default_upstream.cpp
  src/upstream/mimalloc_resource.cpp
)
