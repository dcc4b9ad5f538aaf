/* SPDX-License-Identifier: MIT */
/*
 * Usage: drain_bench [RUNS]       (root)
 * How a busy ring is best passed on: read() and send() against splice() through a pipe, to
 * a SOCK_SEQPACKET and a SOCK_STREAM socket, with sub-buffers of 64 KiB, every 10 ms. An
 * instance of its own traces raw_syscalls:sys_enter on CPU 0, where a child calls getppid()
 * flat out; another child receives. Prints the processor time an event of both sides,
 * interleaved runs, medians. The receiver looks at nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_RUNS = 31,
    PAGE = 65536,
    FULL = PAGE / 4 * 3,  /* bytes of events; less: the writer is still on it */
    SEND_BUFFER = 212992, /* net.core.wmem_max of a stock kernel */
    PIPE_SIZE = 1 << 20,
    ROUND_NS = 10000000,
    RUN_MS = 1000,
    WAYS = 4,
};

static const struct way {
    const char *name;
    int type;
    bool splices;
} ways[WAYS] = {
    {"read + send, SOCK_SEQPACKET",     SOCK_SEQPACKET, false},
    {"read + send, SOCK_STREAM",        SOCK_STREAM,    false},
    {"splice + splice, SOCK_SEQPACKET", SOCK_SEQPACKET, true },
    {"splice + splice, SOCK_STREAM",    SOCK_STREAM,    true },
};

static char instance[64];

struct drain {
    int ring;
    int socket;
    int pipe[2];
    const struct way *way;
    bool refused; /* the kernel does not do it */
    uint64_t messages;
};

static int open_knob(const char *name, int flags)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", instance, name);
    return open(path, flags | O_CLOEXEC);
}

static void set(const char *name, const char *value)
{
    const int fd = open_knob(name, O_WRONLY);
    if (fd < 0 || write(fd, value, strlen(value)) < 0) {
        (void)fprintf(stderr, "%s/%s: %s\n", instance, name, strerror(errno));
    }
    (void)close(fd);
}

/* Of CPU 0; behind "read events: ", "overrun: ". */
static uint64_t statistic(const char *what)
{
    char text[512] = "";
    const int fd = open_knob("per_cpu/cpu0/stats", O_RDONLY);
    (void)!read(fd, text, sizeof text - 1);
    (void)close(fd);
    const char *found = strstr(text, what);
    return found == NULL ? 0 : strtoull(found + strlen(what), NULL, 10);
}

static void run_on(size_t cpu)
{
    cpu_set_t set_of_one;
    CPU_ZERO(&set_of_one);
    CPU_SET(cpu, &set_of_one);
    (void)sched_setaffinity(0, sizeof set_of_one, &set_of_one);
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static pid_t start_load(void)
{
    const pid_t child = fork();
    if (child == 0) {
        run_on(0);
        for (;;) {
            (void)syscall(SYS_getppid);
        }
    }
    return child;
}

static pid_t start_receiver(int socket, int other)
{
    const pid_t child = fork();
    if (child == 0) {
        static char bytes[2 * PAGE];
        (void)close(other);
        run_on(1);
        while (recv(socket, bytes, sizeof bytes, 0) > 0) {
        }
        _exit(0);
    }
    (void)close(socket);
    return child;
}

/* One page; false: there is none that is full. */
static bool pass_read(struct drain *drain)
{
    static char page[PAGE];
    uint64_t commit = 0;
    const ssize_t got = read(drain->ring, page, sizeof page);
    if (got <= 0) {
        return false;
    }
    memcpy(&commit, page + 8, sizeof commit);
    drain->messages += send(drain->socket, page, (size_t)got, 0) == got;
    return (commit & 0x3fffffff) > FULL;
}

static bool pass_splice(struct drain *drain)
{
    ssize_t got = splice(drain->ring, NULL, drain->pipe[1], NULL, PAGE, SPLICE_F_NONBLOCK);
    if (got <= 0) {
        return false;
    }
    while (got > 0) {
        const ssize_t passed =
            splice(drain->pipe[0], NULL, drain->socket, NULL, (size_t)got, SPLICE_F_MOVE);
        if (passed <= 0) {
            drain->refused = true;
            return false;
        }
        got -= passed;
        drain->messages++;
    }
    return true;
}

static void drain_for_a_while(struct drain *drain)
{
    const int64_t end = now_ns(CLOCK_MONOTONIC) + RUN_MS * INT64_C(1000000);
    while (now_ns(CLOCK_MONOTONIC) < end && !drain->refused) {
        int pages = 0;
        while (pages++ < 1024 && (drain->way->splices ? pass_splice(drain) : pass_read(drain))) {
        }
        const struct timespec pause = {.tv_nsec = ROUND_NS};
        (void)nanosleep(&pause, NULL);
    }
}

static int64_t children_ns(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_CHILDREN, &used);
    return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
           (int64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

struct result {
    double sender;
    double receiver;
    double both;
    uint64_t lost;
};

static bool measure(const struct way *way, struct result *result)
{
    struct drain drain = {.way = way};
    int sockets[2];
    const int size = SEND_BUFFER;
    if (socketpair(AF_UNIX, way->type, 0, sockets) != 0 || pipe(drain.pipe) != 0) {
        return false;
    }
    (void)setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    (void)fcntl(drain.pipe[0], F_SETPIPE_SZ, PIPE_SIZE);
    set("trace", "");
    drain.socket = sockets[0];
    drain.ring = open_knob("per_cpu/cpu0/trace_pipe_raw", O_RDONLY | O_NONBLOCK);
    const int64_t children = children_ns();
    const pid_t receiver = start_receiver(sockets[1], sockets[0]);
    const uint64_t read_before = statistic("read events: ");
    const uint64_t lost_before = statistic("overrun: ");
    const int64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    drain_for_a_while(&drain);
    const double used = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start);
    const double events = (double)(statistic("read events: ") - read_before);
    result->lost = statistic("overrun: ") - lost_before;
    (void)close(drain.socket);
    (void)waitpid(receiver, NULL, 0);
    (void)close(drain.ring);
    (void)close(drain.pipe[0]);
    (void)close(drain.pipe[1]);
    result->sender = used / events;
    result->receiver = (double)(children_ns() - children) / events;
    result->both = result->sender + result->receiver;
    return !drain.refused && events > 0;
}

static int by_both(const void *left, const void *right)
{
    const double a = ((const struct result *)left)->both;
    const double b = ((const struct result *)right)->both;
    return (a > b) - (a < b);
}

static void compare(size_t runs)
{
    static struct result results[WAYS][MOST_RUNS];
    bool works[WAYS] = {true, true, true, true};
    for (size_t run = 0; run < runs; run++) {
        for (size_t i = 0; i < WAYS; i++) {
            works[i] = works[i] && measure(&ways[i], &results[i][run]);
        }
    }
    (void)printf("%-34s %8s %8s %8s %s\n", "ns an event, medians", "sum", "sender", "receiver",
                 "lost");
    for (size_t i = 0; i < WAYS; i++) {
        if (!works[i]) {
            (void)printf("%-34s refused by this kernel\n", ways[i].name);
            continue;
        }
        qsort(results[i], runs, sizeof results[i][0], by_both);
        const struct result *median = &results[i][runs / 2];
        (void)printf("%-34s %8.1f %8.1f %8.1f %llu\n", ways[i].name, median->both, median->sender,
                     median->receiver, (unsigned long long)median->lost);
    }
}

int main(int count, char **arguments)
{
    const unsigned long asked = count == 2 ? strtoul(arguments[1], NULL, 10) : 7;
    const size_t runs = asked == 0 || asked > MOST_RUNS ? MOST_RUNS : asked;
    (void)snprintf(instance, sizeof instance, "/sys/kernel/tracing/instances/drain_bench_%d",
                   (int)getpid());
    if (mkdir(instance, 0700) != 0) {
        perror(instance);
        return 1;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    run_on(1);
    set("trace_clock", "mono");
    set("buffer_subbuf_size_kb", "64");
    set("buffer_size_kb", "65536");
    set("tracing_cpumask", "1");
    const pid_t load = start_load();
    set("events/raw_syscalls/sys_enter/enable", "1");
    compare(runs);
    set("events/raw_syscalls/sys_enter/enable", "0");
    (void)kill(load, SIGKILL);
    (void)waitpid(load, NULL, 0);
    return rmdir(instance) == 0 ? 0 : 1;
}
