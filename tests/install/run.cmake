# Installs into an empty prefix, builds a project against that and nothing else, and runs it.
cmake_minimum_required(VERSION 3.25)
set(work ${ACTC_BUILD}/tests/install-test)
set(prefix ${work}/prefix)
file(REMOVE_RECURSE ${work})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect text pattern what)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "${what}: expected ${pattern} in\n${text}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${ACTC_BUILD} --prefix ${prefix})

# The README's program is compiled as it stands there: its first block of C++.
file(READ ${ACTC_SOURCE}/README.md readme)
string(REGEX MATCH "```cpp\n([^`]*)```" block "${readme}")
if(NOT block)
  message(FATAL_ERROR "README.md has no block of C++")
endif()
file(WRITE ${work}/readme.cpp "${CMAKE_MATCH_1}")

# find_package
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${work}/build -G ${ACTC_GENERATOR}
    -DCMAKE_CXX_COMPILER=${ACTC_CXX} -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF -DREADME_PROGRAM=${work}/readme.cpp)
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/readme)
run(${work}/build/program)
# y = x / (1 + exp(-1.5 x)) at x = 1 and its derivative there.
expect("${output}" " 1\\.0 +0\\.81757 +1\\.04129" "the program's output")

# pkg-config
set(ENV{PKG_CONFIG_PATH} ${prefix}/${ACTC_LIBDIR}/pkgconfig)
run(pkg-config --cflags --libs actc)
separate_arguments(flags UNIX_COMMAND "${output}")
run(${ACTC_CXX} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/program.cpp -o ${work}/program ${flags}
    -Wl,-rpath,${prefix}/${ACTC_LIBDIR})
run(${work}/program)
expect("${output}" " 1\\.0 +0\\.81757 +1\\.04129" "the pkg-config program's output")

# The tool, if it was built, runs from where it was installed.
if(EXISTS ${prefix}/bin/actc)
  run(${prefix}/bin/actc --version)
  expect("${output}" "^actc [0-9]+\\.[0-9]+\\.[0-9]+" "actc --version")
endif()
