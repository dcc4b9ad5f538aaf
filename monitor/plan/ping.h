/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PLAN_PING_H
#define ETWAS_MONITOR_PLAN_PING_H

#include <stdbool.h>

/*
 * Where the program etwas-ping is, whose probe is the source Ping: beside this
 * program, in the build tree beside it, or in PATH. False: nowhere.
 */
enum { PING_PATH_SIZE = 4096, PING_TEXT_ARGUMENT = 2 /* counted from 0: its text */ };

bool ping_find(char path[PING_PATH_SIZE]);

#endif
