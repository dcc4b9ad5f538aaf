/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_VIEWER_CONSOLE_SCRIPTED_H
#define ETWAS_TESTS_VIEWER_CONSOLE_SCRIPTED_H

#include <stddef.h>

/*
 * The built etwasc, and a server of one connection at a time that the test itself plays:
 * it takes a request, sends what it likes, and hangs up. Whatever is not as it should be
 * fails the test; nothing waits longer than 20 s.
 */
void scripted_open(void);
void scripted_close(void); /* ends etwasc if it still runs */

/* Starts etwasc --server OURS with these arguments, up to NULL. Its output goes to files. */
void scripted_start(const char *const *arguments);
/* The same, but nobody reads its standard output: the pipe's other end is closed. */
void scripted_start_unread(const char *const *arguments);

#define START(...) scripted_start((const char *[]){__VA_ARGS__, NULL})

/* The next request of etwasc, with its headers, until the next one. */
const char *scripted_request(void);

void scripted_send(const char *text);
void scripted_send_bytes(const char *bytes, size_t size);
void scripted_hang_up(void);

void scripted_signal(int number);
int scripted_status(void); /* its exit status; waits for it */

/* What it printed up to now; until the next call. */
const char *scripted_out(void);
const char *scripted_err(void);

/* Waits until it has printed this. */
void scripted_wait_out(const char *text);
void scripted_wait_err(const char *text);

/* A file in a folder that is gone at the end; its path lives as long. */
const char *scripted_file(const char *name, const char *text);
const char *scripted_folder(void);

#endif
