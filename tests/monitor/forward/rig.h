/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_FORWARD_RIG_H
#define ETWAS_TESTS_MONITOR_FORWARD_RIG_H

#include "monitor/forward/forward.h"
#include "tests/check.h"
#include "tests/monitor/forward/server.h"

/*
 * What tests of the forward sink share: a folder for spool and key, a relay that does as it is
 * told, and a source of numbered events whose books the test keeps.
 */
enum { RIG_PATIENCE_MS = 20000, RIG_FILL_MS = 40, RIG_NUMBERS = 4096 };

struct rig {
    char folder[64];
    char spool[96];
    char key[96];
    char what[FORWARD_WHAT_SIZE];
    struct server *servers[2]; /* the first is there */
    struct sink *sink;
    struct forward_options options;
    const char *sinks[4];
    struct etwas_error error;
    struct source_accounts accounts;
    struct source_position position;
};

extern struct rig rig;

int rig_set_up(void **state);
int rig_tear_down(void **state);

void rig_open(void);  /* the sink, as the options say */
void rig_close(void); /* it alone */
void rig_checkpoint(void);

/* Writes events with these numbers as a source does, with a checkpoint after each call. */
void rig_write(uint64_t first, size_t count);
void rig_finish(void);
void rig_write_batch(uint64_t number); /* one of one event */

uint64_t rig_waiting(void);
void rig_await_sent(void);

/* How often each number came in what the server got; its batches must be good. */
void rig_count(struct server *server, unsigned counts[RIG_NUMBERS]);

size_t rig_count_parked(void);

int64_t rig_now_ms(void);
void rig_pause_ms(long time_ms);

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

#endif
