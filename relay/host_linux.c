/* SPDX-License-Identifier: MIT */
#include "relay/host.h"

#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void host_say(const char *what, const struct etwas_error *error)
{
    if (error->os_code != 0) {
        (void)fprintf(stderr, "etwass: %s: %s: %s\n", what, error->doing,
                      strerror((int)error->os_code));
    } else {
        (void)fprintf(stderr, "etwass: %s: %s\n", what, error->doing);
    }
}

unsigned host_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    return (unsigned)CPU_COUNT(&set);
}

bool host_output_is_kept(void)
{
    return getenv("JOURNAL_STREAM") != NULL && isatty(STDOUT_FILENO) == 0;
}

bool host_is_watched(void)
{
    return isatty(STDERR_FILENO) != 0;
}

struct options_environment host_environment(void)
{
    return (struct options_environment){.port = getenv("PORT"),
                                        .state_directory = getenv("STATE_DIRECTORY"),
                                        .xdg_state_home = getenv("XDG_STATE_HOME"),
                                        .home = getenv("HOME"),
                                        .root = geteuid() == 0};
}

static struct listeners *ended_by_signals;

static void on_signal(int number)
{
    (void)number;
    listen_end(ended_by_signals);
}

void host_prepare(struct listeners *listeners)
{
    struct rlimit files;
    const struct sigaction ends = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    ended_by_signals = listeners;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigaction(SIGINT, &ends, NULL);
    (void)sigaction(SIGTERM, &ends, NULL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)umask(077);
    /* A heap for each thread would keep what each of them once needed. */
    (void)mallopt(M_ARENA_MAX, 2);
}

void host_give_back(void)
{
    (void)malloc_trim(0);
}

void host_url(const struct listeners *listeners, bool tls, char *text, size_t room)
{
    listen_url(listeners, 0, tls, text, room);
    /* "Any address" is none that can be opened. */
    const char *scheme = tls ? "https" : "http";
    const char *host = strstr(text, "://") + 3;
    if (strncmp(host, "0.0.0.0:", 8) == 0) {
        (void)snprintf(text, room, "%s://127.0.0.1:%u", scheme, listeners->port);
    } else if (strncmp(host, "[::]:", 5) == 0) {
        (void)snprintf(text, room, "%s://[::1]:%u", scheme, listeners->port);
    }
}
