/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/trace_parts.h"
#include "monitor/etl/utf16.h"

/*
 * The record that describes a trace: TRACE_LOGFILE_HEADER of evntrace.h as it lies in files. The
 * two pointers in its middle are as long as those of the system that wrote it.
 */
enum {
    HOOK_HEADER = 0, /* EVENT_TRACE_GROUP_HEADER | EVENT_TRACE_TYPE_INFO */
    AT_VERSION = 4,
    AT_BUILD = 8,
    AT_CPUS = 12,
    AT_ENDED = 16,
    AT_RESOLUTION = 24,
    AT_POINTER_SIZE = 44,
    AT_EVENTS_LOST = 48,
    AT_CPU_MHZ = 52,
    AT_POINTERS = 56,
    ZONE_SIZE = 172,
    TAIL_SIZE = 32, /* boot time, frequency, start time, clock, buffers lost */
    CLOCK_QPC = 1,
    CLOCK_CYCLES = 3,
    TICKS_A_SECOND = 10000000,
    TICKS_A_MICROSECOND = 10,
};

/* The text at `*at`, which moves behind it. */
static char *text_at(const uint8_t **at, size_t *left)
{
    const size_t size = utf16_size(*at, *left);
    char *text = malloc(size / 2 * UTF8_A_UNIT + 1);
    if (text != NULL) {
        text[utf16_to_utf8(*at, size, text)] = '\0';
    }
    *at += size;
    *left -= size;
    return text;
}

static void set_clock(struct trace_file *file, int64_t origin)
{
    const struct trace_info *info = &file->info;
    struct trace_clock *clock = &file->clock;
    *clock = (struct trace_clock){.kind = CLOCK_IS_TIME};
    if (info->clock == CLOCK_QPC && info->frequency != 0) {
        clock->kind = CLOCK_RUNS_AT;
        clock->ticks_up = TICKS_A_SECOND;
        clock->ticks_down = info->frequency;
    } else if (info->clock == CLOCK_CYCLES && info->cpu_mhz != 0) {
        clock->kind = CLOCK_RUNS_AT;
        clock->ticks_up = TICKS_A_MICROSECOND;
        clock->ticks_down = info->cpu_mhz;
    }
    clock->origin = origin;
    clock->started = info->started;
}

bool trace_describe(struct trace_file *file, const struct etl_record *record)
{
    const uint8_t *data = record->payload;
    const size_t pointers = 2 * (size_t)record->pointer_size;
    const size_t tail = (AT_POINTERS + pointers + ZONE_SIZE + 7) / 8 * 8;
    if (record->kind != ETL_SYSTEM || record->hook != HOOK_HEADER ||
        record->payload_size < tail + TAIL_SIZE) {
        return false;
    }
    struct trace_info *info = &file->info;
    info->major = data[AT_VERSION];
    info->minor = data[AT_VERSION + 1];
    info->build = load_u32(data + AT_BUILD);
    info->cpus = load_u32(data + AT_CPUS);
    info->ended = load_i64(data + AT_ENDED);
    info->timer_resolution = load_u32(data + AT_RESOLUTION);
    info->pointer_size = load_u32(data + AT_POINTER_SIZE);
    info->events_lost = load_u32(data + AT_EVENTS_LOST);
    info->cpu_mhz = load_u32(data + AT_CPU_MHZ);
    info->booted = load_i64(data + tail);
    info->frequency = load_u64(data + tail + 8);
    info->started = load_i64(data + tail + 16);
    info->clock = load_u32(data + tail + 24);
    info->buffers_lost = load_u32(data + tail + 28);
    const uint8_t *at = data + tail + TAIL_SIZE;
    size_t left = record->payload_size - tail - TAIL_SIZE;
    file->session = text_at(&at, &left);
    file->name = text_at(&at, &left);
    info->session = file->session != NULL ? file->session : "";
    info->file = file->name != NULL ? file->name : "";
    set_clock(file, record->stamp);
    return true;
}

/* a * up / down, rounded down, without more than 64 bits: a is taken apart by `down`. */
static int64_t scale(uint64_t a, uint64_t up, uint64_t down)
{
    const uint64_t whole = a / down;
    const uint64_t rest = a % down;
    if (rest <= UINT64_MAX / up) {
        return (int64_t)(whole * up + rest * up / down);
    }
    /* A clock of more than 1.8 THz: bits that do not matter to 100 ns are given up. */
    return (int64_t)(whole * up + (rest >> 8) * up / (down >> 8));
}

int64_t trace_time(const struct trace_clock *clock, int64_t stamp)
{
    if (clock->kind == CLOCK_IS_TIME) {
        return stamp;
    }
    const uint64_t up = clock->ticks_up;
    const uint64_t down = clock->ticks_down;
    const uint64_t since = (uint64_t)stamp - (uint64_t)clock->origin;
    if (stamp >= clock->origin) {
        const uint64_t time =
            (uint64_t)clock->started + (up == down ? since : (uint64_t)scale(since, up, down));
        return (int64_t)time;
    }
    /* Before the first record: rounded down, too, which is away from zero here. */
    const uint64_t until = (uint64_t)clock->origin - (uint64_t)stamp;
    const uint64_t back = (uint64_t)scale(until, up, down);
    const bool exact = until % down * up % down == 0;
    return (int64_t)((uint64_t)clock->started - back - (exact ? 0 : 1));
}
