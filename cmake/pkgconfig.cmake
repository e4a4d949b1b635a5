# SPDX-License-Identifier: BSL-1.0

# tidemark.pc, from the template that Meson fills in too. Its paths start at the file itself, so
# that an installed tree can be moved, unless the user gave absolute ones.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(prefix ${CMAKE_INSTALL_PREFIX})
  set(libdir ${CMAKE_INSTALL_FULL_LIBDIR})
  set(includedir ${CMAKE_INSTALL_FULL_INCLUDEDIR})
else()
  string(REGEX REPLACE "[^/]+" ".." up ${pkgconfig_dir})
  set(prefix "\${pcfiledir}/${up}")
  set(libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(version ${PROJECT_VERSION})

set(libs " -pthread -ldl")
if(TIDEMARK_MIMALLOC_STANDS_APART)
  string(APPEND libs " ${TIDEMARK_MIMALLOC_ARCHIVE}")
endif()
# A static library brings nothing along: whoever links it must name the rest.
if(BUILD_SHARED_LIBS)
  set(libs_private "${libs}")
else()
  set(libs_if_static "${libs}")
endif()

configure_file(cmake/tidemark.pc.in tidemark.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tidemark.pc DESTINATION ${pkgconfig_dir})
