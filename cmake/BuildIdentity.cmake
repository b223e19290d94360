# A source that says what this build of actc is, so that no kernel is taken from a cache that
# another build made: a digest of all sources that decide the code of kernels, and what they are
# compiled with.
#
#   ACTC_BUILD_IDENTITY_SOURCE  (set here) the source, made anew whenever one of them changes
include_guard(GLOBAL)

set(ACTC_BUILD_IDENTITY_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/build_identity.cpp)
set(actc_identity_sources "")
foreach(room IN ITEMS ir frontend jit runtime stdlib)
  set(place ${PROJECT_SOURCE_DIR}/${room})
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
       ${place}/*.h ${place}/*.cpp ${place}/*.act ${place}/*.cmake ${place}/CMakeLists.txt)
  list(APPEND actc_identity_sources ${found})
endforeach()
string(TOUPPER "${CMAKE_BUILD_TYPE}" actc_identity_type)
set(actc_identity_text "actc ${PROJECT_VERSION}, \
${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} \
${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${actc_identity_type}} ${ACTC_SANITIZE}, \
Boost ${Boost_VERSION}, LLVM ${ACTC_LLVM_VERSION_USED}")
set(actc_identity_paths ${actc_identity_sources})
list(TRANSFORM actc_identity_paths PREPEND ${PROJECT_SOURCE_DIR}/)
set(actc_identity_script ${CMAKE_CURRENT_LIST_DIR}/build_identity.cmake)
add_custom_command(
  OUTPUT ${ACTC_BUILD_IDENTITY_SOURCE}
  COMMAND ${CMAKE_COMMAND} "-DROOT=${PROJECT_SOURCE_DIR}" "-DFILES=${actc_identity_sources}"
          "-DTEXT=${actc_identity_text}" -DOUTPUT=${ACTC_BUILD_IDENTITY_SOURCE}
          -P ${actc_identity_script}
  DEPENDS ${actc_identity_paths} ${actc_identity_script}
  VERBATIM)
