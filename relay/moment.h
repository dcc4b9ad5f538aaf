/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_MOMENT_H
#define ETWAS_RELAY_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times as text, "2026-11-20T22:54:30.1234567Z", and as 100 ns since 1601-01-01 UTC. */
enum { MOMENT_SIZE = 29 /* with its zero */ };

/*
 * Years 1601 to 9999; seconds with 0 to 9 digits behind the point, of which those beyond
 * the seventh must not matter (be zero). False: not such a time.
 */
bool moment_parse(const char *text, size_t size, int64_t *time);

/* Always with seven digits. What lies outside the years above becomes the nearest inside. */
void moment_format(int64_t time, char text[MOMENT_SIZE]);

/* Of milliseconds since 1970. */
int64_t moment_from_unix_ms(int64_t ms);

#endif
