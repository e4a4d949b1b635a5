# SPDX-License-Identifier: BSL-1.0

# What test/CMakeLists.txt says in one line per test.

# Over the slowest test under a sanitizer on a busy machine: it ends hangs and measures nothing.
set(TIDEMARK_TEST_TIMEOUT_SECONDS 300)

# The entry point of all unit tests, and the precompiled header they share.
add_library(tidemark_test_main OBJECT support/test_main.cpp)
target_link_libraries(tidemark_test_main PUBLIC tidemark::tidemark)
if(TIDEMARK_BOOST_TEST_HEADER_ONLY)
  # These make its entry point as the linked library has it.
  target_compile_definitions(tidemark_test_main
    PUBLIC BOOST_TEST_NO_MAIN BOOST_TEST_ALTERNATIVE_INIT_API)
else()
  find_package(Boost 1.81 REQUIRED COMPONENTS unit_test_framework)
  target_link_libraries(tidemark_test_main PUBLIC Boost::unit_test_framework)
  target_compile_definitions(tidemark_test_main PUBLIC BOOST_TEST_DYN_LINK)
endif()
target_include_directories(tidemark_test_main PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
# g++ 12 sees overflows in libstdc++'s `"x" + std::string` that are not there (its bug 105651);
# Boost's data-driven cases are full of them.
target_compile_options(tidemark_test_main PUBLIC
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
                           -Wno-stringop-overread>)
# Half the time that the tests' own code takes at -O3; the library is as the build type has it.
target_compile_options(tidemark_test_main PUBLIC $<$<CONFIG:Release>:-O1>)
target_precompile_headers(tidemark_test_main PRIVATE support/precompiled/unit_tests.hpp)
tidemark_warnings(tidemark_test_main)

# tidemark_test(path): a unit test program from <path>_test.cpp; CTest knows it as <path>.
function(tidemark_test path)
  string(REPLACE "/" "_" target ${path}_test)
  add_executable(${target} ${path}_test.cpp)
  target_link_libraries(${target} PRIVATE tidemark_test_main)
  target_precompile_headers(${target} REUSE_FROM tidemark_test_main)
  tidemark_warnings(${target})
  add_test(NAME ${path} COMMAND ${target} --color_output=no)
  set_tests_properties(${path} PROPERTIES TIMEOUT ${TIDEMARK_TEST_TIMEOUT_SECONDS})
endfunction()

# tidemark_threaded(path): a test that starts threads; the target threaded_tests builds all of them
# and the CTest label `threads` runs them.
add_custom_target(threaded_tests)
function(tidemark_threaded path)
  string(REPLACE "/" "_" target ${path}_test)
  add_dependencies(threaded_tests ${target})
  set_tests_properties(${path} PROPERTIES LABELS threads)
endfunction()

# tidemark_suspending(path): a test whose functions go on in another thread. From -O2 on a compiler
# keeps the address of a thread's variable across a suspension, which is what it is about.
function(tidemark_suspending path)
  string(REPLACE "/" "_" target ${path}_test)
  target_compile_options(${target} PRIVATE -O2)
  set_target_properties(${target} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
endfunction()

# tidemark_callsite(name): a user's program that checks itself with assertions, which are on in
# every build type.
function(tidemark_callsite name)
  add_executable(callsite_${name} callsites/${name}.cpp)
  target_link_libraries(callsite_${name} PRIVATE tidemark::tidemark)
  target_compile_options(callsite_${name} PRIVATE -UNDEBUG)
  tidemark_warnings(callsite_${name})
  add_test(NAME callsites/${name} COMMAND callsite_${name})
  set_tests_properties(callsites/${name} PROPERTIES TIMEOUT ${TIDEMARK_TEST_TIMEOUT_SECONDS})
endfunction()

# tidemark_planted(name): a program with one bug, planted/<name>.cpp, for the legs below.
function(tidemark_planted name)
  add_executable(planted_${name} planted/${name}.cpp)
  target_link_libraries(planted_${name} PRIVATE tidemark::tidemark)
  tidemark_warnings(planted_${name})
endfunction()

# tidemark_planted_leg(leg binaries): how the programs fail is compared with what must see their
# bugs; planted.py tells the legs.
function(tidemark_planted_leg leg binaries)
  add_test(NAME planted/${leg}
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/planted/planted.py
      ${leg} ${binaries} ${PROJECT_SOURCE_DIR} $<TARGET_FILE:tidemark>)
  set_tests_properties(planted/${leg} PROPERTIES
    COST 100 SKIP_RETURN_CODE 77 TIMEOUT ${TIDEMARK_TEST_TIMEOUT_SECONDS})  # the slowest first
endfunction()

# tidemark_compile_fail(name regex): compile_fail/<name>.cpp must not compile and the compiler must
# say `regex`; with TIDEMARK_CONTROL defined the same file must compile, so that it fails for that
# reason alone.
set(TIDEMARK_COMPILE_FAIL_HEADER ${CMAKE_CURRENT_BINARY_DIR}/compile_fail/header.hpp)
set(TIDEMARK_COMPILE_FAIL_COMMAND ${CMAKE_CXX_COMPILER} -std=c++20
  "-I$<JOIN:$<TARGET_PROPERTY:tidemark,INTERFACE_INCLUDE_DIRECTORIES>,$<SEMICOLON>-I>")
function(tidemark_compile_fail name regex)
  add_test(NAME compile_fail/${name}
    COMMAND ${CMAKE_COMMAND}
      -D "COMPILE=${TIDEMARK_COMPILE_FAIL_COMMAND};-include;${TIDEMARK_COMPILE_FAIL_HEADER}"
      -D SOURCE=${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/${name}.cpp
      -D "REGEX=${regex}"
      -P ${PROJECT_SOURCE_DIR}/cmake/compile_fail.cmake)
  set_tests_properties(compile_fail/${name} PROPERTIES TIMEOUT ${TIDEMARK_TEST_TIMEOUT_SECONDS})
endfunction()

# The precompiled header of all of these.
function(tidemark_compile_fail_header)
  file(WRITE ${TIDEMARK_COMPILE_FAIL_HEADER} "#include <tidemark/tidemark.hpp>\n")
  list(TRANSFORM TIDEMARK_HEADERS PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE headers)
  add_custom_command(OUTPUT ${TIDEMARK_COMPILE_FAIL_HEADER}.gch
    COMMAND ${TIDEMARK_COMPILE_FAIL_COMMAND} -x c++-header ${TIDEMARK_COMPILE_FAIL_HEADER}
      -o ${TIDEMARK_COMPILE_FAIL_HEADER}.gch
    DEPENDS ${headers}
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(tidemark_compile_fail_header ALL
    DEPENDS ${TIDEMARK_COMPILE_FAIL_HEADER}.gch)
endfunction()

# tidemark_house(name script): a rule of the house, held by a Python program.
function(tidemark_house name script)
  add_test(NAME house/${name}
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/house/${script} ${ARGN})
  set_tests_properties(house/${name} PROPERTIES TIMEOUT ${TIDEMARK_TEST_TIMEOUT_SECONDS})
endfunction()

# tidemark_self_contained_headers(header...): each header compiles as the only include of a file.
function(tidemark_self_contained_headers)
  foreach(header IN LISTS ARGN)
    string(REGEX REPLACE "^include/" "" name ${header})
    string(REGEX REPLACE "[/.]" "_" unit ${name})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/self_contained/${unit}.cpp)
    # Twice: `#pragma once` must be there.
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <${name}>\n#include <${name}>\n" @ONLY)
    list(APPEND sources ${source})
  endforeach()
  add_library(tidemark_self_contained OBJECT ${sources})
  target_link_libraries(tidemark_self_contained PRIVATE tidemark::tidemark)
  set_target_properties(tidemark_self_contained PROPERTIES UNITY_BUILD OFF)
  tidemark_warnings(tidemark_self_contained)
endfunction()
