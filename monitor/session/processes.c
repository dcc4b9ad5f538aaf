/* SPDX-License-Identifier: MIT */
#include "monitor/session/processes.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/session/host_base.h"

enum {
    WAYS = 8,    /* places that a thread may have in the table */
    KINDS = 256, /* schemas remembered */
    CLONE_THREAD_FLAG = 0x10000,
};

struct entry {
    uint32_t thread; /* 0: free */
    uint32_t process;
    uint64_t used; /* by this call of processes_fill(): its name must stay */
    int64_t until_ns;
    char name[PROCESSES_NAME_SIZE];
};

/* Events that change what is known of the thread in one of their fields. */
static const struct change {
    const char *provider;
    const char *event;
    const char *field;
    bool learns; /* the event says whose the new thread is */
} changes[] = {
    {"sched", "sched_process_exit", "pid",       false},
    {"sched", "sched_process_exec", "pid",       false},
    {"sched", "sched_process_fork", "child_pid", false},
    {"task",  "task_newtask",       "pid",       true },
};
enum { CHANGES = sizeof changes / sizeof changes[0] };

struct kind {
    const struct schema *schema;
    const struct change *change; /* NULL for nearly all */
};

struct processes {
    uint64_t call; /* of processes_fill() */
    int64_t now_ns;
    struct kind kinds[KINDS];
    struct entry entries[PROCESSES_TABLE];
};

struct processes *processes_open(void)
{
    return calloc(1, sizeof(struct processes));
}

void processes_close(struct processes *processes)
{
    free(processes);
}

/* The thread's entry, else the one to use for it: free, or old; NULL: all are in use. */
static struct entry *entry_of(struct processes *processes, uint32_t thread)
{
    struct entry *ways = &processes->entries[(thread * WAYS) % PROCESSES_TABLE];
    struct entry *best = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        struct entry *entry = &ways[i];
        if (entry->thread == thread) {
            return entry;
        }
        if (entry->used != processes->call && (best == NULL || entry->until_ns < best->until_ns)) {
            best = entry;
        }
    }
    return best;
}

static void forget(struct entry *entry)
{
    entry->thread = 0;
    entry->until_ns = 0;
}

/* NULL when nothing is known of the thread. */
static struct entry *look_up(struct processes *processes, uint32_t thread)
{
    struct entry *entry = entry_of(processes, thread);
    if (entry == NULL) {
        return NULL;
    }
    const bool known = entry->thread == thread;
    /* A name that was handed out in this call stays as it is until the next. */
    if (!known || (entry->until_ns < processes->now_ns && entry->used != processes->call)) {
        uint32_t process = 0;
        char name[PROCESSES_NAME_SIZE];
        const bool found = process_of_thread(thread, &process, name);
        if (found) {
            entry->process = process;
            memcpy(entry->name, name, sizeof name);
        } else if (!known) {
            entry->process = 0;
            entry->name[0] = '\0';
        }
        entry->thread = thread;
        entry->until_ns = processes->now_ns + PROCESSES_AGE_MS * HOST_MS;
    }
    entry->used = processes->call;
    return entry;
}

static const struct change *find_change(const struct schema *schema)
{
    for (size_t i = 0; i < CHANGES; i++) {
        if (strcmp(schema->event_name, changes[i].event) == 0 &&
            strcmp(schema->provider, changes[i].provider) == 0) {
            return &changes[i];
        }
    }
    return NULL;
}

static const struct change *change_of(struct processes *processes, const struct schema *schema)
{
    struct kind *kind = &processes->kinds[((uintptr_t)schema >> 5) % KINDS];
    if (kind->schema != schema) {
        *kind = (struct kind){.schema = schema, .change = find_change(schema)};
    }
    return kind->change;
}

static bool field_number(const struct event *event, const char *name, uint64_t *number)
{
    const int index = event_field_index(event->schema, name);
    if (index < 0) {
        return false;
    }
    const struct value value = event_field(event, (uint16_t)index, NULL);
    *number = value.as.u;
    return value.type == VALUE_INT || value.type == VALUE_UINT || value.type == VALUE_HEX;
}

/* A new thread: of the process that made it, or one of its own. */
static void learn(struct processes *processes, const struct event *event, uint32_t thread)
{
    uint64_t flags = 0;
    const int name = event_field_index(event->schema, "comm");
    struct entry *entry = entry_of(processes, thread);
    if (entry == NULL || name < 0 || !field_number(event, "clone_flags", &flags)) {
        return;
    }
    const struct value text = event_field(event, (uint16_t)name, NULL);
    const bool same = (flags & CLONE_THREAD_FLAG) != 0;
    if (text.type != VALUE_TEXT || text.as.text.size >= PROCESSES_NAME_SIZE ||
        (same && event->process_id == 0)) {
        return;
    }
    entry->thread = thread;
    entry->process = same ? event->process_id : thread;
    entry->until_ns = processes->now_ns + PROCESSES_AGE_MS * HOST_MS;
    memset(entry->name, 0, sizeof entry->name);
    memcpy(entry->name, text.as.text.data, text.as.text.size);
}

static void follow(struct processes *processes, const struct event *event,
                   const struct change *change)
{
    uint64_t thread = 0;
    if (!field_number(event, change->field, &thread) || thread == 0 || thread > UINT32_MAX) {
        return;
    }
    struct entry *entry = entry_of(processes, (uint32_t)thread);
    if (entry != NULL && entry->thread == thread) {
        forget(entry); /* its name stays for the events that have it */
    }
    if (change->learns) {
        learn(processes, event, (uint32_t)thread);
    }
}

void processes_fill(struct processes *processes, struct event *events, size_t count)
{
    const struct entry *entry = NULL;
    uint32_t thread = 0; /* whose entry that is: most often one has many events in a row */
    processes->call++;
    processes->now_ns = host_now_ns();
    for (size_t i = 0; i < count; i++) {
        struct event *event = &events[i];
        if (event->thread_id == 0 || event->process_id != 0 ||
            event->schema->origin == SCHEMA_FILE) {
            continue;
        }
        if (event->thread_id != thread) {
            thread = event->thread_id;
            entry = look_up(processes, thread);
        }
        if (entry != NULL && entry->process != 0) {
            event->process_id = entry->process;
            event->process_name = entry->name;
        }
        const struct change *change = change_of(processes, event->schema);
        if (change != NULL) {
            follow(processes, event, change);
            thread = 0; /* it may be the one that changed */
        }
    }
}
