/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ping/clock.h"
#include "tests/ping/emit.h"
#include "tests/ping/interrupt.h"
#include "tests/ping/options.h"
#include "tests/ping/schedule.h"
#include "tests/ping/sender.h"

enum {
    EXIT_FINE = 0,
    EXIT_ARGUMENTS = 1,
    EXIT_FAILED = 2,
};

#define WAIT_STEP UINT64_C(1000000) /* ns */

/* A second's line comes before the first event of the next: "1", not "2". */
#define BEFORE_THE_NEXT UINT64_C(500000) /* ns */

/* Whoever reads our output may leave at any time: no error, but a reason to end. */
enum outlet {
    OUTLET_OPEN,
    OUTLET_CLOSED,
    OUTLET_FAILED,
};

ETWAS_PRINTF(1, 2) static enum outlet print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vprintf(format, arguments);
    va_end(arguments);
    if (written >= 0 && fflush(stdout) == 0) {
        return OUTLET_OPEN;
    }
    if (errno == EPIPE || errno == EBADF) {
        return OUTLET_CLOSED;
    }
    (void)fprintf(stderr, "etwas-ping: cannot write: %s\n", strerror(errno));
    return OUTLET_FAILED;
}

static int exit_code(enum outlet outlet)
{
    return outlet == OUTLET_FAILED ? EXIT_FAILED : EXIT_FINE;
}

/* INTERRUPT_DONE: somebody listens. INTERRUPT_TIME: nobody in all that time. */
static enum interrupt wait_for_listener(uint64_t wait)
{
    uint64_t now = clock_now();
    const uint64_t end = now + wait;
    while (!emit_is_listened()) {
        if (now >= end) {
            return INTERRUPT_TIME;
        }
        if (interrupt_wait(now + WAIT_STEP) == INTERRUPT_USER) {
            return INTERRUPT_USER;
        }
        now = clock_now();
    }
    return INTERRUPT_DONE;
}

/* How many were sent since the last time; `printed` is all that was told of. */
static enum outlet print_rate(const struct sender *sender, uint64_t *printed)
{
    uint64_t before = *printed;
    *printed = sender_sent(sender);
    return print("%" PRIu64 "\tmsg/s\n", *printed - before);
}

/* Until all is sent, the user wants an end, or nobody reads the output. */
static enum outlet watch(const struct sender *sender, bool quiet)
{
    enum outlet outlet = OUTLET_OPEN;
    uint64_t printed = 0;
    uint64_t next = clock_now() + SCHEDULE_SECOND - BEFORE_THE_NEXT;
    while (!sender_is_done(sender) && outlet == OUTLET_OPEN) {
        enum interrupt interrupt = interrupt_wait(next);
        if (interrupt == INTERRUPT_USER) {
            break;
        }
        if (interrupt == INTERRUPT_TIME) {
            next += SCHEDULE_SECOND;
            outlet = quiet ? OUTLET_OPEN : print_rate(sender, &printed);
        }
    }
    return outlet;
}

static int send_all(const struct ping_options *options)
{
    struct sender *sender = sender_start(options);
    if (sender == NULL) {
        (void)fputs("etwas-ping: cannot start the threads that send: out of memory, "
                    "or too many threads (see ulimit -u)\n",
                    stderr);
        return EXIT_FAILED;
    }
    enum outlet outlet = watch(sender, options->quiet);
    sender_stop(sender);
    uint64_t heard = sender_join(sender);
    if (outlet == OUTLET_OPEN) {
        outlet = print("sent %" PRIu64 ", heard %" PRIu64 "\n", sender_sent(sender), heard);
    }
    sender_close(sender);
    return exit_code(outlet);
}

static int run(const struct ping_options *options)
{
    interrupt_init();
    if (options->wait == 0) {
        return send_all(options);
    }
    switch (wait_for_listener(options->wait)) {
    case INTERRUPT_DONE:
        return send_all(options);
    case INTERRUPT_USER:
        return exit_code(print("sent 0, heard 0\n"));
    case INTERRUPT_TIME:
        break;
    }
    (void)fprintf(stderr,
                  "etwas-ping: nobody listened to Ping within %" PRIu64 " ms; "
                  "start one first: etwas --source Ping\n",
                  options->wait / (SCHEDULE_SECOND / 1000));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct ping_options options;
    const char *bad = "";
    switch (options_parse(&options, argc, argv, &bad)) {
    case OPTIONS_HELP:
        return exit_code(print("%s", options_usage));
    case OPTIONS_VERSION:
        return exit_code(print("etwas-ping %s\n", ETWAS_VERSION));
    case OPTIONS_BAD:
        (void)fprintf(stderr, "etwas-ping: bad argument: %s\n\n%s", bad, options_usage);
        return EXIT_ARGUMENTS;
    case OPTIONS_RUN:
        break;
    }
    return run(&options);
}
