/* SPDX-License-Identifier: MIT */
#include "monitor/local/counters.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/local/moment.h"
#include "monitor/local/record.h"
#include "monitor/local/stat_text.h"
#include "monitor/local/ticker.h"

enum {
    MAX_PROCESSES = 64 * 1024, /* of which more are not looked at */
    BATCH = 128,
    STAT_SIZE = 2048,
};

struct process_record {
    uint64_t rss;
    uint64_t threads;
    uint64_t user_ms;
    uint64_t system_ms;
    uint32_t process_id;
    uint32_t cpu; /* hundredths of a percent of one CPU */
    char name[STAT_NAME_SIZE];
};

static const struct record_field fields[] = {
    {"ProcessId", RECORD_UINT,       offsetof(struct process_record, process_id)},
    {"Cpu",       RECORD_HUNDREDTHS, offsetof(struct process_record, cpu)       },
    {"User",      RECORD_SIZE,       offsetof(struct process_record, user_ms)   },
    {"System",    RECORD_SIZE,       offsetof(struct process_record, system_ms) },
    {"Rss",       RECORD_SIZE,       offsetof(struct process_record, rss)       },
    {"Threads",   RECORD_SIZE,       offsetof(struct process_record, threads)   },
    {"Name",      RECORD_TEXT,       offsetof(struct process_record, name)      },
};

static const struct record_schema schema = {
    .schema = {.provider = "process-cpu",
               .event_name = "Usage",
               .origin = SCHEMA_LOCAL,
               .field_count = sizeof fields / sizeof fields[0],
               .field_name = record_field_name,
               .field = record_field},
    .fields = fields,
};

/* What a process had used when it was looked at. */
struct seen {
    uint32_t process_id;
    uint64_t started;
    uint64_t user;
    uint64_t system;
};

struct snapshot {
    struct seen *processes; /* sorted by process id */
    size_t count;
    size_t capacity;
};

struct processes {
    struct ticker ticker;
    DIR *proc;
    uint64_t ticks; /* a second */
    uint64_t page;  /* bytes */
    int64_t looked_ms;
    int64_t passed_ms; /* since the look before */
    uint32_t process_id;
    char name[STAT_NAME_SIZE];
    struct snapshot before;
    struct snapshot after;
    size_t made;
    struct process_record records[BATCH];
    struct event events[BATCH];
};

static enum etwas_status fail(struct etwas_error *error, enum etwas_status status)
{
    *error = (struct etwas_error){status, (uint32_t)errno, "reading /proc"};
    return status;
}

static int compare_seen(const void *left, const void *right)
{
    const struct seen *a = left;
    const struct seen *b = right;
    return (a->process_id > b->process_id) - (a->process_id < b->process_id);
}

static bool remember(struct snapshot *snapshot, const struct stat_process *process)
{
    if (snapshot->count == snapshot->capacity) {
        const size_t capacity = snapshot->capacity == 0 ? 256 : 2 * snapshot->capacity;
        struct seen *grown = capacity > MAX_PROCESSES
                                 ? NULL
                                 : realloc(snapshot->processes, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        snapshot->processes = grown;
        snapshot->capacity = capacity;
    }
    snapshot->processes[snapshot->count++] = (struct seen){
        .process_id = process->process_id,
        .started = process->started,
        .user = process->user,
        .system = process->system,
    };
    return true;
}

static bool read_process(int proc, const char *entry, struct stat_process *process)
{
    char path[sizeof((struct dirent *)NULL)->d_name + 8];
    char text[STAT_SIZE];
    if (entry[0] < '1' || entry[0] > '9') {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/stat", entry);
    const int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false; /* it has just ended */
    }
    const ssize_t size = read(fd, text, sizeof text);
    (void)close(fd);
    return size > 0 && stat_read_process(text, (size_t)size, process);
}

static uint64_t difference(uint64_t after, uint64_t before)
{
    return after > before ? after - before : 0;
}

/* The time of a process that was not there before all belongs to this interval. */
static bool is_wanted(const struct processes *all, const struct stat_process *process,
                      uint64_t used)
{
    if (all->process_id != 0 && all->process_id != process->process_id) {
        return false;
    }
    if (all->name[0] != 0) {
        return stat_name_matches(process->name, all->name);
    }
    return all->process_id != 0 || used > 0;
}

static void make_event(struct processes *all, const struct stat_process *process, uint64_t user,
                       uint64_t system)
{
    struct process_record *record = &all->records[all->made];
    struct event *event = &all->events[all->made];
    memset(record, 0, sizeof *record);
    const uint64_t used_ms = (user + system) * 1000 / all->ticks;
    const uint64_t share = used_ms * 10000 / (uint64_t)all->passed_ms;
    record->process_id = process->process_id;
    record->cpu = share < UINT32_MAX ? (uint32_t)share : UINT32_MAX;
    record->user_ms = user * 1000 / all->ticks;
    record->system_ms = system * 1000 / all->ticks;
    record->rss = process->rss * all->page;
    record->threads = process->threads;
    memcpy(record->name, process->name, sizeof record->name);
    record_init(event, &schema, moment_event_time());
    event->payload = (const uint8_t *)record;
    event->payload_size = offsetof(struct process_record, name) + strlen(record->name);
    event->process_id = process->process_id;
    event->thread_id = process->process_id;
    event->process_name = record->name;
    all->made++;
}

static void compare_process(struct processes *all, const struct stat_process *process)
{
    const struct seen key = {.process_id = process->process_id};
    const struct seen *before =
        all->before.count == 0
            ? NULL
            : bsearch(&key, all->before.processes, all->before.count, sizeof key, compare_seen);
    const bool same = before != NULL && before->started == process->started;
    const uint64_t user = difference(process->user, same ? before->user : 0);
    const uint64_t system = difference(process->system, same ? before->system : 0);
    if (is_wanted(all, process, user + system)) {
        make_event(all, process, user, system);
    }
}

static enum etwas_status hand_over(struct processes *all, struct event_handler *handler)
{
    const size_t count = all->made;
    all->made = 0;
    return ticker_hand_over(&all->ticker, handler, all->events, count);
}

/* Looks at every process; without a handler only to remember. */
static enum etwas_status look_at_all(struct processes *all, struct event_handler *handler)
{
    enum etwas_status status = ETWAS_OK;
    struct stat_process process;
    const struct dirent *entry = NULL;
    all->after.count = 0;
    rewinddir(all->proc);
    while (status == ETWAS_OK && (entry = readdir(all->proc)) != NULL) {
        if (!read_process(dirfd(all->proc), entry->d_name, &process)) {
            continue;
        }
        if (!remember(&all->after, &process)) {
            break;
        }
        if (handler != NULL) {
            compare_process(all, &process);
        }
        if (all->made == BATCH) {
            status = hand_over(all, handler);
        }
    }
    if (status == ETWAS_OK && all->made > 0) {
        status = hand_over(all, handler);
    }
    if (all->after.count > 0) {
        qsort(all->after.processes, all->after.count, sizeof all->after.processes[0], compare_seen);
    }
    const struct snapshot before = all->before;
    all->before = all->after;
    all->after = before;
    return status;
}

static enum etwas_status process_cpu_look(struct ticker *ticker, struct event_handler *handler,
                                          struct etwas_error *error)
{
    struct processes *all = (struct processes *)(void *)ticker;
    (void)error;
    const int64_t now = moment_steady_ms();
    all->passed_ms = now > all->looked_ms ? now - all->looked_ms : 1;
    all->looked_ms = now;
    return look_at_all(all, handler);
}

static void process_cpu_clear(struct ticker *ticker)
{
    const struct processes *all = (const struct processes *)(const void *)ticker;
    if (all->proc != NULL) {
        (void)closedir(all->proc);
    }
    free(all->before.processes);
    free(all->after.processes);
}

enum etwas_status process_cpu_open(const struct process_cpu_wanted *wanted, struct source **source,
                                   struct etwas_error *error)
{
    *source = NULL;
    struct processes *all = calloc(1, sizeof *all);
    if (all == NULL) {
        return fail(error, ETWAS_NO_MEMORY);
    }
    const long ticks = sysconf(_SC_CLK_TCK);
    const long page = sysconf(_SC_PAGESIZE);
    all->ticks = ticks > 0 ? (uint64_t)ticks : 100;
    all->page = page > 0 ? (uint64_t)page : 4096;
    all->process_id = wanted->process_id;
    (void)snprintf(all->name, sizeof all->name, "%s", wanted->name);
    all->ticker.look = process_cpu_look;
    all->ticker.clear = process_cpu_clear;
    ticker_start(&all->ticker, wanted->interval_ms);
    all->proc = opendir("/proc");
    if (all->proc == NULL) {
        (void)fail(error, ETWAS_SYSTEM);
        all->ticker.source.ops->close(&all->ticker.source);
        return ETWAS_SYSTEM;
    }
    all->looked_ms = moment_steady_ms();
    (void)look_at_all(all, NULL);
    *source = &all->ticker.source;
    return ETWAS_OK;
}
