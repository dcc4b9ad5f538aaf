/* SPDX-License-Identifier: MIT */
#include "monitor/event/encode_format.h"
#include "monitor/event/number.h"
#include "monitor/event/text.h"

/*
 * One line an event. Columns are as wide as the terminal allows, the last gets what is left of it;
 * where there is no terminal, the last is never cut.
 */
enum {
    COLUMNS = 4, /* with a width of their own; Data is the fifth */
    WIDE = 132,  /* columns from which the date is shown, too */
    DATE_SIZE = 11,
    LEAST_DATA = 16,
};

struct widths {
    uint32_t of[COLUMNS]; /* Time Provider Event Process */
    uint32_t data;        /* UINT32_MAX: no limit */
};

static uint32_t clamp(uint32_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : value;
}

static struct widths widths_of(const struct encoder *encoder)
{
    const uint32_t all = encoder->columns == 0 ? 180 : encoder->columns;
    struct widths widths = {
        .of = {all >= WIDE ? 27U : 16U, clamp(all / 6, 10, 30), clamp(all / 6, 10, 30),
               clamp(all / 9, 8, 20)}
    };
    uint32_t used = COLUMNS;
    for (size_t i = 0; i < COLUMNS; i++) {
        used += widths.of[i];
    }
    widths.data = encoder->columns == 0      ? UINT32_MAX
                  : all >= used + LEAST_DATA ? all - used
                                             : (uint32_t)LEAST_DATA;
    return widths;
}

static size_t position(const struct sink *sink)
{
    return sink->output->data == NULL ? 0 : (size_t)(sink->at - sink->output->data);
}

struct range {
    uint32_t first, last;
};

/* Unicode's East Asian Width W and F, roughly, and emoji. */
static bool is_wide(uint32_t code)
{
    static const struct range ranges[] = {
        {0x1100,  0x115f },
        {0x2e80,  0xa4cf },
        {0xac00,  0xd7a3 },
        {0xf900,  0xfaff },
        {0xfe30,  0xfe6f },
        {0xff00,  0xff60 },
        {0xffe0,  0xffe6 },
        {0x1f300, 0x1f64f},
        {0x1f900, 0x1f9ff},
        {0x20000, 0x3fffd}
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0] && code >= ranges[i].first; i++) {
        if (code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* What takes no cell of its own: marks on the letter before. */
static bool is_mark(uint32_t code)
{
    return (code >= 0x300 && code <= 0x36f) || (code >= 0xfe00 && code <= 0xfe0f);
}

/* What changes the order of a line or is not seen at all: a table would no longer be one. */
static bool is_invisible(uint32_t code)
{
    return code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff;
}

static uint32_t cells_of(uint32_t code)
{
    return is_mark(code) ? 0 : is_wide(code) ? 2 : 1;
}

/* How a cell's text is measured, and where it would be cut. */
struct measure {
    uint32_t cells;
    size_t cut; /* the position up to which there is room for an ellipsis behind */
    bool fits;
};

static struct measure measure_from(const struct sink *sink, size_t start, uint32_t width)
{
    struct measure measure = {.cut = start, .fits = true};
    const size_t end = position(sink);
    char *data = sink->output->data;
    size_t at = start;
    while (at < end && measure.fits) {
        const struct character next = text_character(data + at, end - at);
        if (is_invisible(next.code)) {
            memset(data + at, '?', next.size);
            continue;
        }
        measure.cells += cells_of(next.code);
        measure.fits = measure.cells <= width;
        at += next.size;
        measure.cut = measure.cells < width ? at : measure.cut;
    }
    return measure;
}

/* Cuts what was written since `start` to the width; `pad` fills up what is shorter. */
static void fit_from(struct sink *sink, size_t start, uint32_t width, bool pad)
{
    struct measure measure = measure_from(sink, start, width);
    if (!measure.fits) {
        sink->at = sink->output->data + measure.cut;
        SINK_PUT(sink, "\xe2\x80\xa6");
        measure = measure_from(sink, start, width);
    }
    for (uint32_t i = measure.cells; pad && i < width; i++) {
        SINK_PUT(sink, " ");
    }
    if (pad) {
        SINK_PUT(sink, " ");
    }
}

static void put_cell(struct sink *sink, const char *text, uint32_t width)
{
    const size_t start = position(sink);
    sink_put_plain_text(sink, text, strlen(text));
    fit_from(sink, start, width, true);
}

void encode_table_names(struct sink *sink, const struct encoder *encoder)
{
    static const char *const names[COLUMNS] = {"Time", "Provider", "Event", "Process"};
    const struct widths widths = widths_of(encoder);
    for (size_t i = 0; i < COLUMNS; i++) {
        put_cell(sink, names[i], widths.of[i]);
    }
    SINK_PUT(sink, "Data\n");
}

/* "2026-11-20 22:54:30.1234567", or the time of day where there is little room. */
static void put_time(struct sink *sink, struct encoder *encoder, const struct event *event,
                     uint32_t width)
{
    const size_t start = position(sink);
    sink_put_time(sink, encoder, event->time);
    if (sink->status != ETWAS_OK) {
        return;
    }
    char *text = sink->output->data + start;
    sink->at--; /* the Z */
    text[DATE_SIZE - 1] = ' ';
    if (width < 27) {
        memmove(text, text + DATE_SIZE, (size_t)(sink->at - text) - DATE_SIZE);
        sink->at -= DATE_SIZE;
    }
    fit_from(sink, start, width, true);
}

static void put_event(struct sink *sink, const struct event *event, uint32_t width)
{
    const struct schema *schema = event->schema;
    const size_t start = position(sink);
    if (schema->event_name[0] != 0) {
        sink_put_plain_text(sink, schema->event_name, strlen(schema->event_name));
    } else {
        sink_put_uint(sink, event->id);
    }
    fit_from(sink, start, width, true);
}

static void put_process(struct sink *sink, const struct event *event, uint32_t width)
{
    const size_t start = position(sink);
    sink_put_uint(sink, event->process_id);
    if (event->process_name != NULL) {
        SINK_PUT(sink, " ");
        sink_put_plain_text(sink, event->process_name, strlen(event->process_name));
    }
    fit_from(sink, start, width, true);
}

/* What few events have, behind what all of the kind have. */
static void put_extra(struct sink *sink, struct encoder *encoder, const struct event *event)
{
    const struct value *extra = event->extra;
    if (event->related_activity_id != NULL) {
        SINK_PUT(sink, " RelatedActivityId=");
        sink_put_guid(sink, event->related_activity_id);
    }
    for (size_t i = 0; extra != NULL && i < extra->as.object.count; i++) {
        const struct member *member = &extra->as.object.members[i];
        SINK_PUT(sink, " ");
        sink_put_plain_text(sink, member->name, strlen(member->name));
        SINK_PUT(sink, "=");
        encode_text_value(sink, encoder, &member->value);
    }
}

static void put_data(struct sink *sink, struct encoder *encoder, const struct event *event,
                     struct arena *arena)
{
    const struct schema *schema = event->schema;
    const char *message = event_message(event, NULL, arena);
    if (message != NULL) {
        sink_put_plain_text(sink, message, strlen(message));
    }
    for (uint16_t i = 0; i < schema->field_count && message == NULL; i++) {
        const struct value value = event_field(event, i, arena);
        const char *name = schema->field_name(schema, i);
        if (value.type == VALUE_ABSENT) {
            continue;
        }
        sink_put(sink, " ", i != 0);
        sink_put_plain_text(sink, name, strlen(name));
        SINK_PUT(sink, "=");
        encode_text_value(sink, encoder, &value);
    }
    put_extra(sink, encoder, event);
}

void encode_table(struct sink *sink, struct encoder *encoder, const struct event *event,
                  struct arena *arena)
{
    const struct widths widths = widths_of(encoder);
    put_time(sink, encoder, event, widths.of[0]);
    put_cell(sink, event->schema->provider, widths.of[1]);
    put_event(sink, event, widths.of[2]);
    put_process(sink, event, widths.of[3]);
    const size_t start = position(sink);
    put_data(sink, encoder, event, arena);
    fit_from(sink, start, widths.data, false);
    SINK_PUT(sink, "\n");
}
