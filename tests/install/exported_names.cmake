# The library exports actc's names and nothing else: a process that loads it may load another LLVM,
# fmt or Boost too.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND nm -DC --defined-only ${LIBRARY} OUTPUT_VARIABLE names
                RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "nm failed on ${LIBRARY}")
endif()
string(REPLACE ";" "\\;" names "${names}")
string(REGEX REPLACE "\n$" "" names "${names}")
string(REPLACE "\n" ";" names "${names}")
set(count 0)
foreach(line IN LISTS names)
  string(REGEX REPLACE "^[0-9a-f]* +[A-Za-z] " "" name "${line}")
  math(EXPR count "${count} + 1")
  # Of a function only what stands before its parameters; a template's name follows its result.
  if(NOT name MATCHES "^(typeinfo for |typeinfo name for |vtable for )?actc::"
     AND NOT name MATCHES "^[^(]* actc::Function::emit<")
    message(SEND_ERROR "exported, and not ours: ${name}")
  endif()
  if(name MATCHES "^[^(]*actc::(ir|frontend|jit|stdlib|tools)::")
    message(SEND_ERROR "exported, and of an inner room: ${name}")
  endif()
endforeach()
if(count LESS 20)
  message(SEND_ERROR "only ${count} names: the public functions are missing")
endif()
message(STATUS "${count} names exported")
