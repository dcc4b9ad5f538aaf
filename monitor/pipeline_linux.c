/* SPDX-License-Identifier: MIT */
#include "monitor/pipeline_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "monitor/pipeline.h"

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
enum { CAUGHT = sizeof caught / sizeof caught[0] };

/* Written by the handler, which can be given nothing. */
static volatile sig_atomic_t asked;
static int wake[2] = {-1, -1}; /* the handler writes, poll() reads */
static struct sigaction before[CAUGHT];

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

enum etwas_status pipeline_signals_open(void)
{
    asked = 0;
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        return ETWAS_SYSTEM;
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    for (size_t i = 0; i < CAUGHT; i++) {
        (void)sigaction(caught[i], NULL, &before[i]);
        /* nohup asks for this. Shells do of SIGINT in scripts, but who sends it means it. */
        if (caught[i] != SIGHUP || before[i].sa_handler != SIG_IGN) {
            (void)sigaction(caught[i], &action, NULL);
        }
    }
    return ETWAS_OK;
}

void pipeline_signals_close(void)
{
    for (size_t i = 0; i < CAUGHT; i++) {
        (void)sigaction(caught[i], &before[i], NULL);
    }
    (void)close(wake[0]);
    (void)close(wake[1]);
}

bool pipeline_stop_asked(void)
{
    return asked != 0;
}

bool pipeline_wait(struct pipeline_input *inputs, size_t count, int timeout_ms)
{
    struct pollfd waiting[PIPELINE_MAX_SOURCES + 1];
    waiting[0] = (struct pollfd){.fd = wake[0], .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        waiting[i + 1] = (struct pollfd){.fd = inputs[i].descriptor, .events = POLLIN};
    }
    const int ready = poll(waiting, count + 1, timeout_ms);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        inputs[i].ready = ready > 0 && waiting[i + 1].revents != 0;
        any = any || inputs[i].ready;
    }
    if (ready > 0 && waiting[0].revents != 0) {
        char drained[16];
        (void)!read(wake[0], drained, sizeof drained);
    }
    return any;
}
