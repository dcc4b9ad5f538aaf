# SPDX-License-Identifier: MIT
# Counts the code of the elevated binary: the .c files named in LISTING (one a line,
# relative to ROOT) and every header of ours that they include, without blanks and
# comments. Fails over LIMIT.
#
# The compiler CC only says which headers those are (-MM), and awk counts, so that
# every preset comes to the same figure.
cmake_minimum_required(VERSION 3.25)

file(STRINGS "${LISTING}" sources)
set(files "")
foreach(source IN LISTS sources)
  # Relative names, so that a blank in the path of the tree needs no unquoting.
  execute_process(COMMAND "${CC}" -MM -I. -D_GNU_SOURCE "${source}"
    WORKING_DIRECTORY "${ROOT}" OUTPUT_VARIABLE rule COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "^[^:]*:" "" rule "${rule}")
  string(REGEX REPLACE "[ \\\r\n]+" ";" names "${rule}")
  foreach(name IN LISTS names)
    if(NOT name STREQUAL "")
      cmake_path(NORMAL_PATH name)
      list(APPEND files "${name}")
    endif()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES files)
list(SORT files)
if(NOT files)
  message(FATAL_ERROR "counted nothing")
endif()

execute_process(
  COMMAND "${AWK}" -f "${CMAKE_CURRENT_LIST_DIR}/strip.awk"
                   -f "${CMAKE_CURRENT_LIST_DIR}/code_lines.awk" ${files}
  WORKING_DIRECTORY "${ROOT}" OUTPUT_VARIABLE report COMMAND_ERROR_IS_FATAL ANY)
message("${report}")
if(NOT report MATCHES "total ([0-9]+)")
  message(FATAL_ERROR "the count has no total")
endif()
set(total ${CMAKE_MATCH_1})
message("privileged code: ${total} of ${LIMIT} lines")
if(total GREATER LIMIT)
  message(FATAL_ERROR "the elevated binary outgrew its budget")
endif()
