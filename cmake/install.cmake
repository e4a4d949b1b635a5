# SPDX-License-Identifier: BSL-1.0

# What `find_package(tidemark)`, `tidemark::tidemark` and pkg-config need of an installed tree.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tidemark)

install(TARGETS tidemark EXPORT tidemarkTargets FILE_SET HEADERS)
install(EXPORT tidemarkTargets NAMESPACE tidemark:: DESTINATION ${package_dir})

configure_package_config_file(
  cmake/tidemarkConfig.cmake.in tidemarkConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change anything.
write_basic_package_version_file(tidemarkConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/tidemarkConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/tidemarkConfigVersion.cmake
  DESTINATION ${package_dir})

include(cmake/pkgconfig.cmake)
