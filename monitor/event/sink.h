/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_SINK_H
#define ETWAS_MONITOR_EVENT_SINK_H

#include <stdbool.h>
#include <string.h>

#include "monitor/event/encode.h"

/*
 * How the encoders write to an output: they ask for room for the most a piece
 * can take, then write unchecked. A sink that could not grow has failed; it
 * refuses room from then on, and sink_finish() tells once.
 */
struct sink {
    char *at;
    char *end;
    struct output *output;
    enum etwas_status status;
};

void sink_start(struct sink *sink, struct output *output);
bool sink_grow(struct sink *sink, size_t need);
/* Keeps what was written, or, when the sink has failed, nothing of it. */
enum etwas_status sink_finish(struct sink *sink);

static inline bool sink_room(struct sink *sink, size_t need)
{
    return (size_t)(sink->end - sink->at) >= need || sink_grow(sink, need);
}

static inline void sink_put(struct sink *sink, const char *data, size_t size)
{
    if (sink_room(sink, size)) {
        memcpy(sink->at, data, size);
        sink->at += size;
    }
}

/* A string literal. */
#define SINK_PUT(sink, literal) sink_put((sink), (literal), sizeof(literal) - 1)

#endif
