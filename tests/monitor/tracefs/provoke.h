/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_TRACEFS_PROVOKE_H
#define ETWAS_TESTS_MONITOR_TRACEFS_PROVOKE_H

/*
 * Makes the kernel emit as many kinds of events as an ordinary program can:
 * files, processes, signals, timers, memory, pipes, sockets. Writes below
 * `folder` and removes what it wrote.
 */
void provoke_events(const char *folder);

#endif
