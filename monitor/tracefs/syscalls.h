/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_TRACEFS_SYSCALLS_H
#define ETWAS_MONITOR_TRACEFS_SYSCALLS_H

#include <stdint.h>

/*
 * The name of a Linux system call of this program's own architecture ("openat"),
 * or NULL when it is not known: then people see the number.
 */
const char *syscall_name(uint64_t number);

#endif
