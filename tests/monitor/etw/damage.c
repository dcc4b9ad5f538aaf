/* SPDX-License-Identifier: MIT */
/*
 * Reads traces that are cut off or have one wrong byte, in all the ways that are asked for, to the
 * last field: with the sanitizers on, nothing may be found, and each reading ends with the trace.
 *
 *   etw_damage [--cuts STEP] [--edges 1] [--flips COUNT] [--whole COUNT] [--seed N] [--tell 1]
 *              FILE...
 *
 * --cuts 1 cuts at each byte, --edges around each place where a buffer or a record ends, --flips
 * changes that many bytes, chosen by the seed; all read only the first buffer, the one where it
 * happens and, of flips, the next, so that thousands take seconds.
 * --tell says each trial before it is made. --whole reads all of the file that many times more,
 * each time with another wrong byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipc/load.h"
#include "monitor/etl/buffer.h"
#include "tests/monitor/etl/file_memory.h"
#include "tests/monitor/etw/walk.h"

enum { SKIPPED = 77, HEAD = BUFFER_HEADER, MAX_METADATA = 4096, SLOW_S = 10 };

struct place {
    size_t at;
    size_t size;
};

struct trial {
    const char *name;
    uint8_t *data;
    size_t size;
    struct place *buffers;
    size_t buffer_count;
    bool *cuts; /* by place: cut there */
    uint64_t random;
    size_t readings;
    size_t refused; /* no trace any more */
    size_t warned;  /* at least one damage was told */
    size_t events;
    size_t missing; /* events less than without damage */
    double slowest;
};

static const char *const paths[] = {"trace"};
static struct etl_record metadata[MAX_METADATA];
static size_t metadata_count;

/* What is being tried; told before each trial when that was asked for, as nothing can be after. */
static char doing[256];
static bool is_told;

static uint64_t next_random(struct trial *trial)
{
    trial->random ^= trial->random << 13;
    trial->random ^= trial->random >> 7;
    trial->random ^= trial->random << 17;
    return trial->random;
}

static void learn_metadata(struct schemas *schemas)
{
    for (size_t i = 0; i < metadata_count; i++) {
        (void)schemas_learn(schemas, &metadata[i]);
    }
}

static const uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = data != NULL ? malloc(size + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, data, size);
    }
    return copy;
}

/* Records that describe others: any part of the trace is read with them. */
static void keep_metadata(struct schemas *schemas, const struct etl_record *record)
{
    if (metadata_count < MAX_METADATA && schemas_learn(schemas, record)) {
        struct etl_record *kept = &metadata[metadata_count++];
        *kept = *record;
        kept->provider_id = copy_of(record->provider_id, 16);
        kept->payload = copy_of(record->payload, record->payload_size);
        kept->activity_id = NULL;
        kept->extended = NULL;
        kept->extended_size = 0;
    }
}

static void forget_metadata(void)
{
    union bytes {
        const uint8_t *kept;
        void *freed; /* free() wants what may be written */
    };
    for (size_t i = 0; i < metadata_count; i++) {
        free((union bytes){.kept = metadata[i].provider_id}.freed);
        free((union bytes){.kept = metadata[i].payload}.freed);
    }
    metadata_count = 0;
}

static bool find_metadata(void)
{
    const struct schemas_options options = {.manifests = NULL};
    struct etwas_error error;
    struct trace *trace = NULL;
    struct schemas *schemas = NULL;
    struct etl_record record;
    size_t failed = 0;
    bool good = trace_open(paths, 1, &trace, &failed, &error) == ETWAS_OK &&
                schemas_open(&options, &schemas, &error) == ETWAS_OK;
    enum etwas_status status = good ? trace_next(trace, &record) : ETWAS_CLOSED;
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        if (status == ETWAS_OK) {
            keep_metadata(schemas, &record);
        }
        trace_advance(trace);
        status = trace_next(trace, &record);
    }
    schemas_close(schemas);
    trace_close(trace);
    return good;
}

static double now_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* How many events come out of these bytes. */
static size_t read_one(struct trial *trial, const uint8_t *data, size_t size, bool whole)
{
    struct walk walked;
    const double start = now_s();
    if (is_told) {
        (void)fprintf(stderr, "%s\n", doing);
    }
    file_memory_set(0, paths[0], data, size);
    const struct walk_options options = {.paths = paths,
                                         .count = 1,
                                         .format = EVENT_JSON,
                                         .stacks = whole,
                                         .learn = whole ? NULL : learn_metadata};
    const enum etwas_status status = walk(&options, &walked);
    const double took = now_s() - start;
    trial->slowest = took > trial->slowest ? took : trial->slowest;
    trial->readings++;
    trial->events += walked.events;
    trial->refused += status == ETWAS_MALFORMED ? 1 : 0;
    trial->warned += walked.damages != 0 ? 1 : 0;
    if ((status != ETWAS_CLOSED && status != ETWAS_MALFORMED) || took > SLOW_S) {
        (void)fprintf(stderr, "%s: status %d after %.1f s\n", doing, (int)status, took);
        exit(1);
    }
    return walked.events;
}

static size_t buffer_of(const struct trial *trial, size_t at)
{
    size_t index = 0;
    while (index + 1 < trial->buffer_count && trial->buffers[index + 1].at <= at) {
        index++;
    }
    return index;
}

/* A part of the trace that can be read by itself. */
struct part {
    uint8_t *data;
    size_t size;
    size_t shift; /* from places in the file to places in the last buffers here */
};

static bool take_part(const struct trial *trial, size_t first, size_t last, struct part *part)
{
    const size_t start = trial->buffers[first].at;
    const size_t end = trial->buffers[last].at + trial->buffers[last].size;
    const size_t head = first == 0 ? 0 : trial->buffers[0].size;
    part->size = head + (end - start);
    part->shift = start - head;
    part->data = malloc(part->size);
    if (part->data == NULL) {
        return false;
    }
    memcpy(part->data, trial->data, head);
    memcpy(part->data + head, trial->data + start, end - start);
    return true;
}

static bool cut_once(struct trial *trial, const struct part *part, size_t at)
{
    const size_t size = at - part->shift;
    uint8_t *exact = malloc(size + 1); /* so that each byte read too many is seen */
    if (exact != NULL) {
        (void)snprintf(doing, sizeof doing, "%s cut at %zu", trial->name, at);
        memcpy(exact, part->data, size);
        (void)read_one(trial, exact, size, false);
    }
    free(exact);
    return exact != NULL;
}

static bool cut_buffer(struct trial *trial, size_t index)
{
    const struct place *buffer = &trial->buffers[index];
    struct part part;
    bool good = take_part(trial, index, index, &part);
    for (size_t at = buffer->at; good && at < buffer->at + buffer->size; at++) {
        good = !trial->cuts[at] || cut_once(trial, &part, at);
    }
    free(part.data);
    return good;
}

static void mark_edge(struct trial *trial, size_t at)
{
    for (size_t i = at == 0 ? 0 : at - 1; i <= at + 1 && i < trial->size; i++) {
        trial->cuts[i] = true;
    }
}

static void mark_records(struct trial *trial, const struct place *buffer)
{
    struct etl_record record;
    struct buffer_head head;
    size_t taken = 0;
    const uint8_t *data = trial->data + buffer->at;
    mark_edge(trial, buffer->at);
    mark_edge(trial, buffer->at + HEAD);
    if (buffer_head_read(data, &head) != ETWAS_OK || (head.flags & BUFFER_COMPRESSED) != 0) {
        return;
    }
    for (size_t at = HEAD;
         at < head.end && etl_record_read(data + at, head.end - at, &record, &taken) == ETWAS_OK;
         at += taken) {
        mark_edge(trial, buffer->at + at);
    }
    mark_edge(trial, buffer->at + head.end);
}

static bool flip_one(struct trial *trial)
{
    const uint64_t random = next_random(trial);
    const size_t at = (size_t)(random >> 8) % trial->size;
    const uint8_t change = (uint8_t)(random % 255 + 1);
    const size_t index = buffer_of(trial, at);
    struct part part;
    if (!take_part(trial, index, index + 1 < trial->buffer_count ? index + 1 : index, &part)) {
        return false;
    }
    (void)snprintf(doing, sizeof doing, "%s byte %zu xor %u", trial->name, at, (unsigned)change);
    const size_t whole = read_one(trial, part.data, part.size, false);
    part.data[at - part.shift] ^= change;
    const size_t left = read_one(trial, part.data, part.size, false);
    trial->missing += left < whole ? whole - left : 0;
    free(part.data);
    return true;
}

static void flip_whole(struct trial *trial)
{
    const uint64_t random = next_random(trial);
    const size_t at = (size_t)(random >> 8) % trial->size;
    const uint8_t change = (uint8_t)(random % 255 + 1);
    (void)snprintf(doing, sizeof doing, "whole %s byte %zu xor %u", trial->name, at,
                   (unsigned)change);
    trial->data[at] ^= change;
    (void)read_one(trial, trial->data, trial->size, true);
    trial->data[at] ^= change;
}

static void tell(struct trial *trial, const char *what)
{
    (void)printf("%s: %s: %zu readings, %zu events, %zu with a warning, %zu refused, %zu events "
                 "missing, slowest %.2f s\n",
                 trial->name, what, trial->readings, trial->events, trial->warned, trial->refused,
                 trial->missing, trial->slowest);
    (void)fflush(stdout);
    trial->readings = trial->events = trial->warned = trial->refused = trial->missing = 0;
    trial->slowest = 0;
}

struct plan {
    size_t cuts;
    bool edges;
    unsigned long flips;
    unsigned long whole;
    uint64_t seed;
};

static void mark_cuts(struct trial *trial, const struct plan *plan)
{
    for (size_t at = 0; plan->cuts != 0 && at < trial->size; at += plan->cuts) {
        trial->cuts[at] = true;
    }
    for (size_t i = 0; plan->edges && i < trial->buffer_count; i++) {
        mark_records(trial, &trial->buffers[i]);
    }
}

static bool try_all(struct trial *trial, const struct plan *plan)
{
    bool good = find_metadata();
    mark_cuts(trial, plan);
    for (size_t i = 0; good && i < trial->buffer_count; i++) {
        good = cut_buffer(trial, i);
    }
    tell(trial, "cuts");
    for (unsigned long i = 0; good && i < plan->flips; i++) {
        good = flip_one(trial);
    }
    tell(trial, "flips");
    for (unsigned long i = 0; good && i < plan->whole; i++) {
        flip_whole(trial);
    }
    tell(trial, "flips of the whole file");
    forget_metadata();
    return good;
}

/* Where the buffers of an intact file lie. */
static bool find_buffers(struct trial *trial)
{
    size_t at = 0;
    trial->buffers = malloc((trial->size / HEAD + 1) * sizeof *trial->buffers);
    while (trial->buffers != NULL && trial->size - at >= HEAD) {
        const size_t size = load_u32(trial->data + at);
        if (size < HEAD || size > trial->size - at) {
            break;
        }
        trial->buffers[trial->buffer_count++] = (struct place){at, size};
        at += size;
    }
    return trial->buffer_count != 0;
}

static bool load_file(struct trial *trial)
{
    FILE *file = fopen(trial->name, "rb");
    bool good = file != NULL && fseek(file, 0, SEEK_END) == 0;
    const long size = good ? ftell(file) : -1;
    trial->data = size > 0 ? malloc((size_t)size) : NULL;
    trial->cuts = size > 0 ? calloc((size_t)size, sizeof *trial->cuts) : NULL;
    trial->size = size > 0 ? (size_t)size : 0;
    good = trial->data != NULL && trial->cuts != NULL && fseek(file, 0, SEEK_SET) == 0 &&
           fread(trial->data, 1, trial->size, file) == trial->size;
    if (file != NULL) {
        (void)fclose(file);
    }
    return good && find_buffers(trial);
}

static int try_file(const char *name, const struct plan *plan)
{
    struct trial trial = {.name = name, .random = plan->seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    int result = SKIPPED;
    if (load_file(&trial)) {
        file_memory_set(0, paths[0], trial.data, trial.size);
        result = try_all(&trial, plan) ? 0 : 1;
    } else {
        (void)fprintf(stderr, "%s: cannot be read, skipped\n", name);
    }
    free(trial.buffers);
    free(trial.cuts);
    free(trial.data);
    return result;
}

static bool take_option(struct plan *plan, const char *name, const char *text)
{
    const unsigned long value = strtoul(text, NULL, 10);
    if (strcmp(name, "--cuts") == 0) {
        plan->cuts = value;
    } else if (strcmp(name, "--edges") == 0) {
        plan->edges = value != 0;
    } else if (strcmp(name, "--flips") == 0) {
        plan->flips = value;
    } else if (strcmp(name, "--whole") == 0) {
        plan->whole = value;
    } else if (strcmp(name, "--tell") == 0) {
        is_told = value != 0;
    } else if (strcmp(name, "--seed") == 0) {
        plan->seed = value;
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct plan plan = {.seed = 1};
    int at = 1;
    int result = 0;
    while (at + 1 < argc && take_option(&plan, argv[at], argv[at + 1])) {
        at += 2;
    }
    if (at == argc) {
        (void)fputs("usage: etw_damage [--cuts STEP] [--edges 1] [--flips COUNT] [--whole COUNT] "
                    "[--seed N] [--tell 1] FILE...\n",
                    stderr);
        return 2;
    }
    for (; at < argc && (result == 0 || result == SKIPPED); at++) {
        const int one = try_file(argv[at], &plan);
        result = one != 0 ? one : result;
    }
    return result;
}
