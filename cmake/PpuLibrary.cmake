# Stand-ins for NVIDIA's libraries. ppu_library(NAME cufft VERSIONS 12 11 SYMBOLS cufft* [TAG TEXT] SOURCES ... [LINKS ...]):
# for each version a libNAME.so.VERSION whose soname that is too and which exports SYMBOLS under the version tag
# "libNAME.so.VERSION", as NVIDIA's do; TAG names another tag, "none" none. Target: NAME_VERSION. Built on the driver's
# public functions (libcuda.so.1), so that one library serves programs of either CUDA runtime.
set(ppu_shell_sources ${CMAKE_SOURCE_DIR}/src/libs/shell/compiler_run.cpp ${CMAKE_SOURCE_DIR}/src/libs/shell/stream_work.cpp ${CMAKE_SOURCE_DIR}/src/base/log.cpp
  ${CMAKE_SOURCE_DIR}/src/base/call_trace.cpp)
add_library(ppu_shell STATIC EXCLUDE_FROM_ALL ${ppu_shell_sources})
target_link_libraries(ppu_shell PUBLIC ppu_flags)
target_include_directories(ppu_shell PUBLIC ${CMAKE_SOURCE_DIR}/sdk/include)

function(ppu_library)
  cmake_parse_arguments(A "" "NAME;TAG" "VERSIONS;SYMBOLS;SOURCES;LINKS" ${ARGN})
  set(exports "")
  foreach(symbol ${A_SYMBOLS})
    string(APPEND exports " ${symbol};")
  endforeach()
  foreach(version ${A_VERSIONS})
    set(target ${A_NAME}_${version})
    set(soname lib${A_NAME}.so.${version})
    set(tag "${soname} ")
    if(A_TAG STREQUAL none)
      set(tag "")
    elseif(A_TAG)
      set(tag "${A_TAG} ")
    endif()
    set(map ${CMAKE_CURRENT_BINARY_DIR}/${soname}.map)
    file(CONFIGURE OUTPUT ${map} CONTENT "@tag@{\n  global:@exports@\n  local: *;\n};\n" @ONLY)
    add_library(${target} SHARED ${A_SOURCES})
    target_compile_definitions(${target} PRIVATE PPU_LIBRARY_VERSION=${version})
    target_link_libraries(${target} PRIVATE ppu_shell cuda ${A_LINKS})
    target_link_options(${target} PRIVATE -Wl,-soname,${soname} -Wl,--version-script=${map} -Wl,-z,nodelete)
    if(NOT PPU_SANITIZE)  # a sanitizer's symbols come from the program
      target_link_options(${target} PRIVATE -Wl,--no-undefined -static-libstdc++ -static-libgcc)
    endif()
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${A_NAME} SUFFIX .so.${version} NO_SONAME ON LINK_DEPENDS ${map}
      BUILD_RPATH "$ORIGIN" INSTALL_RPATH "$ORIGIN")
    set_property(GLOBAL APPEND PROPERTY PPU_LIBRARIES ${target})
  endforeach()
endfunction()
