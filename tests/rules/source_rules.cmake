# SPDX-License-Identifier: MIT
# Holds every C file below ROOT against source_rules.awk.
cmake_minimum_required(VERSION 3.25)

set(files "")
foreach(folder IN ITEMS controller ipc monitor policy relay viewer tests)
  file(GLOB_RECURSE found RELATIVE "${ROOT}" "${ROOT}/${folder}/*.c" "${ROOT}/${folder}/*.h")
  list(APPEND files ${found})
endforeach()
if(NOT files)
  message(FATAL_ERROR "no source file below ${ROOT}")
endif()

set(ENV{LC_ALL} C)
execute_process(
  COMMAND "${AWK}" -f "${CMAKE_CURRENT_LIST_DIR}/strip.awk"
                   -f "${CMAKE_CURRENT_LIST_DIR}/source_rules.awk" ${files}
  WORKING_DIRECTORY "${ROOT}" OUTPUT_VARIABLE offences COMMAND_ERROR_IS_FATAL ANY)
if(NOT offences STREQUAL "")
  message(FATAL_ERROR "against the rules of the house:\n${offences}")
endif()
list(LENGTH files count)
message("${count} files keep the rules")
