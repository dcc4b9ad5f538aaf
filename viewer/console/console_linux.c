/* SPDX-License-Identifier: MIT */
#include "viewer/console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Written by the handler, which can be given nothing. */
static volatile sig_atomic_t asked;
static int wake[2] = {-1, -1};

bool console_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

static void on_signal(int number)
{
    const int kept = errno;
    if (asked != 0) {
        /* Whatever hangs, the second time it ends. */
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
    asked = 1;
    (void)!write(wake[1], "", 1);
    errno = kept;
}

enum etwas_status console_signals_open(void)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        return ETWAS_SYSTEM;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    struct sigaction action; /* without SA_RESTART: it must end a write() that waits */
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
        struct sigaction before;
        (void)sigaction(caught[i], NULL, &before);
        if (caught[i] != SIGHUP || before.sa_handler != SIG_IGN) { /* nohup asks for this */
            (void)sigaction(caught[i], &action, NULL);
        }
    }
    return ETWAS_OK;
}

bool console_stop_asked(void)
{
    return asked != 0;
}

int console_wake_descriptor(void)
{
    return wake[0];
}

/* Waits until there is room; false: an end was asked for, and there is none. */
static bool wait_for_room(void)
{
    struct pollfd waiting[] = {
        {.fd = STDOUT_FILENO, .events = POLLOUT},
        {.fd = wake[0],       .events = POLLIN }
    };
    return poll(waiting, 2, -1) < 0 || waiting[0].revents != 0 || asked == 0;
}

enum etwas_status console_write(const void *data, size_t size, struct etwas_error *error)
{
    const char *at = data;
    while (size != 0) {
        if (!wait_for_room()) {
            return ETWAS_CLOSED;
        }
        /* In a pipe with room this much never waits. */
        const size_t part = asked != 0 && size > PIPE_BUF ? PIPE_BUF : size;
        const ssize_t written = write(STDOUT_FILENO, at, part);
        if (written > 0) {
            at += written;
            size -= (size_t)written;
        } else if (written < 0 && errno == EPIPE) {
            return ETWAS_CLOSED;
        } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
            *error = (struct etwas_error){.status = ETWAS_SYSTEM,
                                          .os_code = (uint32_t)errno,
                                          .doing = "writing to standard output"};
            return ETWAS_SYSTEM;
        }
    }
    return ETWAS_OK;
}

void console_wait(int64_t ms)
{
    struct pollfd waiting = {.fd = wake[0], .events = POLLIN};
    (void)poll(&waiting, 1, (int)ms);
}

int64_t console_now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool console_token_path(char *path, size_t room)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int size = -1;
    if (state != NULL && state[0] == '/') {
        size = snprintf(path, room, "%s/etwas/relay/viewer-token", state);
    } else if (home != NULL && home[0] == '/') {
        size = snprintf(path, room, "%s/.local/state/etwas/relay/viewer-token", home);
    }
    /* A relay of root's has its files elsewhere (relay/options.c). */
    static const char of_root[] = "/var/lib/etwas-relay/viewer-token";
    const bool named = size > 0 && (size_t)size < room;
    if ((!named || access(path, F_OK) != 0) && access(of_root, R_OK) == 0) {
        size = snprintf(path, room, "%s", of_root);
    }
    return size > 0 && (size_t)size < room;
}
