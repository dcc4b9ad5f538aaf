/* SPDX-License-Identifier: MIT */
#include "monitor/sink/sink.h"

#include <stdlib.h>

void sink_close(struct sink *sink)
{
    if (sink != NULL) {
        sink->ops->close(sink);
    }
}

static enum etwas_status null_write(struct sink *sink, const struct event *events, size_t count,
                                    struct etwas_error *error)
{
    (void)sink;
    (void)events;
    (void)count;
    (void)error;
    return ETWAS_OK;
}

static enum etwas_status null_flush(struct sink *sink, struct etwas_error *error)
{
    (void)sink;
    (void)error;
    return ETWAS_OK;
}

static void null_close(struct sink *sink)
{
    free(sink);
}

static const struct sink_ops null_ops = {
    .write = null_write, .flush = null_flush, .close = null_close};

enum etwas_status sink_null_open(struct sink **sink, struct etwas_error *error)
{
    *sink = malloc(sizeof **sink);
    if (*sink == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "making a sink"};
        return ETWAS_NO_MEMORY;
    }
    **sink = (struct sink){.ops = &null_ops, .name = "null", .counts_only = true};
    return ETWAS_OK;
}
