# The modules that actc_bench opens: a source and its options each, in the folder peers/ beside it.
function(actc_bench_module name source)
  cmake_parse_arguments(PARSE_ARGV 2 module "" "" "OPTIONS;INCLUDE;LINK")
  add_library(peer_${name} MODULE ${source})
  set_target_properties(peer_${name} PROPERTIES
    PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/peers)
  # g++ 12 sees uninitialized vectors in its own header of AVX-512 (GCC bug 105593).
  target_compile_options(peer_${name} PRIVATE -O3 -Wno-maybe-uninitialized ${module_OPTIONS})
  target_include_directories(peer_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_include_directories(peer_${name} SYSTEM PRIVATE ${module_INCLUDE})
  target_link_libraries(peer_${name} PRIVATE actc_options ${module_LINK})
  add_dependencies(actc_bench peer_${name})
endfunction()

actc_bench_module(loops peers/loops.cpp OPTIONS -march=native)
actc_bench_module(loops_fast peers/loops.cpp OPTIONS -march=native -ffast-math)
# -ffast-math is for the source alone: linked with it, a module would flush everyone's subnormals.

# Debian's oneDNN, for docs/accuracy.md too. Not find_package: its dnnl-config.cmake wants an OpenCL
# that its library does not.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl_version.h)
find_library(DNNL_LIBRARY dnnl)
set(has_onednn OFF)
if(DNNL_INCLUDE_DIR AND DNNL_LIBRARY)
  file(STRINGS ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h has_onednn REGEX "VERSION_MAJOR 2")
endif()
if(has_onednn AND TARGET actc_tool_files)
  add_executable(peer_onednn EXCLUDE_FROM_ALL peers/onednn.cpp)
  target_include_directories(peer_onednn SYSTEM PRIVATE ${DNNL_INCLUDE_DIR})
  target_link_libraries(peer_onednn PRIVATE actc_options actc_tool_files ${DNNL_LIBRARY})
endif()

if(NOT ACTC_BENCH_PEERS)
  return()
endif()

# The library and a header of it: both, or the module is left out.
macro(actc_bench_find name library header)
  find_library(ACTC_BENCH_${name}_LIBRARY ${library})
  find_path(ACTC_BENCH_${name}_INCLUDE ${header} PATH_SUFFIXES halide14 eigen3)
endmacro()

if(has_onednn)
  actc_bench_module(onednn_module peers/onednn_module.cpp
    INCLUDE ${DNNL_INCLUDE_DIR} LINK ${DNNL_LIBRARY})
endif()

find_path(ACTC_BENCH_EIGEN_INCLUDE Eigen/Core PATH_SUFFIXES eigen3)
if(ACTC_BENCH_EIGEN_INCLUDE)
  actc_bench_module(eigen peers/eigen.cpp
    OPTIONS -march=native -DNDEBUG INCLUDE ${ACTC_BENCH_EIGEN_INCLUDE})
endif()

actc_bench_find(SLEEF sleef sleef.h)
if(ACTC_BENCH_SLEEF_LIBRARY AND ACTC_BENCH_SLEEF_INCLUDE)
  foreach(width avx2 avx512f)
    actc_bench_module(sleef_${width} peers/sleef.cpp OPTIONS -m${width} -mfma
      INCLUDE ${ACTC_BENCH_SLEEF_INCLUDE} LINK ${ACTC_BENCH_SLEEF_LIBRARY})
  endforeach()
endif()

actc_bench_find(XNNPACK XNNPACK xnnpack.h)
if(ACTC_BENCH_XNNPACK_LIBRARY AND ACTC_BENCH_XNNPACK_INCLUDE)
  actc_bench_module(xnnpack peers/xnnpack.cpp
    INCLUDE ${ACTC_BENCH_XNNPACK_INCLUDE} LINK ${ACTC_BENCH_XNNPACK_LIBRARY})
endif()

actc_bench_find(TORCH torch_cpu ATen/ATen.h)
find_library(ACTC_BENCH_C10_LIBRARY c10)
if(ACTC_BENCH_TORCH_LIBRARY AND ACTC_BENCH_C10_LIBRARY AND ACTC_BENCH_TORCH_INCLUDE)
  actc_bench_module(pytorch peers/pytorch.cpp INCLUDE ${ACTC_BENCH_TORCH_INCLUDE}
    LINK ${ACTC_BENCH_TORCH_LIBRARY} ${ACTC_BENCH_C10_LIBRARY})
endif()

actc_bench_find(HALIDE Halide14 Halide.h)
if(ACTC_BENCH_HALIDE_LIBRARY AND ACTC_BENCH_HALIDE_INCLUDE)
  actc_bench_module(halide peers/halide.cpp
    INCLUDE ${ACTC_BENCH_HALIDE_INCLUDE} LINK ${ACTC_BENCH_HALIDE_LIBRARY})
endif()

if(ACTC_BENCH_XNNPACK_SOURCE)
  enable_language(C)
  set(folders vexp vsigmoid vtanh velu vgelu vapproxgelu)
  foreach(width avx2 avx512f)
    file(GLOB kernels ${ACTC_BENCH_XNNPACK_SOURCE}/src/tables/exp2minus*.c)
    foreach(folder ${folders})
      file(GLOB found ${ACTC_BENCH_XNNPACK_SOURCE}/src/f32-${folder}/gen/*-${width}-*.c)
      list(APPEND kernels ${found})
      if(width STREQUAL avx2)
        file(GLOB found ${ACTC_BENCH_XNNPACK_SOURCE}/src/f32-${folder}/gen/*-fma3-*.c)
        list(APPEND kernels ${found})
      endif()
    endforeach()
    add_library(xnnpack_source_kernels_${width} OBJECT ${kernels})
    target_include_directories(xnnpack_source_kernels_${width} PRIVATE
      ${ACTC_BENCH_XNNPACK_SOURCE} ${ACTC_BENCH_XNNPACK_SOURCE}/include)
    target_compile_options(xnnpack_source_kernels_${width} PRIVATE
      -O3 -DNDEBUG -fno-math-errno -m${width} -mfma -mf16c)
    actc_bench_module(xnnpack_source_${width} peers/xnnpack_source.cpp
      OPTIONS -m${width} -mfma
      INCLUDE ${ACTC_BENCH_XNNPACK_SOURCE} ${ACTC_BENCH_XNNPACK_SOURCE}/include
      LINK xnnpack_source_kernels_${width})
    target_compile_definitions(peer_xnnpack_source_${width} PRIVATE
      XNN_ENABLE_AVX2=1 XNN_ENABLE_FMA3=1 XNN_ENABLE_AVX512F=1)
  endforeach()
endif()
