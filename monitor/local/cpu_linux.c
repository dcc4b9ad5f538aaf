/* SPDX-License-Identifier: MIT */
#include "monitor/local/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/local/moment.h"
#include "monitor/local/record.h"
#include "monitor/local/stat_text.h"
#include "monitor/local/ticker.h"

enum {
    MAX_CPUS = 1024 + 1,    /* and all together */
    TEXT_SIZE = 256 * 1024, /* the lines of so many CPUs */
};

struct cpu_record {
    int32_t cpu;
    uint32_t shares[STAT_TIMES]; /* hundredths of a percent */
    uint32_t busy;
};

static const struct record_field fields[] = {
    {"Cpu",     RECORD_INT,        offsetof(struct cpu_record, cpu)                 },
    {"User",    RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_USER])   },
    {"Nice",    RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_NICE])   },
    {"System",  RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_SYSTEM]) },
    {"Idle",    RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_IDLE])   },
    {"IoWait",  RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_IOWAIT]) },
    {"Irq",     RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_IRQ])    },
    {"SoftIrq", RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_SOFTIRQ])},
    {"Steal",   RECORD_HUNDREDTHS, offsetof(struct cpu_record, shares[STAT_STEAL])  },
    {"Busy",    RECORD_HUNDREDTHS, offsetof(struct cpu_record, busy)                },
};

static const struct record_schema schema = {
    .schema = {.provider = "cpu",
               .event_name = "Usage",
               .origin = SCHEMA_LOCAL,
               .field_count = sizeof fields / sizeof fields[0],
               .field_name = record_field_name,
               .field = record_field},
    .fields = fields,
};

struct cpu_source {
    struct ticker ticker;
    int fd;
    size_t count;
    struct stat_cpu before[MAX_CPUS];
    struct stat_cpu after[MAX_CPUS];
    struct cpu_record records[MAX_CPUS];
    struct event events[MAX_CPUS];
    char text[TEXT_SIZE];
};

static enum etwas_status fail(struct etwas_error *error, enum etwas_status status)
{
    *error = (struct etwas_error){status, (uint32_t)errno, "reading /proc/stat"};
    return status;
}

static enum etwas_status read_cpus(struct cpu_source *cpu, struct stat_cpu *cpus, size_t *count,
                                   struct etwas_error *error)
{
    size_t size = 0;
    while (size < sizeof cpu->text) {
        const ssize_t got = pread(cpu->fd, cpu->text + size, sizeof cpu->text - size, (off_t)size);
        if (got < 0) {
            return fail(error, ETWAS_SYSTEM);
        }
        if (got == 0) {
            break;
        }
        size += (size_t)got;
    }
    *count = stat_read_cpus(cpu->text, size, cpus, MAX_CPUS);
    return ETWAS_OK;
}

static const struct stat_cpu *find_cpu(const struct stat_cpu *cpus, size_t count, int32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (cpus[i].cpu == number) {
            return &cpus[i];
        }
    }
    return NULL;
}

static void make_record(struct cpu_record *record, const struct stat_cpu *before,
                        const struct stat_cpu *after)
{
    record->cpu = after->cpu;
    stat_cpu_shares(before, after, record->shares);
    uint32_t idle = record->shares[STAT_IDLE] + record->shares[STAT_IOWAIT];
    uint32_t sum = 0;
    for (size_t i = 0; i < STAT_TIMES; i++) {
        sum += record->shares[i];
    }
    record->busy = sum - idle;
}

static enum etwas_status cpu_look(struct ticker *ticker, struct event_handler *handler,
                                  struct etwas_error *error)
{
    struct cpu_source *cpu = (struct cpu_source *)(void *)ticker;
    size_t count = 0;
    const enum etwas_status status = read_cpus(cpu, cpu->after, &count, error);
    if (status != ETWAS_OK) {
        return status;
    }
    const int64_t now = moment_event_time();
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        /* A CPU that has just come has nothing to compare with. */
        const struct stat_cpu *before = find_cpu(cpu->before, cpu->count, cpu->after[i].cpu);
        if (before == NULL) {
            continue;
        }
        make_record(&cpu->records[made], before, &cpu->after[i]);
        struct event *event = &cpu->events[made];
        record_init(event, &schema, now);
        event->payload = (const uint8_t *)&cpu->records[made];
        event->payload_size = sizeof cpu->records[made];
        event->cpu = cpu->after[i].cpu < 0 ? 0 : (uint32_t)cpu->after[i].cpu;
        made++;
    }
    memcpy(cpu->before, cpu->after, count * sizeof cpu->after[0]);
    cpu->count = count;
    return ticker_hand_over(ticker, handler, cpu->events, made);
}

static void cpu_clear(struct ticker *ticker)
{
    const struct cpu_source *cpu = (const struct cpu_source *)(const void *)ticker;
    if (cpu->fd >= 0) {
        (void)close(cpu->fd);
    }
}

enum etwas_status cpu_open(uint32_t interval_ms, struct source **source, struct etwas_error *error)
{
    *source = NULL;
    struct cpu_source *cpu = calloc(1, sizeof *cpu);
    if (cpu == NULL) {
        return fail(error, ETWAS_NO_MEMORY);
    }
    cpu->ticker.look = cpu_look;
    cpu->ticker.clear = cpu_clear;
    ticker_start(&cpu->ticker, interval_ms);
    cpu->fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    const enum etwas_status status =
        cpu->fd < 0 ? fail(error, ETWAS_SYSTEM) : read_cpus(cpu, cpu->before, &cpu->count, error);
    if (status != ETWAS_OK) {
        cpu->ticker.source.ops->close(&cpu->ticker.source);
        return status;
    }
    *source = &cpu->ticker.source;
    return ETWAS_OK;
}
