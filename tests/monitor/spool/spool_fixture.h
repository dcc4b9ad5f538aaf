/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_SPOOL_SPOOL_FIXTURE_H
#define ETWAS_TESTS_MONITOR_SPOOL_SPOOL_FIXTURE_H

#include "monitor/spool/spool.h"

/*
 * A spool below a folder of its own, for tests: batches whose bodies follow from a number
 * that the test gives them, so that each can be checked when it comes back.
 */
extern char fixture_base[64];                /* "/dev/shm/etwas-spool-XXXXXX/base" or in /tmp */
extern struct spool_options fixture_options; /* of one sink; set anew by set_up */

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

struct spool *fixture_open(void);

/* A batch of `size` bytes with 10 lines, one of them its own: 9 traced events. */
enum { FIXTURE_TRACED = 9 };
enum etwas_status fixture_try_append(struct spool *spool, uint64_t number, size_t size);
void fixture_append(struct spool *spool, uint64_t number, size_t size);

/* Appends numbers from `first` to `last`. */
void fixture_append_all(struct spool *spool, uint64_t first, uint64_t last, size_t size);

/* The number of a batch whose bytes are all as they were appended. */
uint64_t fixture_number(const struct spool_batch *batch);

/* Reads everything behind `sequence`: the numbers must be first, first + 1, ... How many. */
uint64_t fixture_read_all(struct spool *spool, uint64_t sequence, uint64_t first);

/* The stream's folder, and a file in it. */
const char *fixture_folder(const struct spool *spool);
const char *fixture_file(const char *folder, const char *name);

/* Removes all below the base folder. */
void fixture_empty(void);

/* Closes the spool as a kill would: nothing is written any more. In a child that ends so. */
void fixture_in_child(void (*act)(void));

#endif
