/* SPDX-License-Identifier: MIT */
#include "monitor/report/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "monitor/etw/trace_damages.h"
#include "monitor/event/number.h"
#include "monitor/event/text.h"

enum { EXIT_DAMAGED = 2 };

enum {
    LINE_MAXIMUM = 1024 * 1024,
    TICKS = 10000000, /* a second */
    KINDS_SIZE = 160,
};

/* A line under way. What does not fit is cut: it is for a person to read. */
struct line {
    struct output output;
    struct sink sink;
};

static void line_start(struct line *line)
{
    output_init(&line->output, LINE_MAXIMUM);
    sink_start(&line->sink, &line->output);
}

static void line_end(struct line *line)
{
    SINK_PUT(&line->sink, "\n");
    if (sink_finish(&line->sink) == ETWAS_OK) {
        (void)fwrite(line->output.data, 1, line->output.size, stdout);
    }
    output_clear(&line->output);
}

static void put_json(struct sink *sink, const char *key, const char *text)
{
    SINK_PUT(sink, ",\"");
    sink_put(sink, key, strlen(key));
    SINK_PUT(sink, "\":\"");
    sink_put_json_text(sink, text, strlen(text));
    SINK_PUT(sink, "\"");
}

static void put_json_number(struct sink *sink, const char *key, uint64_t number)
{
    SINK_PUT(sink, ",\"");
    sink_put(sink, key, strlen(key));
    SINK_PUT(sink, "\":");
    sink_put_uint(sink, number);
}

static void put_text(struct sink *sink, const char *text)
{
    sink_put_plain_text(sink, text, strlen(text));
}

/* "clock:        " */
static void put_label(struct sink *sink, const char *label)
{
    put_text(sink, label);
    SINK_PUT(sink, ":");
    for (size_t i = strlen(label); i < 11; i++) {
        SINK_PUT(sink, " ");
    }
}

static const char *clock_name(uint32_t clock)
{
    switch (clock) {
    case 1:
        return "QPC";
    case 2:
        return "system time";
    case 3:
        return "CPU cycles";
    default:
        return "unknown";
    }
}

static int64_t duration_of(const struct trace_info *info)
{
    return info->ended > info->started && info->started > 0 ? info->ended - info->started : 0;
}

static void put_version(struct sink *sink, const struct trace_info *info)
{
    sink_put_uint(sink, info->major);
    SINK_PUT_UINT(sink, ".", info->minor);
    SINK_PUT_UINT(sink, " build ", info->build);
}

static void say_times(struct line *line, struct encoder *encoder, const struct trace_info *info)
{
    const int64_t duration = duration_of(info);
    char seconds[32];
    put_label(&line->sink, "start");
    sink_put_time(&line->sink, encoder, info->started);
    SINK_PUT(&line->sink, "\n");
    put_label(&line->sink, "end");
    if (duration == 0) {
        SINK_PUT(&line->sink, "not recorded\n");
        return;
    }
    sink_put_time(&line->sink, encoder, info->ended);
    (void)snprintf(seconds, sizeof seconds, "%" PRId64 ".%03" PRId64 " s", duration / TICKS,
                   duration % TICKS / (TICKS / 1000));
    SINK_PUT(&line->sink, "\n");
    put_label(&line->sink, "duration");
    put_text(&line->sink, seconds);
    SINK_PUT(&line->sink, "\n");
}

static void say_info(const char *path, const struct trace_info *info)
{
    struct encoder encoder;
    struct line line;
    encoder_init(&encoder);
    line_start(&line);
    struct sink *sink = &line.sink;
    put_label(sink, "file");
    put_text(sink, path);
    SINK_PUT(sink, "\n");
    put_label(sink, "session");
    put_text(sink, info->session != NULL ? info->session : "");
    SINK_PUT(sink, "\n");
    put_label(sink, "system");
    SINK_PUT(sink, "Windows ");
    put_version(sink, info);
    SINK_PUT_UINT(sink, ", ", info->cpus);
    sink_put(sink, " CPUs", info->cpus == 1 ? 4 : 5);
    SINK_PUT_UINT(sink, " of ", info->cpu_mhz);
    SINK_PUT_UINT(sink, " MHz, ", (uint64_t)info->pointer_size * 8);
    SINK_PUT(sink, " bit\n");
    put_label(sink, "clock");
    put_text(sink, clock_name(info->clock));
    if (info->clock == 1) {
        SINK_PUT_UINT(sink, " at ", info->frequency);
        SINK_PUT(sink, " Hz");
    }
    SINK_PUT(sink, "\n");
    say_times(&line, &encoder, info);
    put_label(sink, "buffers");
    sink_put_uint(sink, info->buffers);
    SINK_PUT_UINT(sink, ", compressed ", info->compressed);
    SINK_PUT(sink, "\n");
    put_label(sink, "lost");
    sink_put_uint(sink, info->events_lost);
    SINK_PUT_UINT(sink, " events, ", info->buffers_lost);
    SINK_PUT(sink, " buffers");
    line_end(&line);
}

static void say_info_json(const char *path, const struct trace_info *info)
{
    struct encoder encoder;
    struct line line;
    encoder_init(&encoder);
    line_start(&line);
    struct sink *sink = &line.sink;
    SINK_PUT(sink, "{\"File\":\"");
    sink_put_json_text(sink, path, strlen(path));
    SINK_PUT(sink, "\"");
    put_json(sink, "Session", info->session != NULL ? info->session : "");
    SINK_PUT(sink, ",\"System\":\"");
    put_version(sink, info);
    SINK_PUT(sink, "\"");
    put_json_number(sink, "Build", info->build);
    put_json_number(sink, "Cpus", info->cpus);
    put_json_number(sink, "CpuMHz", info->cpu_mhz);
    put_json_number(sink, "PointerSize", info->pointer_size);
    put_json(sink, "Clock", clock_name(info->clock));
    put_json_number(sink, "Frequency", info->frequency);
    SINK_PUT(sink, ",\"Start\":\"");
    sink_put_time(sink, &encoder, info->started);
    SINK_PUT(sink, "\"");
    if (duration_of(info) != 0) {
        SINK_PUT(sink, ",\"End\":\"");
        sink_put_time(sink, &encoder, info->ended);
        SINK_PUT(sink, "\"");
        put_json_number(sink, "DurationMs", (uint64_t)duration_of(info) / (TICKS / 1000));
    }
    put_json_number(sink, "Buffers", info->buffers);
    put_json_number(sink, "Compressed", info->compressed);
    put_json_number(sink, "EventsLost", info->events_lost);
    put_json_number(sink, "BuffersLost", info->buffers_lost);
    SINK_PUT(sink, "}");
    line_end(&line);
}

int report_trace_info(const struct trace_source_options *options, bool json, size_t *failed,
                      struct etwas_error *error)
{
    struct trace *trace = NULL;
    if (trace_open(options->paths, options->path_count, &trace, failed, error) != ETWAS_OK) {
        return TRACE_REPORT_FAILED;
    }
    for (size_t i = 0; i < trace_file_count(trace); i++) {
        if (json) {
            say_info_json(options->paths[i], trace_info(trace, i));
        } else {
            (void)fputs(i == 0 ? "" : "\n", stdout);
            say_info(options->paths[i], trace_info(trace, i));
        }
    }
    const bool damaged = trace_damages_say(trace) != 0;
    trace_close(trace);
    return damaged ? EXIT_DAMAGED : 0;
}

static bool same_provider(const struct trace_census_event *a, const struct trace_census_event *b)
{
    return memcmp(a->layout->schema.provider_id, b->layout->schema.provider_id, 16) == 0;
}

/* Who knows the schemas of some events, as words; "no schema" for those that nobody does. */
static void kinds_of(const struct trace_census_event *events, size_t count, char *text)
{
    size_t used = 0;
    text[0] = '\0';
    for (int source = ETW_TRACELOGGING; source <= ETW_RAW; source++) {
        const char *name = etw_source_name((enum etw_source)source);
        uint64_t of_it = 0;
        for (size_t i = 0; i < count; i++) {
            of_it += (int)events[i].layout->source == source ? events[i].count : 0;
        }
        if (of_it != 0 && used < KINDS_SIZE) {
            used += (size_t)snprintf(text + used, KINDS_SIZE - used, "%s%s", used == 0 ? "" : ", ",
                                     name != NULL ? name : "no schema");
        }
    }
}

static void say_provider(const struct trace_census_event *events, size_t count, bool json)
{
    const struct schema *schema = &events[0].layout->schema;
    char kinds[KINDS_SIZE];
    struct line line;
    uint64_t total = 0;
    uint64_t without = 0;
    for (size_t i = 0; i < count; i++) {
        total += events[i].count;
        without += events[i].layout->source == ETW_RAW ? events[i].count : 0;
    }
    kinds_of(events, count, kinds);
    line_start(&line);
    struct sink *sink = &line.sink;
    if (json) {
        SINK_PUT(sink, "{\"Provider\":\"");
        sink_put_json_text(sink, events[0].provider, strlen(events[0].provider));
        SINK_PUT(sink, "\",\"ProviderId\":\"");
        sink_put_guid(sink, schema->provider_id);
        SINK_PUT(sink, "\"");
        put_json_number(sink, "Count", total);
        put_json_number(sink, "WithoutSchema", without);
        put_json(sink, "Schema", kinds);
        SINK_PUT(sink, "}");
    } else {
        char count_text[24];
        (void)snprintf(count_text, sizeof count_text, "%9" PRIu64 "  ", total);
        put_text(sink, count_text);
        SINK_PUT(sink, "{");
        sink_put_guid(sink, schema->provider_id);
        SINK_PUT(sink, "}  ");
        put_text(sink, events[0].provider);
        SINK_PUT(sink, "  (");
        put_text(sink, kinds);
        if (without != 0 && without != total) {
            SINK_PUT_UINT(sink, ": ", without);
        }
        SINK_PUT(sink, ")");
    }
    line_end(&line);
}

void report_trace_providers(const struct trace_census *census, bool json)
{
    for (size_t i = 0; i < census->count;) {
        size_t count = 1;
        while (i + count < census->count &&
               same_provider(&census->events[i], &census->events[i + count])) {
            count++;
        }
        say_provider(&census->events[i], count, json);
        i += count;
    }
}

static void say_event_json(const struct trace_census_event *event)
{
    const struct schema *schema = &event->layout->schema;
    const char *kind = etw_source_name(event->layout->source);
    struct line line;
    line_start(&line);
    struct sink *sink = &line.sink;
    SINK_PUT(sink, "{\"Provider\":\"");
    sink_put_json_text(sink, event->provider, strlen(event->provider));
    SINK_PUT(sink, "\"");
    put_json_number(sink, event->classic ? "OpcodeValue" : "EventId", event->id);
    put_json_number(sink, "Version", event->version);
    put_json(sink, "EventName", schema->event_name);
    put_json_number(sink, "Count", event->count);
    if (kind != NULL) {
        put_json(sink, "Schema", kind);
    }
    SINK_PUT(sink, "}");
    line_end(&line);
}

static void say_event(const struct trace_census_event *event)
{
    const struct schema *schema = &event->layout->schema;
    const char *kind = etw_source_name(event->layout->source);
    char number[64];
    struct line line;
    (void)snprintf(number, sizeof number, "%9" PRIu64 "  ", event->count);
    line_start(&line);
    put_text(&line.sink, number);
    put_text(&line.sink, event->provider);
    (void)snprintf(number, sizeof number, " %s%u v%u ", event->classic ? "opcode " : "",
                   (unsigned)event->id, (unsigned)event->version);
    put_text(&line.sink, number);
    put_text(&line.sink, schema->event_name);
    SINK_PUT(&line.sink, "  (");
    put_text(&line.sink, kind != NULL ? kind : "no schema");
    SINK_PUT(&line.sink, ")");
    line_end(&line);
}

bool report_trace_events(const struct trace_census *census, const char *provider, bool json)
{
    uint8_t id[16];
    if (provider != NULL && !schemas_provider_id(census->schemas, provider, id) &&
        !trace_census_id(census, provider, id)) {
        return false;
    }
    for (size_t i = 0; i < census->count; i++) {
        if (provider != NULL && memcmp(census->events[i].layout->schema.provider_id, id, 16) != 0) {
            continue;
        }
        if (json) {
            say_event_json(&census->events[i]);
        } else {
            say_event(&census->events[i]);
        }
    }
    return true;
}
