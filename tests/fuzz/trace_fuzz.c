/* SPDX-License-Identifier: MIT */
/*
 * The input is a trace file, or two of them: it is opened, merged, unpacked, learnt from, and every
 * field of every record shown; then again in another way, which says its last byte.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/monitor/etl/file_memory.h"
#include "tests/monitor/etw/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t order; /* of what came out, as a sum that depends on it */

static void each(const struct etl_record *record)
{
    order = order * 31 + (uint64_t)record->stamp + record->payload_size;
}

static void read_as(struct walk_options *options, enum event_format format)
{
    struct walk walked;
    options->format = format;
    options->each = each;
    order = 0;
    (void)walk(options, &walked);
}

static void read_in_two_ways(struct walk_options *options, const uint8_t *data, size_t size)
{
    read_as(options, EVENT_JSON);
    const uint64_t before = order;
    switch (size == 0 ? 0 : data[size - 1] % 4) {
    case 0:
        read_as(options, EVENT_TEXT);
        if (order != before) {
            abort();
        }
        break;
    case 1:
        options->stacks = true;
        read_as(options, EVENT_JSON);
        break;
    case 2:
        options->raw_values = true;
        read_as(options, EVENT_XML);
        break;
    default:
        /* The same again as another file: merged by time, not by stamp. */
        file_memory_set(1, options->paths[1], data, size);
        options->count = 2;
        read_as(options, EVENT_CSV);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"first", "second"};
    struct walk_options options = {.paths = paths, .count = 1};
    /* A block of just its size, so that each byte read too many is seen. */
    uint8_t *copy = malloc(size != 0 ? size : 1);
    if (copy != NULL) {
        memcpy(copy, data, size);
        file_memory_set(0, paths[0], copy, size);
        read_in_two_ways(&options, copy, size);
    }
    free(copy);
    return 0;
}
