/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_SYSTEM_HARNESS_H
#define ETWAS_TESTS_SYSTEM_HARNESS_H

#include "tests/check.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * A real etwas-controller with a socket, a policy and a log in a folder of its own, for
 * tests from the outside. There is one at a time. What goes wrong in here fails the
 * test that runs.
 *
 * Other controllers may be at work on the machine. So the tests use sessions of the
 * two users below, and of root sessions whose names begin with HARNESS_ROOT_NAME, and
 * only these are looked for and cleared away.
 */
enum {
    HARNESS_ALICE = 61001,
    HARNESS_BOB = 61002,
    HARNESS_PATIENCE_MS = 15 * 1000, /* for what must come */
};
#define HARNESS_ROOT_NAME "systest"
#define HARNESS_TRACEFS   "/sys/kernel/tracing"

/* Is this root, with tracefs? If not, says why; the test then returns 77. */
bool harness_is_able(void);

/* Setup and teardown of a test: begins with a clean state, and fails if one stays. */
int harness_begin(void **state);
int harness_end(void **state);

/* A path in the folder, borrowed until 32 others were asked for. */
const char *harness_path(const char *name);

/* Writes the policy's file, of mode 0600. */
void harness_policy(const char *text);

/* Starts a controller with this policy (NULL: as it is) and waits until it is ready. */
void harness_start(const char *policy);

/* Starts one and waits for nothing. */
void harness_spawn(void);

/* Starts one that is expected to end by itself; its exit status. */
int harness_run(void);

/* Tells it to end, waits for it, and insists on its success. */
void harness_stop(void);

/* Kills it where it stands. */
void harness_kill(void);

/* The controller's process, 0 for none. */
pid_t harness_pid(void);

/* Lines of the controllers' log since harness_begin() that hold all of the NULL-ended texts. */
int harness_logged(const char *first, ...) __attribute__((sentinel));

/* Waits until the log has such a line. */
void harness_await_log(const char *text);

/* A number of /proc/PID/status ("VmRSS:"), and of its open descriptors. */
long harness_status(const char *field);
int harness_descriptors(void);

/* The instances, with their enabled events, and the probes of the test's users; "" for none. */
const char *harness_traces(void);

/* Does harness_traces() hold the text, within a time? */
void harness_await_traces(const char *text);
void harness_await_no_traces(void);

void harness_sleep_ms(int milliseconds);
int64_t harness_now_ms(void);

/* Fails the test once it is later than that. */
void harness_insist(int64_t limit_ms, const char *what);

/* Reads a small file; "" when there is none. False: it could not be read. */
bool harness_read(const char *path, char *text, size_t size);

/* Runs a program as `uid`; its output goes to `output`; its exit status. */
int harness_execute(uint32_t uid, const char *const arguments[], char *output, size_t size);

/* Copies a program, to where every user reaches it. */
void harness_copy(const char *program, const char *path, mode_t mode);

#endif
