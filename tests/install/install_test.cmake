# Adds the tests of the installed package. Included by tests/CMakeLists.txt.
if(ACTC_JIT AND NOT ACTC_SANITIZE)
  add_test(NAME install.package
    COMMAND ${CMAKE_COMMAND}
      -DACTC_BUILD=${PROJECT_BINARY_DIR}
      -DACTC_SOURCE=${PROJECT_SOURCE_DIR}
      -DACTC_LIBDIR=${CMAKE_INSTALL_LIBDIR}
      -DACTC_CXX=${CMAKE_CXX_COMPILER}
      -DACTC_GENERATOR=${CMAKE_GENERATOR}
      -P ${CMAKE_CURRENT_LIST_DIR}/run.cmake)
  add_test(NAME install.exported_names
    COMMAND ${CMAKE_COMMAND} -DLIBRARY=$<TARGET_FILE:actc>
      -P ${CMAKE_CURRENT_LIST_DIR}/exported_names.cmake)
endif()
