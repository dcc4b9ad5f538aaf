/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_CONSOLE_H
#define ETWAS_VIEWER_CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/* What etwasc wants of the system. */

bool console_is_terminal(void); /* standard output */

/* Writes all to standard output. CLOSED: nobody reads, or the user wants an end. SYSTEM. */
ETWAS_MUST_CHECK enum etwas_status console_write(const void *data, size_t size,
                                                 struct etwas_error *error);

/* From now on Ctrl+C and its like ask for an end; the second time they end it. */
ETWAS_MUST_CHECK enum etwas_status console_signals_open(void);
bool console_stop_asked(void);
int console_wake_descriptor(void); /* readable when an end was asked for */

/* Waits, or less when an end was asked for. */
void console_wait(int64_t ms);

int64_t console_now_ms(void); /* of a clock that nobody sets */

/* The file of the viewer token of a relay of this user; false: it has no home. */
bool console_token_path(char *path, size_t room);

#endif
