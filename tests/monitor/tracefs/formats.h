/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_TRACEFS_FORMATS_H
#define ETWAS_TESTS_MONITOR_TRACEFS_FORMATS_H

/* The start of every format file, and one field of it. */
#define FORMAT_START(name, id)                                                                     \
    "name: " name "\nID: " id "\nformat:\n"                                                        \
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                         \
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"                         \
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"                 \
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

#define FORMAT_FIELD(declaration, offset, size, is_signed)                                         \
    "\tfield:" declaration ";\toffset:" offset ";\tsize:" size ";\tsigned:" is_signed ";\n"

#endif
