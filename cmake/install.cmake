# The library as others use it: what it exports, where it is installed, and how it is found:
# find_package(actc CONFIG) gives actc::actc; pkg-config knows actc.

add_library(actc::actc ALIAS actc)
set_target_properties(actc PROPERTIES
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/actc.map)
target_compile_features(actc INTERFACE cxx_std_20)
target_link_options(actc PRIVATE "LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/actc.map")

# `#include <actc/actc.h>` in the build tree, as after the installation.
set(actc_build_include ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${actc_build_include}/actc/jit)
set(actc_headers actc.h cache.h direct_call.h half.h view.h)
foreach(header IN LISTS actc_headers)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/runtime/${header} ${actc_build_include}/actc/${header}
       SYMBOLIC)
endforeach()
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/jit/kernel_abi.h ${actc_build_include}/actc/jit/kernel_abi.h
     SYMBOLIC)
list(TRANSFORM actc_headers PREPEND runtime/)
target_include_directories(actc INTERFACE
  $<BUILD_INTERFACE:${actc_build_include}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(TARGETS actc EXPORT actcTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${actc_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/actc)
install(FILES jit/kernel_abi.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/actc/jit)

set(actc_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/actc)
install(EXPORT actcTargets NAMESPACE actc:: DESTINATION ${actc_package_dir})
configure_package_config_file(cmake/actcConfig.cmake.in ${PROJECT_BINARY_DIR}/actcConfig.cmake
  INSTALL_DESTINATION ${actc_package_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/actcConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/actcConfig.cmake ${PROJECT_BINARY_DIR}/actcConfigVersion.cmake
  DESTINATION ${actc_package_dir})

# The .pc file finds its prefix from where it lies, so that an installation may be moved; folders
# that were given as absolute paths stay where they are.
file(RELATIVE_PATH actc_pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" actc_pc_to_prefix "${actc_pc_to_prefix}")
foreach(dir libdir includedir)
  string(TOUPPER ${dir} upper)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${upper}}")
    set(actc_pc_${dir} "${CMAKE_INSTALL_${upper}}")
  else()
    set(actc_pc_${dir} "\${prefix}/${CMAKE_INSTALL_${upper}}")
  endif()
endforeach()
configure_file(cmake/actc.pc.in ${PROJECT_BINARY_DIR}/actc.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/actc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The program finds the library beside it, wherever the two are moved together.
if(TARGET actc_program)
  file(RELATIVE_PATH actc_bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(actc_program PROPERTIES INSTALL_RPATH "$ORIGIN/${actc_bin_to_lib}")
  install(TARGETS actc_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
