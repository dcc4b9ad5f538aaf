/* SPDX-License-Identifier: MIT */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/monitor/forward/rig.h"

struct rig rig;

static const char *field_name(const struct schema *schema, uint16_t index)
{
    (void)schema;
    (void)index;
    return "Number";
}

static struct value field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)index;
    (void)arena;
    return (struct value){.type = VALUE_UINT, .as.u = event->keywords};
}

static const struct schema traced = {.provider = "Test",
                                     .event_name = "Event",
                                     .field_count = 1,
                                     .field_name = field_name,
                                     .field = field};

int64_t rig_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rig_pause_ms(long time_ms)
{
    const struct timespec pause = {.tv_nsec = time_ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

int rig_set_up(void **state)
{
    (void)state;
    (void)snprintf(rig.folder, sizeof rig.folder, "/tmp/etwas-forward-XXXXXX");
    if (mkdtemp(rig.folder) == NULL) {
        return -1;
    }
    (void)snprintf(rig.spool, sizeof rig.spool, "%s/spool", rig.folder);
    (void)snprintf(rig.key, sizeof rig.key, "%s/config/key", rig.folder);
    rig.servers[0] = server_open(0);
    rig.servers[1] = NULL;
    rig.sink = NULL;
    rig.sinks[0] = server_url(rig.servers[0]);
    rig.accounts = (struct source_accounts){0};
    memset(&rig.position, 0, sizeof rig.position);
    rig.options = (struct forward_options){.session = "",
                                           .sink_count = 1,
                                           .sinks = rig.sinks,
                                           .spool = rig.spool,
                                           .key = rig.key,
                                           .sync = SPOOL_SYNC_NEVER,
                                           .fill_ms = RIG_FILL_MS,
                                           .silence_ms = 600000,
                                           .stall_s = 1,
                                           .backoff_max_ms = 50,
                                           .pending_ms = 30};
    return 0;
}

int rig_tear_down(void **state)
{
    (void)state;
    sink_close(rig.sink);
    server_close(rig.servers[0]);
    server_close(rig.servers[1]);
    return nftw(rig.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void take(const struct sink_books *books, struct source_accounts *now,
                 struct source_position *where)
{
    (void)books;
    *now = rig.accounts;
    *where = rig.position;
}

void rig_close(void)
{
    sink_close(rig.sink);
    rig.sink = NULL;
}

void rig_checkpoint(void)
{
    const struct sink_books books = {.take = take};
    rig.sink->ops->checkpoint(rig.sink, &books);
}

void rig_open(void)
{
    assert_int_equal(forward_open(&rig.options, &rig.sink, rig.what, &rig.error), ETWAS_OK);
    rig_checkpoint();
}

/* Writes events with these numbers, as a source does. */
void rig_write(uint64_t first, size_t count)
{
    static struct event events[256];
    while (count > 0) {
        const size_t part = count < 256 ? count : 256;
        for (size_t i = 0; i < part; i++) {
            events[i] = (struct event){.schema = &traced,
                                       .time = EVENT_UNIX_EPOCH,
                                       .level = EVENT_LEVEL_NONE,
                                       .keywords = first + i};
        }
        rig.accounts.produced += part;
        rig.accounts.delivered += part;
        assert_int_equal(rig.sink->ops->write(rig.sink, events, part, &rig.error), ETWAS_OK);
        rig_checkpoint();
        first += part;
        count -= part;
    }
}

void rig_finish(void)
{
    rig_checkpoint();
    assert_int_equal(forward_finish(rig.sink, &rig.error), ETWAS_OK);
}

void rig_write_batch(uint64_t number)
{
    rig_write(number, 1);
    rig_finish();
}

uint64_t rig_waiting(void)
{
    struct forward_waiting now;
    forward_waiting(rig.sink, &now);
    return now.batches + now.left;
}

void rig_await_sent(void)
{
    const int64_t until = rig_now_ms() + RIG_PATIENCE_MS;
    while (rig_waiting() != 0 && rig_now_ms() < until) {
        rig_pause_ms(2);
    }
    assert_int_equal(rig_waiting(), 0);
}

/* How often each number came in what the server said was stored; its batches must be good. */
void rig_count(struct server *server, unsigned counts[RIG_NUMBERS])
{
    memset(counts, 0, RIG_NUMBERS * sizeof *counts);
    for (size_t i = 0; i < server_count(server); i++) {
        const struct seen *seen = server_seen(server, i);
        const char *at = seen->lines;
        assert_true(seen->verified);
        while ((at = strstr(at, "\"Number\":")) != NULL) {
            at += strlen("\"Number\":");
            const unsigned long number = strtoul(at, NULL, 10);
            assert_true(number < RIG_NUMBERS);
            counts[number]++;
        }
    }
}

static size_t parked;

static int count_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)place;
    parked += kind == FTW_F && strstr(path, "/parked/") != NULL;
    return 0;
}

size_t rig_count_parked(void)
{
    parked = 0;
    assert_int_equal(nftw(rig.spool, count_one, 16, FTW_PHYS), 0);
    return parked;
}
