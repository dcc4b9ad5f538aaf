/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_TOKEN_H
#define ETWAS_VIEWER_CONSOLE_TOKEN_H

#include <stddef.h>

#include "ipc/status.h"

/* The viewer token: one line of a file, visible characters of ASCII. */
enum { TOKEN_SIZE = 513 /* with its zero */ };

/* NOT_FOUND, DENIED, SYSTEM; MALFORMED: what the file holds is no token. */
ETWAS_MUST_CHECK enum etwas_status token_read(const char *path, char token[TOKEN_SIZE],
                                              struct etwas_error *error);

#endif
