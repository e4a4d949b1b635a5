# SPDX-License-Identifier: BSL-1.0

# Links a static mimalloc where there is one that leaves the program's malloc and operator new
# alone; most archives are built to replace them. Else the shared library is opened at first use.
include(CheckCXXSourceRuns)

find_library(TIDEMARK_MIMALLOC_ARCHIVE libmimalloc.a)
find_path(TIDEMARK_MIMALLOC_INCLUDE_DIR mimalloc.h)
mark_as_advanced(TIDEMARK_MIMALLOC_ARCHIVE TIDEMARK_MIMALLOC_INCLUDE_DIR)

if(TIDEMARK_MIMALLOC_ARCHIVE AND TIDEMARK_MIMALLOC_INCLUDE_DIR AND NOT CMAKE_CROSSCOMPILING)
  set(CMAKE_REQUIRED_INCLUDES ${TIDEMARK_MIMALLOC_INCLUDE_DIR})
  set(CMAKE_REQUIRED_LIBRARIES ${TIDEMARK_MIMALLOC_ARCHIVE} Threads::Threads)
  file(READ cmake/mimalloc_stands_apart.cpp probe)
  check_cxx_source_runs("${probe}" TIDEMARK_MIMALLOC_STANDS_APART)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()

if(TIDEMARK_MIMALLOC_STANDS_APART)
  target_compile_definitions(tidemark PRIVATE TIDEMARK_STATIC_MIMALLOC)
  target_include_directories(tidemark SYSTEM PRIVATE ${TIDEMARK_MIMALLOC_INCLUDE_DIR})
  target_link_libraries(tidemark PRIVATE ${TIDEMARK_MIMALLOC_ARCHIVE})
endif()
