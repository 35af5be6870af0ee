# Helpers every folder uses: warnings as errors, sanitizers, one static library a folder, LLVM in few files.
find_package(GTest REQUIRED)
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

set(PPU_SANITIZE "" CACHE STRING "address, undefined or thread (comma-separated)")
add_library(ppu_flags INTERFACE)
target_compile_options(ppu_flags INTERFACE -Wall -Wextra -Werror -Wno-unused-parameter -ffp-contract=off)
target_include_directories(ppu_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
if(PPU_SANITIZE)
  # C programs pass any int where a header has an enumeration: the library answers, which is no undefined behaviour to find.
  target_compile_options(ppu_flags INTERFACE -fsanitize=${PPU_SANITIZE} -fno-sanitize=enum -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer)
  target_link_options(ppu_flags INTERFACE -fsanitize=${PPU_SANITIZE})
endif()
target_link_options(ppu_flags INTERFACE -fuse-ld=lld)

# ppu_folder(NAME SOURCES ... DEPS ...): static library ppu_NAME of this folder.
function(ppu_folder name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_library(ppu_${name} STATIC ${A_SOURCES})
  target_link_libraries(ppu_${name} PUBLIC ppu_flags ${A_DEPS})
endfunction()

# ppu_unit(PROGRAM TEST...): tests of one instrumented process, what a sanitizer's build makes (target `unit_tests`) and runs
# (label `unit`). Not among them: tests that start programs of other compilers under `ppu run`.
add_custom_target(unit_tests)
function(ppu_unit program)
  add_dependencies(unit_tests ${program})
  foreach(test ${ARGN})
    set_property(TEST ${test} APPEND PROPERTY LABELS unit)
  endforeach()
endfunction()

# ppu_test(NAME LABELS fast;isa SOURCES ... DEPS ...): a GoogleTest program, registered as one ctest.
function(ppu_test name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ppu_flags ${A_DEPS} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT 300)
  if(NOT A_SOURCES MATCHES "command.cpp")  # which starts programs
    ppu_unit(${name} ${name})
  endif()
endfunction()

# LLVM 19, the one major we use. ppu_use_llvm(TARGET): headers as system includes, precompiled once.
find_package(LLVM 19.1 REQUIRED CONFIG HINTS /usr/lib/llvm-19/lib/cmake/llvm)
add_library(ppu_llvm INTERFACE)
target_include_directories(ppu_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_compile_definitions(ppu_llvm INTERFACE ${LLVM_DEFINITIONS})
