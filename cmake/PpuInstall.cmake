# `cmake --install build --prefix DIR` gives a tree that may be moved or copied: bin/ppu finds ../lib, and the
# libraries find each other in their own folder. sdk/ has its own rules.
foreach(target ppu ptxas)
  if(TARGET ${target})
    install(TARGETS ${target} RUNTIME DESTINATION bin)
  endif()
endforeach()
foreach(target ppu_audit cuda cudart cudart_static nvidia-ml ppu_compiler)
  if(TARGET ${target})
    install(TARGETS ${target} LIBRARY DESTINATION lib ARCHIVE DESTINATION lib)
  endif()
endforeach()
# What a plain -lcudart finds is level 12 (src/runtime says why).
if(TARGET cudart_13)
  install(TARGETS cudart_13 LIBRARY DESTINATION lib NAMELINK_SKIP)
  install(TARGETS cudart_static_13 ARCHIVE DESTINATION lib/level13)
endif()
file(GLOB chip_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/chips/*.toml)
install(FILES ${chip_files} DESTINATION share/openppu/chips)
