# LLVM 22 where the system has it, else 19: `actc_llvm` for what is built and tested here, with
# libLLVM.so, and `actc_llvm_of_library` for the library that programs link.
#
#   ACTC_LLVM_VERSION       force one ("22", "19"); empty: the newest of those known to work
#   ACTC_STATIC_LLVM        link LLVM's archives into the library, with their symbols hidden: it is
#                           loaded in a third of the time, and no other LLVM in the process can clash
#   ACTC_LLVM_VERSION_USED  (set here) the version found, as text: "22.1.0"
include_guard(GLOBAL)

set(ACTC_LLVM_VERSION "" CACHE STRING "The major version of LLVM to use; empty: 22, else 19")
if(ACTC_LLVM_VERSION)
  set(actc_llvm_candidates ${ACTC_LLVM_VERSION})
else()
  set(actc_llvm_candidates 22 19)
endif()

enable_language(C)  # LLVM's own configuration tries C programs

# LLVM_DIR in the cache: the user's choice, or an earlier run's.
if(actc_llvm_found_for AND NOT actc_llvm_found_for STREQUAL "${actc_llvm_candidates}")
  unset(LLVM_DIR CACHE)
endif()
# LLVM's version file accepts only the exact minor version, so the major is compared here.
foreach(version IN LISTS actc_llvm_candidates)
  find_package(LLVM QUIET CONFIG
    HINTS /usr/lib/llvm-${version} /usr/local/lib/llvm-${version} /opt/homebrew/opt/llvm@${version})
  if(LLVM_FOUND AND LLVM_VERSION_MAJOR IN_LIST actc_llvm_candidates)
    break()
  endif()
  unset(LLVM_DIR CACHE)
  set(LLVM_FOUND FALSE)
endforeach()
if(NOT LLVM_FOUND)
  message(FATAL_ERROR "LLVM (${actc_llvm_candidates}) not found: install llvm-22-dev or "
                      "llvm-19-dev, or set LLVM_DIR to the folder of its LLVMConfig.cmake")
endif()
set(actc_llvm_found_for "${actc_llvm_candidates}" CACHE INTERNAL "")
set(ACTC_LLVM_VERSION_USED "${LLVM_PACKAGE_VERSION}" CACHE INTERNAL "The version of LLVM in use")
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} (${LLVM_DIR})")

add_library(actc_llvm INTERFACE)
target_include_directories(actc_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
separate_arguments(actc_llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(actc_llvm INTERFACE ${actc_llvm_definitions})
target_link_libraries(actc_llvm INTERFACE LLVM)

add_library(actc_llvm_of_library INTERFACE)
if(ACTC_STATIC_LLVM)
  if(NOT TARGET zstd::libzstd_shared)
    message(FATAL_ERROR "libzstd, which LLVM's archives need, not found: install libzstd-dev, or "
                        "link libLLVM.so by -DACTC_STATIC_LLVM=OFF")
  endif()
  llvm_map_components_to_libnames(actc_llvm_archives
    core jitlink native nativecodegen object orcjit orctargetprocess support target targetparser)
  target_link_libraries(actc_llvm_of_library INTERFACE ${actc_llvm_archives})
  target_link_options(actc_llvm_of_library INTERFACE LINKER:--exclude-libs,ALL,--gc-sections)
else()
  target_link_libraries(actc_llvm_of_library INTERFACE LLVM)
endif()
