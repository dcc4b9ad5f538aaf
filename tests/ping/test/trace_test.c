/* SPDX-License-Identifier: MIT */

/*
 * Listens to the built etwas-ping through the kernel, by hand: the probe becomes
 * a uprobe event in a group and a tracing instance named after this process. The
 * program is a copy, because a probe is heard from everyone who runs the file.
 * All is removed at the end, on a signal, and, when neither happened, by the next
 * run. Without root or tracefs the test is skipped.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/usdt/note.h"
#include "tests/check.h"

#define TRACEFS "/sys/kernel/tracing"
#define PREFIX  "ping_test_"

enum {
    SKIPPED = 77,
    MAX_FILE = 64 << 20, /* bytes */
    MAX_FILES = 64,      /* descriptors */
    MAX_OUTPUT = 256,
    MAX_THREADS = 8,
    MAX_WORDS = 15,
    PATIENCE_S = 50,
};

static const char probes[] = TRACEFS "/uprobe_events";

/* Made before anything else, because a signal handler reads them. */
static struct names {
    char instance[128];
    char enable[192];
    char trace[160];
    char remove[64];
    char program[512];
} ours;

static void name_all(struct names *names, long pid)
{
    (void)snprintf(names->instance, sizeof names->instance, TRACEFS "/instances/" PREFIX "%ld",
                   pid);
    (void)snprintf(names->enable, sizeof names->enable, "%s/events/" PREFIX "%ld/enable",
                   names->instance, pid);
    (void)snprintf(names->trace, sizeof names->trace, "%s/trace", names->instance);
    (void)snprintf(names->program, sizeof names->program, PING "-test-%ld", pid);
    (void)snprintf(names->remove, sizeof names->remove, "-:" PREFIX "%ld/ping\n", pid);
}

/* Safe in a signal handler. Appends: opening uprobe_events to overwrite would
 * remove the probes of others. */
static bool write_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    bool good = write(file, text, strlen(text)) == (ssize_t)strlen(text);
    (void)close(file);
    return good;
}

static void clean_up(const struct names *names)
{
    (void)write_text(names->enable, "0");
    (void)rmdir(names->instance);
    (void)write_text(probes, names->remove);
    (void)unlink(names->program);
}

/* A file of an instance that is still open keeps it from being removed: a signal
 * or a failed assertion may have come in between. */
static void close_all(void)
{
    for (int file = STDERR_FILENO + 1; file < MAX_FILES; file++) {
        (void)close(file);
    }
}

static void clean_up_and_leave(int number)
{
    (void)number;
    close_all();
    clean_up(&ours);
    _exit(1);
}

static void clean_up_after_the_dead(void)
{
    DIR *folder = opendir(TRACEFS "/instances");
    if (folder == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0) {
            continue;
        }
        long pid = strtol(entry->d_name + strlen(PREFIX), NULL, 10);
        if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
            struct names names;
            name_all(&names, pid);
            clean_up(&names);
        }
    }
    (void)closedir(folder);
}

static bool write_program(const uint8_t *data, size_t size)
{
    int file = open(ours.program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    if (file < 0) {
        return false;
    }
    bool good = write(file, data, size) == (ssize_t)size;
    return close(file) == 0 && good;
}

/* Copies the program and finds its probe. */
static bool copy_program(struct usdt_probe *probe)
{
    struct note_reader reader;
    FILE *file = fopen(PING, "rb");
    uint8_t *data = malloc(MAX_FILE);
    bool found = false;
    if (file != NULL && data != NULL) {
        size_t size = fread(data, 1, MAX_FILE, file);
        found = note_reader_init(&reader, data, size) == ETWAS_OK &&
                note_next(&reader, probe) == ETWAS_OK && write_program(data, size);
    }
    free(data);
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

static bool set_up_instance(void)
{
    char path[192];
    if (mkdir(ours.instance, 0700) != 0) {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/buffer_size_kb", ours.instance);
    bool good = write_text(path, "16384");
    (void)snprintf(path, sizeof path, "%s/trace_clock", ours.instance);
    return good && write_text(path, "mono");
}

static int listen_to_ping(void **state)
{
    (void)state;
    struct usdt_probe probe;
    char line[1024];
    bool good = copy_program(&probe);
    if (good) {
        (void)snprintf(line, sizeof line,
                       "p:" PREFIX "%ld/ping %s:0x%" PRIx64 "(0x%" PRIx64
                       ") number=%%di:u64 thread=%%si:u32 text=+0(%%dx):string\n",
                       (long)getpid(), ours.program, probe.offset, probe.semaphore);
        good = write_text(probes, line) && set_up_instance() && write_text(ours.enable, "1");
    }
    if (!good) {
        clean_up(&ours);
    }
    return good ? 0 : -1;
}

static int stop_listening(void **state)
{
    (void)state;
    close_all();
    clean_up(&ours);
    return 0;
}

static int forget_what_was_heard(void **state)
{
    (void)state;
    /* Opening it to overwrite empties the instance's buffers. */
    int file = open(ours.trace, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    return close(file);
}

/* The words between the spaces of `text`, which is cut into them. */
static void split(char *text, char *words[MAX_WORDS + 1])
{
    size_t count = 0;
    for (char *at = text; at != NULL && count < MAX_WORDS; count++) {
        words[count] = at;
        at = strchr(at, ' ');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    words[count] = NULL;
}

/* Runs ping to its end; what it said on stdout. */
static void run_ping(const char *command, char output[MAX_OUTPUT])
{
    char text[MAX_OUTPUT];
    char *argv[MAX_WORDS + 1];
    (void)snprintf(text, sizeof text, "%s", command);
    split(text, argv);
    int ends[2];
    pid_t pid;
    posix_spawn_file_actions_t actions;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, ends[0]), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, ends[1]), 0);
    int failed = posix_spawn(&pid, ours.program, &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    assert_int_equal(failed, 0);
    FILE *said = fdopen(ends[0], "r");
    assert_non_null(said);
    size_t size = fread(output, 1, MAX_OUTPUT - 1, said);
    output[size] = '\0';
    (void)fclose(said);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The number behind `name`, which has to be in the line. */
static uint64_t number_in(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

/* Calls `check` for each event heard; how many there were. */
static uint64_t for_each_event(void (*check)(const char *line, void *context), void *context)
{
    static char line[8192];
    uint64_t count = 0;
    FILE *trace = fopen(ours.trace, "r");
    assert_non_null(trace);
    while (fgets(line, sizeof line, trace) != NULL) {
        if (line[0] != '#' && strstr(line, "number=") != NULL) {
            check(line, context);
            count++;
        }
    }
    (void)fclose(trace);
    return count;
}

static void check_next_number(const char *line, void *context)
{
    uint64_t *last = context;
    assert_true(number_in(line, "number=") == *last + 1);
    assert_int_equal(number_in(line, "thread="), 0);
    (*last)++;
}

static void every_number_arrives_once_and_in_order(void **state)
{
    (void)state;
    char output[MAX_OUTPUT];
    uint64_t last = 0;
    run_ping("etwas-ping --wait 5s --rate 50000 --duration 1 --quiet", output);
    assert_string_equal(output, "sent 50000, heard 50000\n");
    assert_int_equal(for_each_event(check_next_number, &last), 50000);
}

struct tally {
    uint64_t last[MAX_THREADS];
    uint8_t seen[20001];
};

static void check_tally(const char *line, void *context)
{
    struct tally *tally = context;
    uint64_t number = number_in(line, "number=");
    uint64_t thread = number_in(line, "thread=");
    assert_in_range(number, 1, 20000);
    assert_in_range(thread, 0, 2);
    assert_int_equal(tally->seen[number], 0);
    assert_true(number > tally->last[thread]);
    tally->seen[number] = 1;
    tally->last[thread] = number;
}

static void threads_share_the_numbers_without_a_gap(void **state)
{
    (void)state;
    static struct tally tally;
    char output[MAX_OUTPUT];
    memset(&tally, 0, sizeof tally);
    run_ping("etwas-ping --rate 0 --count 20000 --threads 3 --quiet", output);
    assert_string_equal(output, "sent 20000, heard 20000\n");
    assert_int_equal(for_each_event(check_tally, &tally), 20000);
}

static void check_text(const char *line, void *context)
{
    (void)context;
    assert_non_null(strstr(line, "text=\"abcde\""));
}

static void the_text_has_the_size_asked_for(void **state)
{
    (void)state;
    char output[MAX_OUTPUT];
    run_ping("etwas-ping --rate 0 --count 3 --size 5", output);
    assert_int_equal(for_each_event(check_text, NULL), 3);
}

static void nobody_hears_what_is_sent_after_the_end(void **state)
{
    (void)state;
    char output[MAX_OUTPUT];
    assert_true(write_text(ours.enable, "0"));
    run_ping("etwas-ping --rate 0 --count 5", output);
    assert_true(write_text(ours.enable, "1"));
    assert_string_equal(output, "sent 5, heard 0\n");
}

int main(void)
{
    if (geteuid() != 0 || access(probes, W_OK) != 0) {
        (void)fprintf(stderr, "skipped: needs root and " TRACEFS " with uprobe_events\n");
        return SKIPPED;
    }
    name_all(&ours, (long)getpid());
    clean_up_after_the_dead();
    const int numbers[] = {SIGHUP, SIGINT, SIGTERM, SIGALRM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        (void)signal(numbers[i], clean_up_and_leave);
    }
    (void)alarm(PATIENCE_S);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_number_arrives_once_and_in_order, forget_what_was_heard),
        cmocka_unit_test_setup(threads_share_the_numbers_without_a_gap, forget_what_was_heard),
        cmocka_unit_test_setup(the_text_has_the_size_asked_for, forget_what_was_heard),
        cmocka_unit_test_setup(nobody_hears_what_is_sent_after_the_end, forget_what_was_heard),
    };
    return cmocka_run_group_tests(tests, listen_to_ping, stop_listening);
}
