# SPDX-License-Identifier: MIT
# The rules' own test: each fault planted in a tree below SCRATCH is caught, and what
# only looks like one is let through.
cmake_minimum_required(VERSION 3.25)

set(licence "/* SPDX-License-Identifier: MIT */\n")
string(REPEAT "int x;\n" 600 long_file)
string(REPEAT "int x;\n" 200 long_header)
string(REPEAT "y" 97 long_line)

function(judge name text)
  file(REMOVE_RECURSE "${SCRATCH}")
  file(WRITE "${SCRATCH}/${name}" "${text}")
  execute_process(COMMAND "${CMAKE_COMMAND}" -D "ROOT=${SCRATCH}" -D "AWK=${AWK}"
      -P "${CMAKE_CURRENT_LIST_DIR}/source_rules.cmake"
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
  set(result "${result}" PARENT_SCOPE)
  set(output "${out}${err}" PARENT_SCOPE)
endfunction()
function(caught name text expected)
  judge("${name}" "${text}")
  if(result EQUAL 0)
    message(SEND_ERROR "let through in ${name}: ${expected}")
  elseif(NOT output MATCHES "${expected}")
    message(SEND_ERROR "${name}: expected '${expected}', got: ${output}")
  endif()
endfunction()
function(passes name text)
  judge("${name}" "${text}")
  if(NOT result EQUAL 0)
    message(SEND_ERROR "${name} was refused: ${output}")
  endif()
endfunction()

caught("ipc/a.c" "int x;\n" "first line")
caught("ipc/a.c" "${licence}void f(void) { strcpy(a, b); }\n" "banned function")
caught("tests/a.c" "${licence}int n = atoi (s);\n" "banned function")
caught("policy/a.c" "${licence}#ifdef _WIN32\n#endif\n" "asks for the system")
caught("policy/a.h" "${licence}#if X \\\n  && defined(__linux__)\n#endif\n" "asks for the system")
caught("monitor/a.c" "${licence}void f(void) { exit(1); }\n" "exit outside main")
caught("monitor/a.c" "${licence}/* TO${}DO later */\n" "unfinished")
caught("monitor/a/b.c" "${licence}int ${long_line};\n" "102 columns")
caught("controller/a.c" "${licence}${long_file}" "601 lines")
caught("controller/a.h" "${licence}${long_header}" "201 lines")

passes("monitor/main_linux.c" "${licence}int main(void) { exit(0); }\n")
passes("monitor/a.c" "${licence}/* strcpy(a, b)\n _WIN32 */ const char *s = \"system(1) /*\";\n")
passes("monitor/a.c" "${licence}int vsnprintf(int); // atoi(s)\nchar c = '\"';\n")

# The counter: blanks and comments do not count, literals that look like comments do.
file(WRITE "${SCRATCH}/ipc/b.h" "/* one */\n\n#define B 1 /* two */\n")
file(WRITE "${SCRATCH}/ipc/a.c"
  "// no\n#include \"ipc/b.h\"\n\n/* no\n * no */ int a;\nchar s[] = \"/*\";\nint b; // */\n")
file(WRITE "${SCRATCH}/listing" "ipc/a.c\n")
function(counted limit verdict)
  execute_process(COMMAND "${CMAKE_COMMAND}" -D "ROOT=${SCRATCH}" -D "AWK=${AWK}" -D "CC=${CC}"
      -D "LISTING=${SCRATCH}/listing" -D LIMIT=${limit}
      -P "${CMAKE_CURRENT_LIST_DIR}/privileged_lines.cmake"
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT "${out}${err}" MATCHES "privileged code: 5 of ${limit} lines")
    message(SEND_ERROR "counted wrongly: ${out}${err}")
  endif()
  if(NOT result ${verdict} 0)
    message(SEND_ERROR "a limit of ${limit} ended with ${result}")
  endif()
endfunction()
counted(5 EQUAL)
counted(4 GREATER)
file(REMOVE_RECURSE "${SCRATCH}")
