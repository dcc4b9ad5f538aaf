/* SPDX-License-Identifier: MIT */
/*
 * What an event costs the monitor, in ns: full packets of records come through a
 * socket from another process, are received, put into order over the CPUs, selected
 * and handed to a handler that counts. Synthetic pages of 68-byte events, 64 KiB each,
 * as the controller sends them at full speed. Medians of seven runs of the monitor's
 * own processor time; prints, checks only that no event is missing.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/session/host.h"
#include "tests/monitor/session/fake.h"

enum {
    RUNS = 7,
    EVENT_DATA = 64,
    PAGE_EVENTS = (65536 - 16) / (4 + EVENT_DATA),
    PAGE_SIZE = 16 + PAGE_EVENTS * (4 + EVENT_DATA),
    ROUNDS = 200,
    ROUND_PACKETS = 32, /* of each CPU: 3 M events/s and CPU */
    EVENTS = ROUNDS * ROUND_PACKETS * FAKE_CPUS * PAGE_EVENTS,
    STEP = 20, /* ns between events */
};

static uint8_t body[FAKE_CPUS][STREAM_RECORDS_SIZE + PAGE_SIZE];

static void put(uint8_t *at, uint64_t value, size_t size)
{
    memcpy(at, &value, size);
}

static void fill_page(uint8_t *page)
{
    put(page + 8, PAGE_SIZE - 16, 8);
    for (size_t i = 0; i < PAGE_EVENTS; i++) {
        uint8_t *at = page + 16 + i * (4 + EVENT_DATA);
        put(at, (uint64_t)(i == 0 ? 0 : STEP) << 5 | EVENT_DATA / 4, 4);
        put(at + 4, FAKE_TICK, 4);
        put(at + 8, FAKE_PID, 4);
    }
}

/* The controller's side, as fast as it goes; it ends with the process. */
static void send_all(struct fake *fake)
{
    uint64_t time = 1000;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < ROUND_PACKETS * FAKE_CPUS; i++) {
            const uint32_t cpu = i % FAKE_CPUS;
            const struct stream_records head = {
                .session = FAKE_SESSION, .sequence = fake->sequences[cpu]++, .cpu = cpu};
            memcpy(body[cpu], &head, sizeof head);
            put(body[cpu] + sizeof head, time + cpu * (uint64_t)(STEP / 2), 8);
            fake_packet(fake, STREAM_RECORDS, body[cpu], sizeof body[cpu]);
            fake->counters[cpu].read += PAGE_EVENTS;
            time += cpu == FAKE_CPUS - 1 ? PAGE_EVENTS * STEP : 0;
        }
        fake_round(fake, time);
    }
    fake_end(fake, END_STOPPED, 0);
}

struct counter {
    struct event_handler handler; /* first */
    uint64_t count;
};

static enum etwas_status count_events(struct event_handler *handler, const struct event *events,
                                      size_t count)
{
    (void)events;
    ((struct counter *)(void *)handler)->count += count;
    return ETWAS_OK;
}

static int64_t processor_ns(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
           (int64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

static double run(double *wall)
{
    static struct fake fake;
    struct counter counter = {.handler = {.handle = count_events}};
    struct etwas_error error;
    fake_init(&fake);
    struct source *source = fake_source(&fake);
    const pid_t sender = fork();
    if (sender == 0) {
        send_all(&fake);
        _exit(0);
    }
    fake_hang_up(&fake); /* the sender has the socket */
    const int64_t start = processor_ns();
    const int64_t wall_start = host_now_ns();
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK) {
        struct pollfd input = {.fd = source->ops->descriptor(source), .events = POLLIN};
        (void)poll(&input, 1, source->ops->timeout_ms(source));
        status = source->ops->pump(source, &counter.handler, &error);
    }
    const double cost = (double)(processor_ns() - start) / EVENTS;
    *wall = (double)(host_now_ns() - wall_start) / EVENTS;
    source->ops->close(source);
    (void)waitpid(sender, NULL, 0);
    fake_clear(&fake);
    if (counter.count != EVENTS) {
        (void)fprintf(stderr, "%" PRIu64 " events of %d\n", counter.count, EVENTS);
        exit(1);
    }
    return cost;
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(void)
{
    double costs[RUNS];
    double walls[RUNS];
    for (uint32_t cpu = 0; cpu < FAKE_CPUS; cpu++) {
        fill_page(body[cpu] + STREAM_RECORDS_SIZE);
    }
    for (size_t i = 0; i < RUNS; i++) {
        costs[i] = run(&walls[i]);
    }
    qsort(costs, RUNS, sizeof costs[0], by_size);
    qsort(walls, RUNS, sizeof walls[0], by_size);
    (void)printf("monitor: %.1f ns/event of processor time (%.1f .. %.1f), wall %.1f ns/event\n",
                 costs[RUNS / 2], costs[0], costs[RUNS - 1], walls[RUNS / 2]);
    return 0;
}
