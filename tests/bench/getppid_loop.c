/* SPDX-License-Identifier: MIT */
/*
 * Usage: getppid_loop SECONDS
 * Calls getppid() flat out on CPU 0, the load of trace_cmd.sh; prints how many calls, the
 * seconds they took, and the processor time that all of this program took.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 256 /* between looks at the clock */ };

static double seconds(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
    const double span = count == 2 ? strtod(arguments[1], NULL) : 1;
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    (void)sched_setaffinity(0, sizeof first, &first);
    const double start = seconds(CLOCK_MONOTONIC);
    unsigned long calls = 0;
    do {
        for (int i = 0; i < CALLS; i++) {
            (void)syscall(SYS_getppid);
        }
        calls += CALLS;
    } while (seconds(CLOCK_MONOTONIC) - start < span);
    (void)printf("%lu %.6f %.6f\n", calls, seconds(CLOCK_MONOTONIC) - start,
                 seconds(CLOCK_PROCESS_CPUTIME_ID));
    return 0;
}
