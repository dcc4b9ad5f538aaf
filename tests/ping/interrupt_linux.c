/* SPDX-License-Identifier: MIT */
#include "tests/ping/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "tests/ping/clock.h"

#define SECOND UINT64_C(1000000000)

static sigset_t awaited(void)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGUSR1);
    return signals;
}

void interrupt_init(void)
{
    /* Blocked signals are kept for sigtimedwait(), even if they were ignored. */
    sigset_t signals = awaited();
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

enum interrupt interrupt_wait(uint64_t time)
{
    sigset_t signals = awaited();
    uint64_t now = clock_now();
    uint64_t left = time > now ? time - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND)};
    int number = sigtimedwait(&signals, NULL, &timeout);
    if (number == SIGUSR1) {
        return INTERRUPT_DONE;
    }
    return number > 0 ? INTERRUPT_USER : INTERRUPT_TIME;
}

void interrupt_notify(void)
{
    (void)kill(getpid(), SIGUSR1);
}
