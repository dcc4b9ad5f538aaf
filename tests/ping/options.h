/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_PING_OPTIONS_H
#define ETWAS_TESTS_PING_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The command line of etwas-ping; the manual page says what the options mean. */
#define OPTIONS_NO_COUNT    UINT64_MAX
#define OPTIONS_NO_DURATION UINT64_MAX

enum {
    OPTIONS_MAX_RATE = 1000000000, /* events a second */
    OPTIONS_MAX_SIZE = 4096,
    OPTIONS_MAX_BURST = 1000000,
    OPTIONS_MAX_THREADS = 64,
};

struct ping_options {
    uint64_t rate;     /* events a second in all; 0: as fast as it goes */
    uint64_t count;    /* or OPTIONS_NO_COUNT */
    uint64_t duration; /* ns, or OPTIONS_NO_DURATION */
    uint64_t wait;     /* ns to wait for a listener, 0: do not wait */
    uint64_t burst;
    uint32_t size; /* of the text, without its zero */
    uint32_t threads;
    bool quiet;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_BAD,
};

/*
 * OPTIONS_BAD: `*bad` is the argument that is wrong, borrowed from `argv`.
 */
enum options_result options_parse(struct ping_options *options, int argc, char *const *argv,
                                  const char **bad);

extern const char options_usage[];

#endif
