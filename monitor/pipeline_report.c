/* SPDX-License-Identifier: MIT */
#include "monitor/pipeline_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "monitor/pipeline_books.h"
#include "monitor/session/host_base.h"

static const char *reason(const struct etwas_error *error, char text[HOST_ERROR_SIZE])
{
    if (error->os_code != 0) {
        return host_error(error->os_code, text);
    }
    switch (error->status) {
    case ETWAS_CLOSED:
        return "the other side is gone";
    case ETWAS_DENIED:
        return "not allowed";
    case ETWAS_MALFORMED:
        return "it is not in the format expected";
    case ETWAS_TOO_BIG:
        return "too big";
    case ETWAS_NO_MEMORY:
        return "no memory is left";
    case ETWAS_NOT_FOUND:
        return "not found";
    case ETWAS_BUSY:
        return "busy: try later";
    case ETWAS_OK:
    case ETWAS_AGAIN:
    case ETWAS_SYSTEM:
    default:
        return "it failed";
    }
}

void pipeline_say_error(const char *name, const struct etwas_error *error)
{
    char text[HOST_ERROR_SIZE];
    (void)fprintf(stderr, "etwas: %s: %s: %s\n", name,
                  error->doing != NULL ? error->doing : "working", reason(error, text));
}

void pipeline_say_losses(const struct source_accounts *before, const struct source_accounts *now)
{
    const uint64_t kernel = now->lost_kernel - before->lost_kernel;
    const uint64_t monitor = now->lost_monitor - before->lost_monitor;
    if (kernel != 0) {
        (void)fprintf(stderr,
                      "etwas: events lost: %" PRIu64 " overwritten in the kernel's buffers "
                      "(larger ones: --buffer-size, --max-buffers)\n",
                      kernel);
    }
    if (monitor != 0) {
        (void)fprintf(stderr, "etwas: events lost: %" PRIu64 " on their way from the kernel\n",
                      monitor);
    }
}

static void say(const char *indent, const char *name, const struct source_accounts *part)
{
    const uint64_t known =
        part->delivered + part->filtered + part->lost_kernel + part->lost_monitor;
    (void)fprintf(stderr,
                  "%s%s: produced %" PRIu64 " = delivered %" PRIu64 " + filtered %" PRIu64
                  " + lost (kernel %" PRIu64 ", monitor %" PRIu64 "), late %" PRIu64,
                  indent, name, part->produced, part->delivered, part->filtered, part->lost_kernel,
                  part->lost_monitor, part->late);
    if (part->produced == known) {
        (void)fprintf(stderr, ": exact\n");
    } else if (part->produced > known) {
        (void)fprintf(stderr, ": %" PRIu64 " not looked at\n", part->produced - known);
    } else {
        (void)fprintf(stderr, ": %" PRIu64 " more than the counters say\n", known - part->produced);
    }
}

void pipeline_say_accounts(const struct pipeline *pipeline, uint64_t written)
{
    struct source_accounts part;
    for (size_t i = 0; i < pipeline->source_count; i++) {
        pipeline_accounts(pipeline, i, &part);
        say("  ", pipeline->names[i], &part);
        for (uint32_t cpu = 0; pipeline_lane(pipeline, i, cpu, &part); cpu++) {
            char name[24];
            (void)snprintf(name, sizeof name, "cpu %" PRIu32, cpu);
            say("    ", name, &part);
        }
        if (pipeline->sources[i]->ops->stats != NULL) {
            pipeline->sources[i]->ops->stats(pipeline->sources[i]);
        }
    }
    pipeline_sum(pipeline, &part);
    say("  ", "total", &part);
    (void)fprintf(stderr, "  written to each sink: %" PRIu64 "\n", written);
}
