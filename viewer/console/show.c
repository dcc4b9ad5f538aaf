/* SPDX-License-Identifier: MIT */
#include "viewer/console/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/json.h"
#include "viewer/console/console.h"
#include "viewer/console/event_text.h"

enum { FLUSH_MS = 200 };

void say(const char *format, ...)
{
    va_list arguments;
    (void)fputs("etwasc: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputs("\n", stderr);
}

void show_init(struct show *show, const struct options *options)
{
    *show = (struct show){.options = options, .at_once = console_is_terminal()};
    show->output.write = console_write;
    show->say_at_ms = console_now_ms() + 1000;
}

bool show_goes_on(const struct show *show)
{
    return show->output.status == ETWAS_OK && show->printed < show->options->max_events &&
           !console_stop_asked();
}

static void remember(struct show *show, const char *id)
{
    if (since_is_id(id, strlen(id))) {
        (void)snprintf(show->last_id, sizeof show->last_id, "%s", id);
    }
}

/* What a notice says of what we missed. */
struct missed {
    uint64_t count;
    bool counted;
    char after[SINCE_TEXT_SIZE];
    char until[SINCE_TEXT_SIZE];
};

static void take_id(const struct json_piece *value, char id[SINCE_TEXT_SIZE])
{
    if (value->type == JSON_IS_STRING && since_is_id(value->data, value->size)) {
        (void)snprintf(id, SINCE_TEXT_SIZE, "%.*s", (int)value->size, value->data);
    }
}

static void read_missed(const struct sse_event *event, struct missed *missed)
{
    struct json_walker walker = json_walk_object(event->data, event->size);
    struct json_piece name;
    struct json_piece value;
    *missed = (struct missed){.after = "?", .until = "?"};
    while (json_member(&walker, &name, &value)) {
        if (json_is(&name, "Count")) {
            missed->counted = json_u64(&value, &missed->count);
        } else if (json_is(&name, "After")) {
            take_id(&value, missed->after);
        } else if (json_is(&name, "Until")) {
            take_id(&value, missed->until);
        }
    }
}

/* The relay goes on at an event further on: it could not wait for us, or has the rest no more. */
static void on_missed(struct show *show, const struct sse_event *event)
{
    struct missed missed;
    char count[24] = "an unknown number of";
    read_missed(event, &missed);
    if (missed.counted) {
        (void)snprintf(count, sizeof count, "%" PRIu64, missed.count);
    }
    show->missed += missed.count;
    show->missed_unknown = show->missed_unknown || !missed.counted;
    say("missed %s events behind %s, before %s", count, missed.after, missed.until);
    if (missed.until[0] != '?') {
        char *colon = NULL;
        const uint64_t row = strtoull(missed.until, &colon, 10);
        since_before(row, strtoull(colon + 1, NULL, 10), show->last_id);
    }
}

static void print_event(struct show *show, const struct sse_event *event)
{
    struct output *output = &show->output;
    if (show->options->json && show->at_once) {
        output_put_json(output, event->data, event->size);
        OUTPUT_PUT(output, "\n");
    } else if (show->options->json) {
        output_put(output, event->data, event->size);
        OUTPUT_PUT(output, "\n");
    } else if (!event_text_put(output, event->data, event->size)) {
        show->left_out++;
        return;
    }
    show->printed++;
}

bool show_event(void *context, const struct sse_event *event)
{
    struct show *show = context;
    if (event->data == NULL) {
        show->left_out++;
        remember(show, event->id);
    } else if (strcmp(event->type, "message") == 0) {
        if (show->not_before == NULL ||
            !event_text_is_before(event->data, event->size, show->not_before)) {
            print_event(show, event);
        }
        remember(show, event->id);
    } else if (strcmp(event->type, "missed") == 0) {
        on_missed(show, event);
    }
    return show_goes_on(show);
}

static void say_rate(struct show *show, int64_t now_ms)
{
    if (now_ms < show->say_at_ms) {
        return;
    }
    if (!show->options->quiet) {
        (void)fprintf(stderr, "%" PRIu64 " msg/s\n", show->printed - show->said);
    }
    show->said = show->printed;
    show->say_at_ms = now_ms - show->say_at_ms > 1000 ? now_ms + 1000 : show->say_at_ms + 1000;
}

bool show_tick(struct show *show)
{
    const int64_t now_ms = console_now_ms();
    if (show->at_once || now_ms >= show->flush_at_ms) {
        output_flush(&show->output);
        show->flush_at_ms = now_ms + FLUSH_MS;
    }
    say_rate(show, now_ms);
    return show_goes_on(show);
}

int show_end(struct show *show, int result)
{
    output_flush(&show->output);
    if (show->options->stats) {
        say("printed %" PRIu64 ", missed %s%" PRIu64 ", left out %" PRIu64
            " (too large, or no JSON); connected again %" PRIu64 " times",
            show->printed, show->missed_unknown ? "more than " : "", show->missed, show->left_out,
            show->reconnects);
    } else if (show->left_out != 0) {
        say("left out %" PRIu64 " events: too large, or no JSON", show->left_out);
    }
    if (show->output.status == ETWAS_OK || show->output.status == ETWAS_CLOSED) {
        return result;
    }
    say("%s: %s", show->output.error.doing,
        show->output.error.os_code != 0 ? strerror((int)show->output.error.os_code)
                                        : "no memory is left");
    return result == LIVE_FINE ? LIVE_FAILED : result;
}
