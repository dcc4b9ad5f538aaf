/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_PRIVILEGES_H
#define ETWAS_CONTROLLER_PRIVILEGES_H

#include <stdbool.h>

/*
 * Gives up what the controller does not need. False: logged, do not go on.
 */

/*
 * For the calling thread, in each: now no capability is left, none can come back, and files are
 * only reached below the directory `tracefs`. What stays: to be root, for tracefs looks at the
 * owner of its files only. A kernel without landlock is logged and goes without.
 */
bool privileges_drop(int tracefs);

/*
 * From now on all threads make the system calls of one short list; any other fails
 * with EPERM and a line in the log.
 */
bool privileges_confine(void);

#endif
