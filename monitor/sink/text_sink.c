/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/sink/etl_sink.h"
#include "monitor/sink/sink.h"
#include "monitor/sink/writer.h"

enum {
    BLOCK_SIZE = 64 * 1024,            /* written at once */
    OUTPUT_MAXIMUM = 16 * 1024 * 1024, /* one event of 64 KiB is a few times that as text */
    ARENA_MAXIMUM = 8 * 1024 * 1024,
};

/* Events as text into a descriptor. */
struct text_sink {
    struct sink sink; /* first */
    enum event_format format;
    int file;
    bool owned;   /* the descriptor is closed with the sink */
    bool at_once; /* somebody looks: nothing is held back after a batch */
    struct arena *arena;
    struct encoder encoder;
    struct output output;
    char name[]; /* of the sink */
};

static struct text_sink *of(struct sink *sink)
{
    return (struct text_sink *)(void *)sink;
}

static enum etwas_status flush(struct sink *sink, struct etwas_error *error)
{
    struct text_sink *text = of(sink);
    if (text->output.size == 0) {
        return ETWAS_OK;
    }
    const enum etwas_status status =
        writer_write(text->file, text->output.data, text->output.size, error);
    text->output.size = 0; /* what could not be written cannot be written later */
    return status;
}

static enum etwas_status encode(struct text_sink *text, const struct event *event,
                                struct etwas_error *error)
{
    enum etwas_status status =
        encode_event(&text->encoder, event, text->format, text->arena, &text->output);
    if (status == ETWAS_TOO_BIG && text->output.size != 0) {
        status = flush(&text->sink, error);
        if (status != ETWAS_OK) {
            return status;
        }
        status = encode_event(&text->encoder, event, text->format, text->arena, &text->output);
    }
    arena_reset(text->arena);
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status, .doing = "making text of an event"};
    }
    return status;
}

static enum etwas_status write_events(struct sink *sink, const struct event *events, size_t count,
                                      struct etwas_error *error)
{
    struct text_sink *text = of(sink);
    enum etwas_status status = ETWAS_OK;
    for (size_t i = 0; i < count && status == ETWAS_OK; i++) {
        status = encode(text, &events[i], error);
        if (status == ETWAS_OK && text->output.size >= BLOCK_SIZE) {
            status = flush(sink, error);
        }
    }
    if (status == ETWAS_OK && text->at_once) {
        status = flush(sink, error);
    }
    return status;
}

static enum etwas_status finish(struct sink *sink, struct etwas_error *error)
{
    struct text_sink *text = of(sink);
    enum etwas_status status = flush(sink, error); /* what is full now has room then */
    if (status == ETWAS_OK) {
        status = encode_end(text->format, &text->output);
        error->doing = "making text of an event";
    }
    return status == ETWAS_OK ? flush(sink, error) : status;
}

/* The format is known now: makes what stands before the first event. */
static enum etwas_status begin(struct text_sink *text, enum event_format format,
                               struct etwas_error *error)
{
    text->format = format;
    const enum etwas_status status = encode_start(&text->encoder, format, &text->output);
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status, .doing = "making a sink"};
    }
    return status;
}

static void close_sink(struct sink *sink)
{
    struct text_sink *text = of(sink);
    if (text->owned && text->file >= 0) {
        writer_file_close(text->file);
    }
    arena_close(text->arena);
    output_clear(&text->output);
    free(text);
}

static const struct sink_ops ops = {
    .write = write_events, .flush = flush, .finish = finish, .close = close_sink};

static struct text_sink *text_open(const char *prefix, const char *rest, struct etwas_error *error)
{
    const size_t name_size = strlen(prefix) + strlen(rest) + 1;
    struct text_sink *text = calloc(1, sizeof *text + name_size);
    if (text != NULL) {
        text->arena = arena_open(ARENA_MAXIMUM);
    }
    if (text == NULL || text->arena == NULL) {
        free(text);
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "making a sink"};
        return NULL;
    }
    encoder_init(&text->encoder);
    output_init(&text->output, OUTPUT_MAXIMUM);
    (void)snprintf(text->name, name_size, "%s%s", prefix, rest);
    text->file = -1;
    text->sink = (struct sink){.ops = &ops, .name = text->name};
    return text;
}

enum etwas_status sink_stdout_open(enum event_format format, struct sink **sink,
                                   struct etwas_error *error)
{
    *sink = NULL;
    struct text_sink *text = text_open("stdout", "", error);
    if (text == NULL) {
        return error->status;
    }
    text->file = writer_stdout(&text->at_once);
    text->encoder.columns = writer_columns(text->file);
    if (begin(text, format, error) != ETWAS_OK) {
        close_sink(&text->sink);
        return error->status;
    }
    *sink = &text->sink;
    return ETWAS_OK;
}

static bool format_of(const char *path, enum event_format *format)
{
    static const struct {
        const char *extension;
        enum event_format format;
    } known[] = {
        {".jsonl", EVENT_JSON},
        {".json",  EVENT_JSON},
        {".txt",   EVENT_TEXT},
        {".xml",   EVENT_XML },
        {".csv",   EVENT_CSV },
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(dot, known[i].extension) == 0) {
            *format = known[i].format;
            return true;
        }
    }
    return false;
}

enum etwas_status sink_file_open(const char *path, struct sink **sink, struct etwas_error *error)
{
    *sink = NULL;
    enum event_format format = EVENT_TEXT;
    const char *dot = strrchr(path, '.');
    if (dot != NULL && strcmp(dot, ".etl") == 0) {
        return etl_sink_open(path, sink, error);
    }
    if (!format_of(path, &format)) {
        *error = (struct etwas_error){
            .status = ETWAS_NOT_FOUND,
            .doing =
                "choosing a format by the extension (.jsonl, .json, .txt, .xml, .csv or .etl)"};
        return ETWAS_NOT_FOUND;
    }
    struct text_sink *text = text_open("file:", path, error);
    if (text == NULL) {
        return error->status;
    }
    text->owned = true;
    enum etwas_status status = writer_file_open(path, &text->file, error);
    if (status == ETWAS_OK) {
        status = begin(text, format, error);
    }
    if (status != ETWAS_OK) {
        close_sink(&text->sink);
        return status;
    }
    *sink = &text->sink;
    return ETWAS_OK;
}
