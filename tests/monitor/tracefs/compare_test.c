/* SPDX-License-Identifier: MIT */
/*
 * Compares our decoding with the kernel's own. All events are switched on in an
 * instance of this test's own, for this process only; then the kernel's `trace`
 * text and the raw ring buffer of the same records are read and compared, record
 * by record: time, CPU, thread, name, and the text that the event's print fmt
 * gives with our values.
 *
 * Arguments that cannot be made from our values (%pI4, functions of the kernel's,
 * enums left unresolved) are listed in a file, the first argument of this program:
 * "SYSTEM:EVENT NUMBER". The list may only shrink: what is not compared and not
 * listed is a failure. With a second argument, "update", what is new is added, as
 * is due for a kernel that brings new events.
 */
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/load.h"
#include "monitor/tracefs/format.h"
#include "monitor/tracefs/merge.h"
#include "tests/monitor/tracefs/instance.h"
#include "tests/monitor/tracefs/print_text.h"
#include "tests/monitor/tracefs/provoke.h"

enum { CPUS = 256, MAXIMUM_SKIPS = 4096, SHOWN_FAILURES = 20, SKIP_SIZE = 128 };

struct comparison {
    struct instance instance;
    struct arena *formats_arena;
    struct arena *arena;
    const struct format *formats[FORMAT_IDS];
    struct merge *merge;
    char *blocks[CPUS];
    char *lines; /* the kernel's text */
    char *at;    /* in it */
    bool seen[FORMAT_IDS];
    char skips[MAXIMUM_SKIPS][SKIP_SIZE];
    size_t skip_count;
    size_t compared;
    size_t kinds;
    size_t failures;
};

static bool load_format(struct comparison *all, const char *path)
{
    size_t size = 0;
    char system[128] = "";
    const char *start = path + strlen(all->instance.path) + strlen("/events/");
    const size_t length = strcspn(start, "/");
    const struct format *format = NULL;
    char *text = instance_read(&all->instance, path + strlen(all->instance.path) + 1, &size);
    if (text == NULL || length >= sizeof system) {
        free(text);
        return false;
    }
    memcpy(system, start, length);
    const enum etwas_status status = format_parse(system, text, size, all->formats_arena, &format);
    free(text);
    if (status != ETWAS_OK || format->print == NULL) {
        (void)fprintf(stderr, "%s does not parse: %d\n", path, (int)status);
        return false;
    }
    all->formats[format->id] = format;
    return true;
}

static bool load_formats(struct comparison *all)
{
    char pattern[INSTANCE_PATH + 32];
    glob_t found;
    bool loaded = true;
    (void)snprintf(pattern, sizeof pattern, "%s/events/*/*/format", all->instance.path);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        loaded = load_format(all, found.gl_pathv[i]) && loaded;
    }
    (void)printf("%zu formats parse\n", found.gl_pathc);
    globfree(&found);
    return loaded;
}

/* Records what provoke_events() causes, in this process and its children. */
static bool record(struct comparison *all)
{
    /* Events that are emitted where tracing them is known to disturb: left out. */
    static const char *const LEFT_OUT[] = {"events/msr/enable", "events/lock/enable",
                                           "events/preemptirq/enable", "events/xen/enable"};
    char pid[32];
    char folder[] = "/tmp/etwas_compare_XXXXXX";
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (mkdtemp(folder) == NULL || !instance_write(&all->instance, "tracing_on", "0") ||
        !instance_write(&all->instance, "trace_clock", "mono") ||
        !instance_write(&all->instance, "buffer_size_kb", "8192") ||
        !instance_write(&all->instance, "set_event_pid", pid) ||
        !instance_write(&all->instance, "options/event-fork", "1") ||
        !instance_write(&all->instance, "options/hash-ptr", "0")) {
        return false;
    }
    /* Refused for the few events that need more than root; the others go on. */
    (void)instance_write(&all->instance, "events/enable", "1");
    for (size_t i = 0; i < sizeof LEFT_OUT / sizeof LEFT_OUT[0]; i++) {
        (void)instance_write(&all->instance, LEFT_OUT[i], "0");
    }
    const bool on = instance_write(&all->instance, "tracing_on", "1");
    provoke_events(folder);
    (void)instance_write(&all->instance, "tracing_on", "0");
    (void)instance_write(&all->instance, "events/enable", "0");
    return rmdir(folder) == 0 && on;
}

/* Cuts whole sub-buffers to what they hold, as blocks of records are. */
static size_t trim(char *data, size_t size, size_t page_size)
{
    size_t kept = 0;
    for (size_t at = 0; size - at >= page_size; at += page_size) {
        const uint64_t commit = load_u64((const uint8_t *)data + at + 8);
        const size_t length = 16 + (commit & 0x3fffffff) + ((commit >> 30 & 1) != 0 ? 8 : 0);
        memmove(data + kept, data + at, length);
        kept = (kept + length + 7) & ~(size_t)7;
    }
    return kept;
}

static bool load_records(struct comparison *all)
{
    const long cpus = sysconf(_SC_NPROCESSORS_CONF);
    for (uint32_t cpu = 0; cpu < (uint32_t)cpus && cpu < CPUS; cpu++) {
        char file[64];
        size_t size = 0;
        (void)snprintf(file, sizeof file, "per_cpu/cpu%u/trace_pipe_raw", cpu);
        all->blocks[cpu] = instance_read(&all->instance, file, &size);
        if (all->blocks[cpu] == NULL ||
            merge_push(all->merge, cpu, all->blocks[cpu], trim(all->blocks[cpu], size, 4096),
                       NULL) != ETWAS_OK) {
            return false;
        }
    }
    return true;
}

/* What stands before the event's own text in a line of `trace`. */
struct line {
    char *text;
    unsigned long pid;
    unsigned long cpu;
    uint64_t time_us;
};

/* "            name-123     [001] d..2.  5234.123456: text"; false: a continued text. */
static bool line_parse(char *start, struct line *line)
{
    const size_t size = strcspn(start, "\n");
    char *bracket = memmem(start, size, " [", 2);
    if (*start == '#' || bracket == NULL || memmem(start, size, ": ", 2) == NULL) {
        return false;
    }
    char *dash = bracket;
    while (dash > start && *dash == ' ') {
        dash--;
    }
    while (dash > start && *dash != '-') {
        dash--;
    }
    char *end = NULL;
    line->pid = strtoul(dash + 1, NULL, 10);
    line->cpu = strtoul(bracket + 2, &end, 10);
    if (*end != ']') {
        return false;
    }
    end += 1 + strspn(end + 1, " ");
    end += strcspn(end, " "); /* irqs, need-resched ... */
    const uint64_t seconds = strtoull(end, &end, 10);
    if (*end != '.') {
        return false;
    }
    line->time_us = seconds * 1000000 + strtoull(end + 1, &end, 10);
    line->text = end + strlen(": ");
    return *end == ':';
}

/* Ends the text of the current record, and steps to the next line that starts one. */
static bool next_line(struct comparison *all, struct line *line)
{
    struct line ahead;
    while (all->at != NULL && !line_parse(all->at, line)) {
        char *newline = strchr(all->at, '\n');
        all->at = newline == NULL ? NULL : newline + 1;
    }
    if (all->at == NULL) {
        return false;
    }
    char *newline = strchr(line->text, '\n');
    while (newline != NULL && newline[1] != 0 && !line_parse(newline + 1, &ahead) &&
           strncmp(newline + 1, "CPU:", 4) != 0) {
        newline = strchr(newline + 1, '\n');
    }
    all->at = newline == NULL ? NULL : newline + 1;
    if (newline != NULL) {
        *newline = 0;
    }
    return true;
}

static void note_skip(struct comparison *all, const struct format *format, size_t argument)
{
    /* System calls are printed by a function of their own. */
    if (strcmp(format->schema.provider, "syscalls") == 0) {
        return;
    }
    char text[SKIP_SIZE];
    (void)snprintf(text, sizeof text, "%s:%s %zu", format->schema.provider,
                   format->schema.event_name, argument);
    for (size_t i = 0; i < all->skip_count; i++) {
        if (strcmp(all->skips[i], text) == 0) {
            return;
        }
    }
    if (all->skip_count < MAXIMUM_SKIPS) {
        memcpy(all->skips[all->skip_count++], text, sizeof text);
    }
}

static void note_skips(struct comparison *all, const struct format *format,
                       const bool skipped[PRINT_ARGUMENTS])
{
    for (size_t i = 0; i < PRINT_ARGUMENTS; i++) {
        if (skipped[i]) {
            note_skip(all, format, i);
        }
    }
}

static bool texts_match(const struct format *format, const struct event *event, struct arena *arena,
                        struct print_text *text, const char *line)
{
    if (strcmp(format->schema.provider, "syscalls") == 0) {
        print_text_syscall(format, event, text);
        return print_text_matches(text->text, line);
    }
    const size_t size = strlen(format->schema.event_name);
    print_text_make(format, event, arena, text);
    return strncmp(line, format->schema.event_name, size) == 0 && line[size] == ':' &&
           line[size + 1] == ' ' && print_text_matches(text->text, line + size + 2);
}

static void compare_one(struct comparison *all, const struct record *record, uint32_t cpu,
                        const struct line *line)
{
    static struct print_text text;
    const uint16_t id = record->size < 2 ? 0 : load_u16(record->data);
    const struct format *format = all->formats[id];
    struct event event = {0};
    bool equal = false;
    if (format != NULL) {
        format_event(format, record->data, record->size, &event);
        equal = texts_match(format, &event, all->arena, &text, line->text) &&
                event.thread_id == line->pid && cpu == line->cpu &&
                (record->time_ns + 500) / 1000 == line->time_us;
        note_skips(all, format, text.skipped);
    }
    all->compared++;
    all->kinds += !all->seen[id];
    all->seen[id] = true;
    if (!equal && all->failures++ < SHOWN_FAILURES) {
        (void)fprintf(stderr,
                      "kernel: [%lu] %lu %" PRIu64 " %s\nours:   [%u] %u %" PRIu64 " %s %s\n",
                      line->cpu, line->pid, line->time_us, line->text, cpu, event.thread_id,
                      (record->time_ns + 500) / 1000,
                      format == NULL ? "?" : format->schema.event_name, text.text);
    }
    arena_reset(all->arena);
}

static bool compare_all(struct comparison *all)
{
    struct record record;
    struct line line;
    uint32_t cpu = 0;
    bool more = next_line(all, &line);
    while (merge_next(all->merge, UINT64_MAX, &record, &cpu)) {
        if (!more) {
            (void)fprintf(stderr, "more records than lines\n");
            return false;
        }
        compare_one(all, &record, cpu, &line);
        more = next_line(all, &line);
    }
    if (more || merge_counts(all->merge)->malformed != 0) {
        (void)fprintf(stderr, more ? "more lines than records\n" : "malformed pages\n");
        return false;
    }
    (void)printf("%zu records of %zu kinds compared, %zu differ\n", all->compared, all->kinds,
                 all->failures);
    return all->failures == 0 && all->compared != 0;
}

static bool is_listed(const char *list, const char *skip)
{
    const size_t size = strlen(skip);
    for (const char *at = strstr(list, skip); at != NULL; at = strstr(at + 1, skip)) {
        if ((at == list || at[-1] == '\n') && at[size] == '\n') {
            return true;
        }
    }
    return false;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Fails for what is not compared and not listed; "update" lists it. */
static bool check_skips(struct comparison *all, const char *path, bool update)
{
    static char list[MAXIMUM_SKIPS * SKIP_SIZE];
    size_t size = 0;
    bool listed = true;
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        size = fread(list, 1, sizeof list - 1, file);
        (void)fclose(file);
    }
    list[size] = 0;
    qsort(all->skips, all->skip_count, sizeof all->skips[0], by_text);
    file = update ? fopen(path, "a") : NULL;
    for (size_t i = 0; i < all->skip_count; i++) {
        if (is_listed(list, all->skips[i])) {
            continue;
        }
        if (file != NULL) {
            (void)fprintf(file, "%s\n", all->skips[i]);
        } else {
            (void)fprintf(stderr, "not compared and not listed: %s\n", all->skips[i]);
            listed = false;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    (void)printf("%zu arguments were not compared\n", all->skip_count);
    return listed;
}

/* What no record of this kernel's events could be compared by. */
static void note_static_skips(struct comparison *all)
{
    for (size_t id = 0; id < FORMAT_IDS; id++) {
        bool skipped[PRINT_ARGUMENTS] = {0};
        if (all->formats[id] == NULL || strcmp(all->formats[id]->schema.provider, "ftrace") == 0) {
            continue; /* those of ftrace cannot be switched on */
        }
        print_text_skips(all->formats[id], skipped);
        note_skips(all, all->formats[id], skipped);
    }
}

static bool run(struct comparison *all, const char *path, bool update)
{
    size_t size = 0;
    all->formats_arena = arena_open(256 << 20);
    all->arena = arena_open(1 << 20);
    all->merge = merge_open();
    if (all->formats_arena == NULL || all->arena == NULL || all->merge == NULL ||
        !load_formats(all) || !record(all)) {
        return false;
    }
    all->lines = instance_read(&all->instance, "trace", &size);
    all->at = all->lines;
    note_static_skips(all);
    return all->lines != NULL && load_records(all) && compare_all(all) &&
           check_skips(all, path, update);
}

int main(int count, char **arguments)
{
    static struct comparison all;
    if (count < 2) {
        (void)fprintf(stderr, "usage: %s LIST [update]\n", arguments[0]);
        return 1;
    }
    if (!instance_open(&all.instance, "etwas_test_compare")) {
        (void)fprintf(stderr, "skipped: needs root and tracefs\n");
        return INSTANCE_SKIPPED;
    }
    const bool good = run(&all, arguments[1], count > 2);
    instance_close(&all.instance);
    for (size_t i = 0; i < CPUS; i++) {
        free(all.blocks[i]);
    }
    free(all.lines);
    merge_close(all.merge);
    arena_close(all.arena);
    arena_close(all.formats_arena);
    return good ? 0 : 1;
}
