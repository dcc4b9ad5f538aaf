/* SPDX-License-Identifier: MIT */
#include "tests/system/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64];
static pid_t controller;

static const char *const owners[] = {"etwas_61001", "etwas_61002", ("etwas_0_" HARNESS_ROOT_NAME)};
enum { OWNERS = 3, USERS = 2 };

bool harness_is_able(void)
{
    if (geteuid() != 0) {
        printf("skipped: needs root\n");
        return false;
    }
    if (access(HARNESS_TRACEFS "/instances", W_OK) != 0) {
        printf("skipped: no tracefs at " HARNESS_TRACEFS "\n");
        return false;
    }
    return true;
}

void harness_sleep_ms(int milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    (void)nanosleep(&time, NULL);
}

int64_t harness_now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void harness_insist(int64_t limit_ms, const char *what)
{
    if (harness_now_ms() > limit_ms) {
        fail_msg("too late: %s; there is: %s", what, harness_traces());
    }
}

const char *harness_path(const char *name)
{
    static char paths[32][400];
    static unsigned turn;
    char path[sizeof paths[0]];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (strcmp(paths[i], path) == 0) {
            return paths[i];
        }
    }
    char *taken = paths[turn++ % (sizeof paths / sizeof paths[0])];
    memcpy(taken, path, sizeof path);
    return taken;
}

bool harness_read(const char *path, char *text, size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && used < size - 1) {
        got = read(fd, text + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    text[used] = '\0';
    if (fd >= 0) {
        (void)close(fd);
    }
    return got >= 0;
}

static void write_text(const char *path, const char *text, int flags)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
    (void)!write(fd, text, strlen(text));
    (void)close(fd);
}

void harness_policy(const char *text)
{
    const char *path = harness_path("policy");
    (void)unlink(path);
    write_text(path, text, O_CREAT | O_TRUNC);
}

enum { TRACES_SIZE = 16384 };

/* Does a name begin as those of our users do? */
static bool is_ours(const char *name, size_t count)
{
    bool ours = false;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(owners[i]);
        ours = ours || (strncmp(name, owners[i], length) == 0 &&
                        (i >= USERS || name[length] == '_' || name[length] == '/'));
    }
    return ours;
}

/* Appends "NAME: events" for each instance of ours. */
static void list_instances(char *text, size_t size)
{
    DIR *directory = opendir(HARNESS_TRACEFS "/instances");
    assert_non_null(directory);
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        char path[400];
        char events[2048];
        const size_t used = strlen(text);
        if (!is_ours(entry->d_name, OWNERS)) {
            continue;
        }
        (void)snprintf(path, sizeof path, HARNESS_TRACEFS "/instances/%s/set_event", entry->d_name);
        (void)harness_read(path, events, sizeof events);
        (void)snprintf(text + used, size - used, "%s: %s\n", entry->d_name, events);
    }
    (void)closedir(directory);
}

/* Calls `visit` with each line of our probes. */
static void each_probe(void (*visit)(void *context, char *line), void *context)
{
    static char list[64 * 1024];
    char *rest = list;
    char *line = NULL;
    (void)harness_read(HARNESS_TRACEFS "/uprobe_events", list, sizeof list);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "p:", 2) == 0 && is_ours(line + 2, USERS)) {
            visit(context, line);
        }
    }
}

static void append_line(void *context, char *line)
{
    char *text = context;
    const size_t used = strlen(text);
    (void)snprintf(text + used, TRACES_SIZE - used, "%s\n", line);
}

const char *harness_traces(void)
{
    static char text[TRACES_SIZE];
    text[0] = '\0';
    list_instances(text, sizeof text);
    each_probe(append_line, text);
    return text;
}

void harness_await_traces(const char *text)
{
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    while (strstr(harness_traces(), text) == NULL) {
        harness_insist(limit_ms, text);
        harness_sleep_ms(5);
    }
}

void harness_await_no_traces(void)
{
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    while (harness_traces()[0] != '\0') {
        harness_insist(limit_ms, "all to be removed");
        harness_sleep_ms(5);
    }
}

static void remove_probe(void *context, char *line)
{
    (void)context;
    line[0] = '-';
    line[strcspn(line, " ")] = '\0';
    write_text(HARNESS_TRACEFS "/uprobe_events", line, O_APPEND);
}

static void clear_traces(void)
{
    static char text[TRACES_SIZE];
    char *rest = text;
    char *line = NULL;
    list_instances(text, sizeof text);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char path[400];
        (void)snprintf(path, sizeof path, HARNESS_TRACEFS "/instances/%.*s",
                       (int)strcspn(line, ":"), line);
        if (strncmp(line, "etwas_", 6) == 0) {
            (void)rmdir(path);
        }
    }
    text[0] = '\0';
    each_probe(remove_probe, NULL);
}

int harness_begin(void **state)
{
    (void)state;
    memcpy(folder, "/tmp/etwas-system.XXXXXX", sizeof "/tmp/etwas-system.XXXXXX");
    clear_traces(); /* a test that was killed could not */
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0 || harness_traces()[0] != '\0') {
        print_error("no clean state: %s\n", harness_traces());
        return -1;
    }
    return 0;
}

static void clear_folder(void)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry = NULL;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        (void)unlink(harness_path(entry->d_name));
        (void)rmdir(harness_path(entry->d_name));
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    (void)rmdir(folder);
}

/* Waits for the controller; its wait status, or -1 when it does not end. */
static int await_end(int limit_ms)
{
    int status = -1;
    for (int i = 0; i < limit_ms / 5; i++) {
        if (waitpid(controller, &status, WNOHANG) == controller) {
            controller = 0;
            return status;
        }
        harness_sleep_ms(5);
    }
    return -1;
}

int harness_end(void **state)
{
    char log[4096];
    const bool alive = controller > 0;
    if (alive && (kill(controller, SIGTERM) != 0 || await_end(2 * HARNESS_PATIENCE_MS) != 0)) {
        print_error("the controller did not end as told\n");
        harness_kill();
    }
    const bool clean = harness_traces()[0] == '\0';
    if (!clean) {
        print_error("left behind: %s", harness_traces());
        (void)harness_read(harness_path("log"), log, sizeof log);
        print_error("%s", log);
    }
    clear_traces();
    clear_folder();
    (void)state;
    return clean ? 0 : -1;
}

static void become_controller(void)
{
    const int log = open(harness_path("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(log, 2);
    /* The leak checker traces its own process, which the sandbox forbids. */
    (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    (void)unsetenv("LISTEN_PID");
    (void)execl(ETWAS_CONTROLLER, ETWAS_CONTROLLER, "--socket", harness_path("socket"), "--policy",
                harness_path("policy"), "--group", "nogroup", (char *)NULL);
    _exit(127);
}

void harness_spawn(void)
{
    assert_int_equal(controller, 0);
    controller = fork();
    assert_true(controller >= 0);
    if (controller == 0) {
        become_controller();
    }
}

void harness_start(const char *policy)
{
    if (policy != NULL) {
        harness_policy(policy);
    }
    const int before = harness_logged("ready: ", NULL);
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    bool alive = true;
    harness_spawn();
    while (alive && harness_logged("ready: ", NULL) == before) {
        harness_sleep_ms(2);
        harness_insist(limit_ms, "a controller that is ready");
        alive = waitpid(controller, NULL, WNOHANG) == 0;
    }
    if (!alive) {
        char log[2048];
        controller = 0;
        (void)harness_read(harness_path("log"), log, sizeof log);
        fail_msg("the controller does not start: %s", log);
    }
}

int harness_run(void)
{
    harness_spawn();
    const int status = await_end(HARNESS_PATIENCE_MS);
    if (status == -1) {
        harness_kill();
        fail_msg("the controller goes on");
    }
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void harness_stop(void)
{
    assert_int_equal(kill(controller, SIGTERM), 0);
    assert_int_equal(await_end(HARNESS_PATIENCE_MS), 0);
}

void harness_kill(void)
{
    (void)kill(controller, SIGKILL);
    (void)await_end(HARNESS_PATIENCE_MS);
    controller = 0;
}

pid_t harness_pid(void)
{
    return controller;
}

int harness_logged(const char *first, ...)
{
    static char log[2 * 1024 * 1024];
    int count = 0;
    char *rest = log;
    char *line = NULL;
    (void)harness_read(harness_path("log"), log, sizeof log);
    while ((line = strsep(&rest, "\n")) != NULL) {
        va_list texts;
        bool all = true;
        va_start(texts, first);
        for (const char *text = first; text != NULL; text = va_arg(texts, const char *)) {
            all = all && strstr(line, text) != NULL;
        }
        va_end(texts);
        count += all;
    }
    return count;
}

void harness_await_log(const char *text)
{
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    while (harness_logged(text, NULL) == 0) {
        harness_insist(limit_ms, text);
        harness_sleep_ms(5);
    }
}

long harness_status(const char *field)
{
    char path[64];
    char text[4096];
    (void)snprintf(path, sizeof path, "/proc/%d/status", controller);
    assert_true(harness_read(path, text, sizeof text));
    const char *found = strstr(text, field);
    assert_non_null(found);
    return strtol(found + strlen(field), NULL, 10);
}

int harness_descriptors(void)
{
    char path[64];
    int count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", controller);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

int harness_execute(uint32_t uid, const char *const arguments[], char *output, size_t size)
{
    /* execv() takes them without const and leaves them alone. */
    union {
        const char *const *given;
        char *const *taken;
    } words = {.given = arguments};
    int ends[2];
    int status = -1;
    size_t used = 0;
    ssize_t got = 1;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
        const gid_t group = 65534;
        if (setgroups(1, &group) == 0 && setgid(uid == 0 ? 0 : group) == 0 && setuid(uid) == 0) {
            (void)dup2(ends[1], 1);
            (void)dup2(ends[1], 2);
            (void)execv(arguments[0], words.taken);
        }
        _exit(127);
    }
    (void)close(ends[1]);
    while (got > 0 && used < size - 1) {
        got = read(ends[0], output + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    output[used] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void harness_copy(const char *program, const char *path, mode_t mode)
{
    char output[256];
    const char *const arguments[] = {"/bin/cp", program, path, NULL};
    assert_int_equal(harness_execute(0, arguments, output, sizeof output), 0);
    assert_int_equal(chmod(path, mode), 0);
}
