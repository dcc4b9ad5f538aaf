/* SPDX-License-Identifier: MIT */
/*
 * What the relay's storage costs: reading a batch's lines, putting batches durably one by one and
 * in groups, how long that takes at most while retention removes as many, opening a store of many
 * batches, and reading history. Works in a new folder below FOLDER (a disk, not a tmpfs) and
 * removes it.
 *
 *     store_bench FOLDER [BATCHES]      BATCHES: in the store that is opened; 100000
 */
#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "relay/history.h"
#include "relay/lines.h"
#include "relay/moment.h"

enum {
    LINE_MAX_SIZE = 512,
    BODY_SIZE = 128 * 1024,
    GROUP_MAX = 32,
    RUN_S = 3,
    MANY_PUTS = 8000,
    CHECKS = 1000,
};

static char text[BATCH_MAX_LINES];
static size_t text_size;
static char body[BODY_SIZE];
static size_t body_size;
static uint64_t line_count;
static int64_t first_time;
static int64_t last_time;

static char folder[256];
static struct etwas_error error;

static void require(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "%s: %s\n", what, error.doing != NULL ? error.doing : "");
        exit(1);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* About 256 KiB of lines as the kernel's scheduler gives; names and numbers that do not repeat. */
static void make_body(void)
{
    struct lines lines;
    size_t bad_line = 0;
    uint32_t random = 1;
    while (text_size + LINE_MAX_SIZE < sizeof text) {
        random = random * 1103515245 + 12345;
        text_size += (size_t)snprintf(
            text + text_size, LINE_MAX_SIZE,
            "{\"TimeCreated\":\"2026-11-20T22:54:30.%07uZ\",\"Provider\":\"sched\",\"EventId\":0,"
            "\"EventName\":\"sched_switch\",\"ProcessId\":%u,\"ThreadId\":%u,\"ProcessName\":"
            "\"worker-%u\",\"Cpu\":%u,\"EventData\":{\"prev_comm\":\"worker-%u\",\"prev_pid\":%u,"
            "\"prev_prio\":120,\"prev_state\":%u,\"next_comm\":\"swapper/%u\",\"next_pid\":%u,"
            "\"next_prio\":120}}\n",
            (unsigned)line_count * 7919, random >> 12, random >> 10, random >> 22, random >> 31,
            random >> 22, random >> 10, random & 3, random >> 31, random >> 9);
        line_count++;
    }
    body_size = ZSTD_compress(body, sizeof body, text, text_size, 1);
    lines_init(&lines);
    require(lines_unpack(&lines, body, body_size, &bad_line, &error) == ETWAS_OK, "the lines");
    first_time = lines.first;
    last_time = lines.last;
    lines_clear(&lines);
    (void)printf("a batch: %" PRIu64 " events, %zu bytes, %zu as sent\n", line_count, text_size,
                 body_size);
}

static void check_lines(void)
{
    struct lines lines;
    size_t bad_line = 0;
    double best = 1e9;
    lines_init(&lines);
    for (unsigned run = 0; run < 7; run++) {
        const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (unsigned i = 0; i < CHECKS; i++) {
            require(lines_unpack(&lines, body, body_size, &bad_line, &error) == ETWAS_OK,
                    "the lines");
        }
        const double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
        best = took < best ? took : best;
    }
    lines_clear(&lines);
    (void)printf("unpacking and checking: %.0f MB/s of text, %.0f ns/event (best of 7)\n",
                 (double)text_size * CHECKS / best / 1e6,
                 best * 1e9 / ((double)line_count * CHECKS));
}

static void remove_folder(void)
{
    DIR *open = opendir(folder);
    const struct dirent *entry = NULL;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        (void)unlinkat(dirfd(open), entry->d_name, 0);
    }
    if (open != NULL) {
        (void)closedir(open);
    }
    (void)rmdir(folder);
}

static struct store *open_store(uint64_t max_bytes)
{
    const struct store_options options = {.folder = folder, .max_bytes = max_bytes};
    struct store *store = NULL;
    require(store_open(&options, &store, &error) == ETWAS_OK, "store_open");
    return store;
}

static void make_incoming(struct store_incoming *incoming, uint64_t sequence, size_t size)
{
    static const char long_text[] =
        "sig1=(\"@method\" \"@authority\" \"@path\" \"content-type\" \"content-encoding\" "
        "\"content-digest\" \"etwas-batch\");created=1795190959;expires=1795191019;nonce=\"...\";"
        "alg=\"ed25519\";keyid=\"SHA256:0123456789012345678901234567890123456789012\";tag=\"x\"";
    *incoming = (struct store_incoming){
        .computer = "web1",
        .parts = {.authority = "relay:8080",
                  .path = "/v1/batches",
                  .content_type = "application/x-ndjson",
                  .content_encoding = "zstd",
                  .content_digest = long_text,
                  .etwas_batch = long_text,
                  .signature_input = long_text,
                  .signature = long_text},
        .received_ms = (int64_t)sequence,
        .first = first_time,
        .last = last_time,
        .body = body,
        .size = size
    };
    incoming->head.sequence = sequence;
    incoming->head.count = line_count;
    incoming->head.books.before = (sequence - 1) * line_count;
}

/* Puts `group` batches behind `*sequence`. */
static void put(struct store *store, uint64_t *sequence, size_t group, size_t size)
{
    struct store_incoming incoming[GROUP_MAX];
    struct store_incoming *all[GROUP_MAX];
    for (size_t i = 0; i < group; i++) {
        make_incoming(&incoming[i], ++*sequence, size);
        all[i] = &incoming[i];
    }
    require(store_put(store, all, group, &error) == ETWAS_OK, "store_put");
    require(incoming[group - 1].outcome == STORE_STORED, "store_put says");
}

static void *keep(void *context)
{
    struct store *store = context;
    const struct timespec rest = {.tv_nsec = 100000000};
    uint64_t removed = 0;
    for (;;) {
        require(store_retain(store, 0, &removed, &error) == ETWAS_OK, "store_retain");
        (void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        (void)nanosleep(&rest, NULL);
        (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    }
    return NULL;
}

/* Beside whatever is measured, as in the relay. */
static pthread_t start_keeper(struct store *store)
{
    pthread_t keeper;
    require(pthread_create(&keeper, NULL, keep, store) == 0, "pthread_create");
    return keeper;
}

static void stop_keeper(pthread_t keeper)
{
    (void)pthread_cancel(keeper);
    (void)pthread_join(keeper, NULL);
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* For RUN_S seconds, one after the other. */
static void put_groups(const char *what, size_t group, uint64_t max_bytes)
{
    static double took[MANY_PUTS];
    struct store *store = open_store(max_bytes);
    const pthread_t keeper = start_keeper(store);
    uint64_t sequence = 0;
    size_t count = 0;
    const double start = seconds(CLOCK_MONOTONIC);
    const double used = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double now = start;
    while (now < start + RUN_S && count < MANY_PUTS) {
        put(store, &sequence, group, body_size);
        const double after = seconds(CLOCK_MONOTONIC);
        took[count++] = after - now;
        now = after;
    }
    const double cost = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
    qsort(took, count, sizeof took[0], by_size);
    (void)printf(
        "%s, groups of %zu: %.0f batches/s, %.0f k events/s, %.2f us CPU/event; a put takes"
        " %.2f ms (p50), %.2f (p99), %.2f (most)\n",
        what, group, (double)sequence / (now - start),
        (double)(sequence * line_count) / (now - start) / 1e3,
        cost * 1e6 / (double)(sequence * line_count), took[count / 2] * 1e3,
        took[count * 99 / 100] * 1e3, took[count - 1] * 1e3);
    stop_keeper(keeper);
    store_close(store);
    remove_folder();
}

/* A reader that answers GET /v1/events. */
static void read_history(struct store *store, bool descending)
{
    static char room[64 * 1024];
    struct history *history = NULL;
    const struct history_range range = {
        .from = INT64_MIN, .to = INT64_MAX, .descending = descending, .limit = 1000000};
    size_t written = 0;
    size_t all = 0;
    const double start = seconds(CLOCK_MONOTONIC);
    const double used = seconds(CLOCK_PROCESS_CPUTIME_ID);
    require(history_open(store, &range, &history, &error) == ETWAS_OK, "history_open");
    while (history_next(history, room, sizeof room, &written, &error) == ETWAS_OK) {
        all += written;
    }
    const double took = seconds(CLOCK_MONOTONIC) - start;
    history_close(history);
    (void)printf("history, %s: 1,000,000 lines in %.2f s, %.0f MB/s, %.2f us CPU/line\n",
                 descending ? "newest first" : "oldest first", took, (double)all / took / 1e6,
                 seconds(CLOCK_PROCESS_CPUTIME_ID) - used);
}

/* Nothing lies in the range: all of the index is gone through. */
static void read_nothing(struct store *store, uint64_t batches)
{
    struct history *history = NULL;
    struct history_line line;
    const struct history_range range = {.from = 1, .to = 2, .limit = 1};
    const double start = seconds(CLOCK_MONOTONIC);
    require(history_open(store, &range, &history, &error) == ETWAS_OK, "history_open");
    require(history_line(history, &line, &error) == ETWAS_NOT_FOUND, "history_line");
    (void)printf("a range without events among %" PRIu64 " batches: %.1f ms\n", batches,
                 (seconds(CLOCK_MONOTONIC) - start) * 1e3);
    history_close(history);
}

/* A store of many small batches, and of as many whole ones as a million lines need. */
static void open_many(uint64_t batches)
{
    struct store *store = open_store(0);
    uint64_t sequence = 0;
    pthread_t keeper = start_keeper(store);
    while (sequence < batches) {
        put(store, &sequence, GROUP_MAX, sequence + 2000 < batches ? 1024 : body_size);
    }
    stop_keeper(keeper);
    store_close(store);
    for (unsigned i = 0; i < 3; i++) {
        const double start = seconds(CLOCK_MONOTONIC);
        store = open_store(0);
        (void)printf("opening %" PRIu64 " batches: %.2f ms\n", sequence,
                     (seconds(CLOCK_MONOTONIC) - start) * 1e3);
        if (i < 2) {
            store_close(store);
        }
    }
    read_nothing(store, sequence);
    read_history(store, true);
    read_history(store, true);
    store_close(store);
    remove_folder();
}

int main(int argc, char **argv)
{
    const uint64_t batches = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: store_bench FOLDER [BATCHES]\n");
        return 1;
    }
    (void)snprintf(folder, sizeof folder, "%s/etwas-store-bench-%d", argv[1], (int)getpid());
    make_body();
    check_lines();
    put_groups("putting", 1, 0);
    put_groups("putting", 8, 0);
    put_groups("putting", GROUP_MAX, 0);
    put_groups("putting and removing as much", 1, (uint64_t)64 * 1024 * 1024);
    put_groups("putting and removing as much", 8, (uint64_t)64 * 1024 * 1024);
    open_many(batches);
    return 0;
}
