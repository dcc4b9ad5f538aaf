/* SPDX-License-Identifier: MIT */
#include "monitor/local/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor/local/moment.h"

enum {
    BATCH = 256,    /* events handed over at once */
    REAP_MS = 1000, /* how long a command may live after its output ended */
    REAP_LOOK_MS = 10,
    ENDING_SIZE = 160,
};

enum lines_state {
    LINES_READING,
    LINES_REAPING, /* all was read; the command has not ended yet */
    LINES_ENDED,
};

struct lines {
    struct source source;
    enum lines_state state;
    int fd;
    bool owns_fd;
    pid_t child;        /* -1: none, or its status is known */
    int64_t reap_until; /* moment_steady_ms(): then it is not waited for any more */
    int64_t look_at;    /* moment_steady_ms(): when to look whether it has ended */
    bool finishing;
    size_t left; /* bytes still wanted once finishing */
    uint64_t delivered;
    char ending[ENDING_SIZE];
    struct line_buffer buffer;
    struct event events[BATCH];
};

static struct lines *lines_of(struct source *source)
{
    return (struct lines *)(void *)source;
}

static const struct lines *lines_view(const struct source *source)
{
    return (const struct lines *)(const void *)source;
}

static int lines_descriptor(const struct source *source)
{
    const struct lines *lines = lines_view(source);
    return lines->state == LINES_READING && !lines->finishing ? lines->fd : -1;
}

static int lines_timeout_ms(const struct source *source)
{
    const struct lines *lines = lines_view(source);
    if (lines->state == LINES_REAPING && !lines->finishing) {
        const int64_t left = lines->look_at - moment_steady_ms();
        return left > 0 ? (int)left : 0;
    }
    return lines->state == LINES_ENDED || lines->finishing ? 0 : -1;
}

static enum etwas_status hand_over(struct lines *lines, struct event_handler *handler, bool last)
{
    for (;;) {
        const int64_t now = moment_event_time();
        const char *line = NULL;
        size_t size = 0;
        size_t count = 0;
        while (count < BATCH && line_buffer_take(&lines->buffer, last, &line, &size)) {
            line_event(&lines->events[count++], line, size, now);
        }
        if (count == 0) {
            return ETWAS_OK;
        }
        lines->delivered += count;
        const enum etwas_status status = handler->handle(handler, lines->events, count);
        if (status != ETWAS_OK) {
            return status;
        }
    }
}

/* AGAIN: nothing is there; CLOSED: nothing will come. */
static enum etwas_status read_some(struct lines *lines)
{
    struct line_buffer *buffer = &lines->buffer;
    line_buffer_compact(buffer);
    size_t room = sizeof buffer->data - buffer->size;
    if (lines->finishing && lines->left < room) {
        room = lines->left;
    }
    if (room == 0) {
        return ETWAS_CLOSED; /* only when finishing: else whole lines were taken before */
    }
    struct pollfd waiting = {.fd = lines->fd, .events = POLLIN};
    if (poll(&waiting, 1, 0) <= 0) {
        return lines->finishing ? ETWAS_CLOSED : ETWAS_AGAIN;
    }
    const ssize_t got = read(lines->fd, buffer->data + buffer->size, room);
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN ? ETWAS_AGAIN : ETWAS_SYSTEM;
    }
    buffer->size += (size_t)got;
    lines->left -= lines->finishing ? (size_t)got : 0;
    return got == 0 ? ETWAS_CLOSED : ETWAS_OK;
}

ETWAS_PRINTF(2, 3)
static void say(struct lines *lines, const char *format, ...)
{
    const size_t size = strlen(lines->ending);
    if (size > 0 && size + 2 < sizeof lines->ending) {
        memcpy(lines->ending + size, "; ", 3);
    }
    const size_t start = strlen(lines->ending);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(lines->ending + start, sizeof lines->ending - start, format, arguments);
    va_end(arguments);
}

/* True once the command has ended, or there is none. */
static bool reaped(struct lines *lines)
{
    int status = 0;
    if (lines->child < 0) {
        return true;
    }
    if (waitpid(lines->child, &status, WNOHANG) == 0) {
        return false;
    }
    lines->child = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        say(lines, "the command ended with status %d", WEXITSTATUS(status));
    } else if (WIFSIGNALED(status)) {
        say(lines, "the command was ended by signal %d", WTERMSIG(status));
    }
    return true;
}

static void end_reading(struct lines *lines)
{
    if (lines->buffer.split > 0) {
        say(lines, "%llu lines were longer than %d bytes and came in parts",
            (unsigned long long)lines->buffer.split, LINES_MAX_LINE);
    }
    lines->state = LINES_REAPING;
    lines->reap_until = moment_steady_ms() + REAP_MS;
}

static enum etwas_status reap(struct lines *lines)
{
    if (!reaped(lines) && !lines->finishing && moment_steady_ms() < lines->reap_until) {
        lines->look_at = moment_steady_ms() + REAP_LOOK_MS;
        return ETWAS_OK;
    }
    lines->state = LINES_ENDED;
    return ETWAS_CLOSED;
}

static enum etwas_status lines_pump(struct source *source, struct event_handler *handler,
                                    struct etwas_error *error)
{
    struct lines *lines = lines_of(source);
    if (lines->state != LINES_READING) {
        return lines->state == LINES_ENDED ? ETWAS_CLOSED : reap(lines);
    }
    enum etwas_status status = hand_over(lines, handler, false);
    if (status != ETWAS_OK) {
        return status;
    }
    const enum etwas_status got = read_some(lines);
    if (got == ETWAS_SYSTEM) {
        *error = (struct etwas_error){ETWAS_SYSTEM, (uint32_t)errno, "reading lines"};
        return ETWAS_SYSTEM;
    }
    status = hand_over(lines, handler, got == ETWAS_CLOSED);
    if (status != ETWAS_OK || got != ETWAS_CLOSED) {
        return status;
    }
    end_reading(lines);
    return reap(lines);
}

static void lines_finish(struct source *source)
{
    struct lines *lines = lines_of(source);
    if (lines->finishing) {
        return;
    }
    /* A file has no "until now": its FIONREAD is all that is left of it. */
    int waiting = 0;
    struct pollfd ready = {.fd = lines->fd, .events = POLLIN};
    if (lseek(lines->fd, 0, SEEK_CUR) < 0 && poll(&ready, 1, 0) > 0 &&
        ioctl(lines->fd, FIONREAD, &waiting) != 0) {
        waiting = 0;
    }
    lines->finishing = true;
    lines->left = waiting > 0 ? (size_t)waiting : 0;
}

static void lines_accounts(const struct source *source, struct source_accounts *accounts)
{
    const struct lines *lines = lines_view(source);
    *accounts =
        (struct source_accounts){.produced = lines->delivered, .delivered = lines->delivered};
}

static const char *lines_ending(const struct source *source)
{
    const struct lines *lines = lines_view(source);
    return lines->ending[0] == 0 ? NULL : lines->ending;
}

/* Ends a command that does not end by itself now that nobody reads it. */
static void end_command(struct lines *lines)
{
    const struct timespec pause = {.tv_nsec = (long)REAP_LOOK_MS * 1000000};
    if (reaped(lines)) {
        return;
    }
    (void)kill(lines->child, SIGTERM);
    for (int waited = 0; waited < REAP_MS && !reaped(lines); waited += REAP_LOOK_MS) {
        (void)nanosleep(&pause, NULL);
    }
    if (lines->child >= 0) {
        (void)kill(lines->child, SIGKILL);
        (void)waitpid(lines->child, NULL, 0);
    }
}

static void lines_close(struct source *source)
{
    struct lines *lines = lines_of(source);
    if (lines->owns_fd) {
        (void)close(lines->fd);
    }
    end_command(lines);
    free(lines);
}

static const struct source_ops ops = {
    .descriptor = lines_descriptor,
    .timeout_ms = lines_timeout_ms,
    .pump = lines_pump,
    .finish = lines_finish,
    .accounts = lines_accounts,
    .ending = lines_ending,
    .close = lines_close,
};

/* The command's signals are as if it had been started by a shell, whatever ours are. */
static int spawn(char *const *command, int output, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaddset(&usual, signals[i]);
    }
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) {
        return result;
    }
    result = posix_spawnattr_init(&attributes);
    if (result != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return result;
    }
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &usual);
    result = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (result == 0) {
        result = posix_spawnp(child, command[0], &actions, &attributes, command, environ);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

static enum etwas_status fail(struct etwas_error *error, int code, const char *doing)
{
    enum etwas_status status = code == ENOENT ? ETWAS_NOT_FOUND : ETWAS_SYSTEM;
    status = code == EACCES ? ETWAS_DENIED : status;
    *error = (struct etwas_error){status, (uint32_t)code, doing};
    return status;
}

static enum etwas_status start_command(struct lines *lines, char *const *command,
                                       struct etwas_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fail(error, errno, "making a pipe for the command");
    }
    lines->fd = ends[0];
    lines->owns_fd = true;
    pid_t child = -1;
    const int result = spawn(command, ends[1], &child);
    (void)close(ends[1]);
    if (result != 0) {
        return fail(error, result, "starting the command");
    }
    lines->child = child;
    return ETWAS_OK;
}

enum etwas_status lines_open(char *const *command, struct source **source,
                             struct etwas_error *error)
{
    *source = NULL;
    struct lines *lines = calloc(1, sizeof *lines);
    if (lines == NULL) {
        return fail(error, ENOMEM, "reading lines");
    }
    lines->source.ops = &ops;
    lines->fd = STDIN_FILENO;
    lines->child = -1;
    const enum etwas_status status =
        command == NULL ? ETWAS_OK : start_command(lines, command, error);
    if (status != ETWAS_OK) {
        lines_close(&lines->source);
        return status;
    }
    *source = &lines->source;
    return ETWAS_OK;
}
